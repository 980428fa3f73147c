#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/landlock.h"

/* How many access rights each version of the interface has, for files and for
 * TCP, and how many scopes.  Debian's headers do not have all of them. */
static const struct {
	unsigned char files, tcp, scopes;
} landlock_versions[] = {
	{ 0, 0, 0 }, { 13, 0, 0 },
	{ 14, 0, 0 }, /* Linux 5.19: links between directories */
	{ 15, 0, 0 }, /* 6.2: truncate */
	{ 15, 2, 0 }, /* 6.7: bind, connect */
	{ 16, 2, 0 }, /* 6.10: ioctls of devices */
	{ 16, 2, 2 }, /* 6.12: abstract sockets, signals */
};

enum { NEWEST = sizeof(landlock_versions) / sizeof(landlock_versions[0]) - 1 };

/* struct landlock_ruleset_attr of Linux 6.12.  An older kernel ignores members
 * that it does not know if they are 0. */
struct landlock_ruleset {
	uint64_t files, tcp, scopes;
};

static uint64_t
first_bits(unsigned int n)
{
	return (UINT64_C(1) << n) - 1;
}

/* Allow the rights on path and, if it is a directory, on everything below.  A
 * path that does not exist is skipped.  Returns 0, or -1 with errno set. */
static int
allow_path(int ruleset, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights };
	int ret, error;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd == -1)
		return errno == ENOENT ? 0 : -1;
	ret = (int)syscall(SYS_landlock_add_rule, ruleset,
	    LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	error = errno;
	close(rule.parent_fd);
	errno = error;
	return ret;
}

/* Fills r with everything that this kernel's version of the interface can
 * forbid.  Returns 0, or -1 with errno set. */
static int
forbid_all(struct landlock_ruleset *r)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	if (version < 0)
		return -1;
	if (version > NEWEST)
		version = NEWEST;
	*r = (struct landlock_ruleset){
		.files = first_bits(landlock_versions[version].files),
		.tcp = first_bits(landlock_versions[version].tcp),
		.scopes = first_bits(landlock_versions[version].scopes),
	};
	return 0;
}

/* Enters the ruleset and closes it.  Returns 0, or -1 with errno set. */
static int
enter(int ruleset)
{
	int ret = (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
	int error = errno;

	close(ruleset);
	errno = error;
	return ret;
}

/* Allow making, writing and removing regular files below a directory.  Returns
 * 0, or -1 with errno set. */
static int
allow_making(int ruleset, int dir)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = LANDLOCK_ACCESS_FS_MAKE_REG |
				  LANDLOCK_ACCESS_FS_WRITE_FILE |
				  LANDLOCK_ACCESS_FS_REMOVE_FILE,
		.parent_fd = dir,
	};

	return (int)syscall(SYS_landlock_add_rule, ruleset,
	    LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

int
landlock_confine(bool opens, int dir)
{
	struct landlock_ruleset r;
	int fd, error;

	if (forbid_all(&r) == -1)
		return -1;
	fd = (int)syscall(SYS_landlock_create_ruleset, &r, sizeof(r), 0);
	if (fd == -1)
		return -1;
	/* jansson reads the seed of its hashes from /dev/urandom. */
	if (allow_path(fd, opens ? "/" : "/dev/urandom",
		LANDLOCK_ACCESS_FS_READ_FILE |
		    (opens ? LANDLOCK_ACCESS_FS_READ_DIR : 0)) == 0 &&
	    (dir == -1 || allow_making(fd, dir) == 0))
		return enter(fd);
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

int
landlock_confine_changes(void)
{
	struct landlock_ruleset r;
	int fd;

	if (forbid_all(&r) == -1)
		return -1;
	r.files &= ~(uint64_t)(LANDLOCK_ACCESS_FS_READ_FILE |
			       LANDLOCK_ACCESS_FS_READ_DIR);
	fd = (int)syscall(SYS_landlock_create_ruleset, &r, sizeof(r), 0);
	return fd == -1 ? -1 : enter(fd);
}
