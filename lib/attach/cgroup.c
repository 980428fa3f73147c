/*
 * Cgroups: programs that run for the processes of a cgroup of version 2.
 */
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
#include "attach/way.h"

/* The error for a directory that is not a cgroup of version 2. */
static struct attach_error
not_cgroup2(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	const struct mntent *m = NULL;
	struct attach_error e;

	while (mounts != NULL && (m = getmntent(mounts)) != NULL &&
	       strcmp(m->mnt_type, "cgroup2") != 0)
		;
	if (m != NULL)
		e = attach_invalid("not a cgroup of version 2; give a "
				   "directory of %s",
		    m->mnt_dir);
	else
		e = attach_invalid(
		    "not a cgroup of version 2; none is mounted");
	if (mounts != NULL)
		endmntent(mounts);
	return e;
}

/*
 * Find the program that keeps others out of this cgroup because it was
 * attached, there or above, without BPF_F_ALLOW_MULTI.  Returns its id, or 0.
 */
static uint32_t
find_exclusive(const struct attach_job *j, int fd)
{
	enum bpf_attach_type type =
	    bpf_program__expected_attach_type(j->program);
	uint32_t id = 0, n = 1, none = 0, flags = 0;

	if (bpf_prog_query(fd, type, 0, &flags, NULL, &none) == 0 &&
	    (flags & BPF_F_ALLOW_MULTI) != 0)
		return 0;
	/* ENOSPC means that there are more, and this is the first. */
	if (bpf_prog_query(fd, type, BPF_F_QUERY_EFFECTIVE, NULL, &id, &n) !=
		0 &&
	    errno != ENOSPC)
		return 0;
	return id;
}

static struct attach_error
attach_to_directory(const struct attach_job *j, struct attachment *a, int fd)
{
	char program[ATTACH_PROGRAM_TEXT];
	struct attach_error e;
	struct statfs fs;
	uint32_t id;

	if (fstatfs(fd, &fs) == 0 && fs.f_type != CGROUP2_SUPER_MAGIC)
		return not_cgroup2();
	e = attach_hold_link(a, bpf_program__attach_cgroup(j->program, fd));
	if (e.error != EPERM || (id = find_exclusive(j, fd)) == 0)
		return e;
	return attach_invalid("a program of this cgroup or one above it "
			      "excludes others (%s); nothing was changed",
	    attach_net_program(id, program));
}

static struct attach_error
attach_cgroup(const struct attach_job *j, struct attachment *a)
{
	int fd = open(j->where->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct attach_error e;

	if (fd == -1 && errno == ENOTDIR)
		return not_cgroup2();
	if (fd == -1)
		return attach_errno(errno);
	e = attach_to_directory(j, a, fd);
	close(fd);
	return e;
}

const struct attach_way attach_way_cgroup = {
	.name = "cgroup",
	.syntax = "cgroup:PATH",
	.needs_where = true,
	.attach = attach_cgroup,
};
