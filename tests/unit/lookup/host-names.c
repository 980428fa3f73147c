/* lib/lookup/host-names: each kind is asked where it is known, and what happens
 * while it waits is noted. */
#include <grp.h>
#include <net/if.h>
#include <pwd.h>
#include <unistd.h>

#include "check.h"
#include "lookup/host-names.h"
#include "lookup/message.h"

static struct host_names *h;

static const char *
name(enum kind kind, uint64_t id)
{
	const char *s = host_names_find(h, kind, id);

	return s != NULL ? s : "(none)";
}

int
main(void)
{
	const struct passwd *user = getpwuid(0);
	const struct group *group = getgrgid(0);
	char link[IF_NAMESIZE];
	int ends[2];

	h = host_names_open(-1);
	if (h == NULL || user == NULL || group == NULL || pipe(ends) == -1)
		return 1;
	CHECK_STR(name(KIND_UID, 0), user->pw_name);
	CHECK_STR(name(KIND_GID, 0), group->gr_name);
	CHECK_STR(name(KIND_UID, UINT64_MAX), "(none)");
	if (if_indextoname(1, link) != NULL)
		CHECK_STR(name(KIND_IFINDEX, 1), link);
	/* Of the root of the hierarchy, where there is one. */
	if (access("/sys/fs/cgroup/unified", F_OK) == 0)
		CHECK_STR(name(KIND_CGROUP, 1), "/");
	CHECK_STR(name(KIND_CONTAINER, 1), "(none)");
	for (int kind = 0; kind < KIND_COUNT; kind++)
		if (!lookup_is_host_kind((uint64_t)kind))
			CHECK_STR(name((enum kind)kind, 0), "(none)");
	/* It waits for no more than it is to. */
	CHECK_NUM(write(ends[1], "x", 1), 1);
	host_names_wait(h, ends[0]);
	close(ends[1]);
	host_names_wait(h, ends[0]);
	host_names_close(h);
	host_names_close(NULL);
	return check_done();
}
