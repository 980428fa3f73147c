#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/report.h"
#include "host/mount.h"

struct fs {
	const char *name; /* in reports */
	const char *type; /* for mount(2) */
	const char *dir;
	const char *data;
	long magic;
};

static const struct fs bpffs = { "bpffs", "bpf", "/sys/fs/bpf", "mode=0700",
	BPF_FS_MAGIC };
static const struct fs tracefs = { "tracefs", "tracefs", "/sys/kernel/tracing",
	NULL, TRACEFS_MAGIC };

static bool
is_on(const char *dir, long magic)
{
	struct statfs st;

	return statfs(dir, &st) == 0 && (long)st.f_type == magic;
}

/*
 * Mount fs at its place.  The lock on the directory below keeps two of us from
 * mounting one over the other, which would hide the first one's pins.
 */
static int
mount_fs(const struct fs *fs)
{
	int fd = open(fs->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret = -1;

	if (fd == -1) {
		if (errno == EACCES)
			report_error("%s: %s; run as root, or with "
				     "CAP_DAC_OVERRIDE too",
			    fs->dir, strerror(errno));
		else
			report_error("%s: %s: this kernel has no %s", fs->dir,
			    strerror(errno), fs->name);
		return -1;
	}
	if (flock(fd, LOCK_EX) == 0 && is_on(fs->dir, fs->magic)) {
		ret = 0;
	} else if (mount(fs->type, fs->dir, fs->type,
		       MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RELATIME,
		       fs->data) == 0) {
		report_notice("mounted %s on %s", fs->name, fs->dir);
		ret = 0;
	} else {
		report_error("%s is not mounted on %s and mounting it failed: "
			     "%s; as root: mount -t %s %s %s",
		    fs->name, fs->dir, strerror(errno), fs->type, fs->type,
		    fs->dir);
	}
	close(fd);
	return ret;
}

/* Whether dir is top or lies below it. */
static bool
is_below(const char *dir, const char *top)
{
	size_t n = strlen(top);

	return strncmp(dir, top, n) == 0 && (dir[n] == '\0' || dir[n] == '/');
}

/* Whether dir, or the nearest of its parents that is there, is on a bpffs. */
static bool
is_on_bpffs(const char *dir)
{
	char *path = strdup(dir), *slash;
	bool on = false;

	while (path != NULL && eaccess(path, F_OK) == -1 && errno == ENOENT &&
	       (slash = strrchr(path, '/')) != NULL && slash != path)
		*slash = '\0';
	if (path != NULL)
		on = is_on(path, bpffs.magic);
	free(path);
	return on;
}

int
mount_bpffs(const char *dir)
{
	if (is_on_bpffs(dir))
		return 0;
	if (is_below(dir, bpffs.dir))
		return mount_fs(&bpffs);
	report_error(
	    "%s: not on a bpffs; take a directory below %s", dir, bpffs.dir);
	return -1;
}

/* Whether this process may look into it, which root alone may by default. */
static int
check_readable(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1) {
		report_error("%s: %s; run as root, or with "
			     "CAP_DAC_READ_SEARCH too",
		    dir, strerror(errno));
		return -1;
	}
	close(fd);
	return 0;
}

int
mount_tracefs(void)
{
	/* libbpf looks below debugfs first; asking mounts it there where
	 * debugfs is. */
	if (is_on("/sys/kernel/debug/tracing", tracefs.magic))
		return check_readable("/sys/kernel/debug/tracing");
	if (is_on(tracefs.dir, tracefs.magic))
		return check_readable(tracefs.dir);
	return mount_fs(&tracefs);
}
