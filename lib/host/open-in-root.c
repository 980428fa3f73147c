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

/* Close the O_PATH descriptor and fail with EINVAL unless it is of a regular
 * file.  Returns it, or -1. */
static int
require_regular(int fd)
{
	struct stat st;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}

/* Open the file of an O_PATH descriptor for reading, and close that. */
static int
open_regular(int fd)
{
	char path[64];
	int got, error;

	if (fd == -1)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	got = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	error = errno;
	close(fd);
	errno = error;
	return got;
}

int
open_in_root_path(int root, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return require_regular(
	    (int)syscall(SYS_openat2, root, path, &how, sizeof(how)));
}

int
open_in_root_own_path(const char *path)
{
	return require_regular(open(path, O_PATH | O_CLOEXEC));
}

int
open_in_root(int root, const char *path)
{
	return open_regular(open_in_root_path(root, path));
}

int
open_in_root_own(const char *path)
{
	return open_regular(open_in_root_own_path(path));
}
