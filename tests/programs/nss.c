/*
 * A service for /etc/nsswitch.conf, libnss_skeltest.so.2: knows the user
 * 434343, and never answers for the user 434344.
 */
#include <errno.h>
#include <nss.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

enum nss_status _nss_skeltest_getpwuid_r(
    uid_t uid, struct passwd *p, char *text, size_t size, int *error);

enum nss_status
_nss_skeltest_getpwuid_r(
    uid_t uid, struct passwd *p, char *text, size_t size, int *error)
{
	static const char name[] = "of-service";

	if (uid == 434344)
		for (;;)
			pause();
	if (uid != 434343 || size < sizeof(name)) {
		*error = ENOENT;
		return NSS_STATUS_NOTFOUND;
	}
	memcpy(text, name, sizeof(name));
	memset(p, 0, sizeof(*p));
	p->pw_uid = p->pw_gid = uid;
	p->pw_name = text;
	/* All of them end with the name. */
	p->pw_passwd = p->pw_gecos = p->pw_dir = p->pw_shell =
	    text + sizeof(name) - 1;
	return NSS_STATUS_SUCCESS;
}
