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
#include "base/signals.h"
#include "host/mount.h"

struct filesystem {
	const char *name; /* for messages */
	const char *type; /* for mount(2) */
	const char *dir;
	const char *data;
	long magic;
};

static const struct filesystem bpffs = { "bpffs", "bpf", "/sys/fs/bpf",
	"mode=0700", BPF_FS_MAGIC };
static const struct filesystem tracefs = { "tracefs", "tracefs",
	"/sys/kernel/tracing", NULL, TRACEFS_MAGIC };

static bool
is_on(const char *dir, long magic)
{
	struct statfs st;

	return statfs(dir, &st) == 0 && (long)st.f_type == magic;
}

/*
 * Mount fs on its directory.  The lock on the directory prevents two processes
 * from mounting it twice: the second mount would hide the pins in the first.
 */
static int
mount_filesystem(const struct filesystem *fs)
{
	int fd = open(fs->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret = -1;

	if (fd == -1) {
		if (errno == EACCES)
			report_error("%s: %s; run as root, or add "
				     "CAP_DAC_OVERRIDE",
			    fs->dir, strerror(errno));
		else
			report_error("%s: %s: this kernel has no %s", fs->dir,
			    strerror(errno), fs->name);
		return -1;
	}
	while ((ret = flock(fd, LOCK_EX)) == -1 && errno == EINTR &&
	       !signals_stop())
		;
	if (ret == -1) {
		report_error("%s: %s", fs->dir, strerror(errno));
	} else if (is_on(fs->dir, fs->magic)) {
		ret = 0;
	} else if (mount(fs->type, fs->dir, fs->type,
		       MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RELATIME,
		       fs->data) == 0) {
		report_notice("mounted %s on %s", fs->name, fs->dir);
		ret = 0;
	} else {
		ret = -1;
		report_error("%s is not mounted on %s and cannot be mounted: "
			     "%s; run as root: mount -t %s %s %s",
		    fs->name, fs->dir, strerror(errno), fs->type, fs->type,
		    fs->dir);
	}
	close(fd);
	return ret;
}

/* Whether dir, or the nearest of its parents that exists, is on a bpffs. */
static bool
leads_to_bpffs(const char *dir)
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
	size_t n = strlen(bpffs.dir);

	if (leads_to_bpffs(dir))
		return 0;
	if (strncmp(dir, bpffs.dir, n) == 0 &&
	    (dir[n] == '\0' || dir[n] == '/'))
		return mount_filesystem(&bpffs);
	report_error(
	    "%s: not on a bpffs; use a directory below %s", dir, bpffs.dir);
	return -1;
}

/* By default only root can read tracefs. */
static int
check_tracefs(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1) {
		report_error("%s: %s; run as root, or add "
			     "CAP_DAC_READ_SEARCH",
		    dir, strerror(errno));
		return -1;
	}
	close(fd);
	return 0;
}

int
mount_tracefs(void)
{
	/* libbpf looks below debugfs first.  Looking there mounts tracefs if
	 * debugfs is mounted. */
	if (is_on("/sys/kernel/debug/tracing", tracefs.magic))
		return check_tracefs("/sys/kernel/debug/tracing");
	if (is_on(tracefs.dir, tracefs.magic))
		return check_tracefs(tracefs.dir);
	return mount_filesystem(&tracefs);
}
