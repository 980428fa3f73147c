#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/report.h"
#include "host/notify.h"

#define VARIABLE "NOTIFY_SOCKET"

/* Returns a socket that is connected to the path, in which "@" stands for the
 * NUL of an abstract name; or -1 with errno set. */
static int
connect_notify(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd, error;

	if ((path[0] != '/' && path[0] != '@') || len >= sizeof(to.sun_path)) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	memcpy(to.sun_path, path, len);
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd != -1 && connect(fd, (struct sockaddr *)&to,
			    (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
					len)) == -1) {
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

int
notify_open(void)
{
	const char *path = getenv(VARIABLE);
	int fd;

	if (path == NULL || path[0] == '\0')
		return -1;
	if ((fd = connect_notify(path)) == -1)
		report_notice(VARIABLE ": %s: %s", path, strerror(errno));
	unsetenv(VARIABLE);
	return fd;
}

void
notify_ready(int fd)
{
	static const char ready[] = "READY=1";

	if (fd == -1)
		return;
	if (send(fd, ready, sizeof(ready) - 1, MSG_NOSIGNAL) == -1)
		report_notice(VARIABLE ": %s", strerror(errno));
	close(fd);
}
