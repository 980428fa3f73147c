#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/open-in-root.h"

int
open_in_root_dir(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/root", (long)pid);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Open the file of an O_PATH descriptor for reading, and close that.
 * Nothing has been opened until its type is known. */
static int
open_regular(int fd)
{
	char path[64];
	struct stat st;
	int got = -1;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		errno = EINVAL;
		if (S_ISREG(st.st_mode))
			got = open(
			    path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	}
	close(fd);
	return got;
}

int
open_in_root(int root, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return open_regular(
	    (int)syscall(SYS_openat2, root, path, &how, sizeof(how)));
}

int
open_in_root_own(const char *path)
{
	return open_regular(open(path, O_PATH | O_CLOEXEC));
}
