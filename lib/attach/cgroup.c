#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "attach/net.h"

/* Say that this is no cgroup of version 2, and where those are.  Returns -1. */
static int
refuse_foreign(const struct attach_job *j)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	const struct mntent *m = NULL;

	while (mounts != NULL && (m = getmntent(mounts)) != NULL &&
	       strcmp(m->mnt_type, "cgroup2") != 0)
		;
	attach_refuse(j, "not a cgroup of version 2; %s%s",
	    m != NULL ? "those are directories of " : "none is mounted",
	    m != NULL ? m->mnt_dir : "");
	if (mounts != NULL)
		endmntent(mounts);
	errno = 0;
	return -1;
}

/* The program that lets no other in, as those do that were attached without
 * BPF_F_ALLOW_MULTI, to this cgroup or one above it; 0 if there is none. */
static uint32_t
find_exclusive(const struct attach_job *j, int fd)
{
	enum bpf_attach_type type =
	    bpf_program__expected_attach_type(j->program);
	uint32_t id = 0, n = 1, none = 0, flags = 0;

	if (bpf_prog_query(fd, type, 0, &flags, NULL, &none) == 0 &&
	    (flags & BPF_F_ALLOW_MULTI) != 0)
		return 0;
	/* ENOSPC: there are more, and this is the first. */
	if (bpf_prog_query(fd, type, BPF_F_QUERY_EFFECTIVE, NULL, &id, &n) !=
		0 &&
	    errno != ENOSPC)
		return 0;
	return id;
}

/* Returns -1, with errno 0 when the reason was reported. */
static int
refuse(const struct attach_job *j, int fd, int error)
{
	uint32_t id = error == EPERM ? find_exclusive(j, fd) : 0;
	char named[ATTACH_NAMED_MAX];

	if (id != 0)
		return attach_refuse(j,
		    "a program there or above it lets no other in (%s); it was "
		    "left as it is",
		    attach_named(id, named));
	errno = error;
	return -1;
}

static int
attach_to(const struct attach_job *j, struct attachment *a, int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) == 0 && fs.f_type != CGROUP2_SUPER_MAGIC)
		return refuse_foreign(j);
	if (attach_hold_link(a, bpf_program__attach_cgroup(j->program, fd)) ==
	    0)
		return 0;
	return refuse(j, fd, errno);
}

static int
attach_cgroup(const struct attach_job *j, struct attachment *a)
{
	int fd = open(j->where->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error, ret;

	if (fd == -1)
		return -1;
	ret = attach_to(j, a, fd);
	error = errno;
	close(fd);
	errno = error;
	return ret;
}

const struct way way_cgroup = {
	.name = "cgroup",
	.syntax = "cgroup:PATH",
	.needs_where = true,
	.attach = attach_cgroup,
};
