#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/util.h"
#include "host/open-in-root.h"

/* Not in <linux/magic.h>. */
#define CONFIGFS_MAGIC 0x62656570
#define FUSECTL_MAGIC 0x65735543
#define MQUEUE_MAGIC 0x19800202

int
open_in_root_dir(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/root", (long)pid);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Whether the file system is one of the kernel's own, whose regular files are
 * no files: reading may have effects, or never end. */
static bool
is_kernel_fs(int fd)
{
	static const unsigned long kinds[] = { PROC_SUPER_MAGIC, SYSFS_MAGIC,
		TRACEFS_MAGIC, DEBUGFS_MAGIC, SECURITYFS_MAGIC, BPF_FS_MAGIC,
		CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, SELINUX_MAGIC,
		SMACK_MAGIC, AAFS_MAGIC, PSTOREFS_MAGIC, EFIVARFS_MAGIC,
		CONFIGFS_MAGIC, BINFMTFS_MAGIC, RDTGROUP_SUPER_MAGIC,
		NSFS_MAGIC, FUSECTL_MAGIC, MQUEUE_MAGIC, DEVMEM_MAGIC };
	struct statfs s;

	if (fstatfs(fd, &s) == -1)
		return true;
	for (size_t i = 0; i < nitems(kinds); i++)
		if ((unsigned long)s.f_type == kinds[i])
			return true;
	return false;
}

/* Close the O_PATH descriptor and fail with EINVAL unless it is of a regular
 * file.  Returns it, or -1. */
static int
require_regular(int fd)
{
	struct stat st;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && !is_kernel_fs(fd))
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}

/* Open the file of an O_PATH descriptor, which may be -1, for reading, and
 * close that. */
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
open_in_root_again(int fd)
{
	int copy = require_regular(fcntl(fd, F_DUPFD_CLOEXEC, 0));

	return open_regular(copy);
}

static int
open_resolved(int root, const char *path, uint64_t resolve)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = resolve,
	};

	return require_regular(
	    (int)syscall(SYS_openat2, root, path, &how, sizeof(how)));
}

int
open_in_root_path(int root, const char *path)
{
	return open_resolved(
	    root, path, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
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
open_in_root_plain(int root, const char *path)
{
	return open_regular(
	    open_resolved(root, path, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS));
}

int
open_in_root_own(const char *path)
{
	return open_regular(open_in_root_own_path(path));
}
