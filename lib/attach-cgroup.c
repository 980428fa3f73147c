#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "attach-net.h"
#include "report.h"

/* Report that this is no cgroup of version 2, and where those are. */
static void
report_foreign(const struct attach_job *j)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	const struct mntent *m = NULL;

	while (mounts != NULL && (m = getmntent(mounts)) != NULL &&
	       strcmp(m->mnt_type, "cgroup2") != 0)
		;
	report_error("program %s: %s: not a cgroup of version 2; %s%s",
	    j->listed->name, j->where->target,
	    m != NULL ? "those are directories of " : "none is mounted",
	    m != NULL ? m->mnt_dir : "");
	if (mounts != NULL)
		endmntent(mounts);
}

/* Whether the cgroup has a program of the sort that lets no other in, as
 * programs attached without BPF_F_ALLOW_MULTI do; reports it then. */
static bool
is_taken(const struct attach_job *j, int fd)
{
	enum bpf_attach_type type =
	    bpf_program__expected_attach_type(j->program);
	char named[ATTACH_NAMED_MAX];
	uint32_t id = 0, n = 1, flags = 0;

	if (bpf_prog_query(fd, type, BPF_F_QUERY_EFFECTIVE, NULL, &id, &n) !=
		0 ||
	    n == 0 ||
	    (bpf_prog_query(fd, type, 0, &flags, NULL, &(uint32_t){ 0 }) == 0 &&
		(flags & BPF_F_ALLOW_MULTI) != 0))
		return false;
	report_error("program %s: %s: a program there or above it lets no "
		     "other in (%s); it was left as it is",
	    j->listed->name, j->where->target, attach_named(id, named));
	return true;
}

/* Returns -1, with errno 0 when the reason was reported. */
static int
refuse(const struct attach_job *j, int fd, int error)
{
	errno = 0;
	if (error == EPERM && is_taken(j, fd))
		return -1;
	errno = error;
	return -1;
}

static int
attach_cgroup(const struct attach_job *j, struct attachment *a)
{
	int fd = open(j->where->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;
	int error, ret = -1;

	if (fd == -1)
		return -1;
	if (fstatfs(fd, &fs) == 0 && fs.f_type != CGROUP2_SUPER_MAGIC) {
		report_foreign(j);
		errno = 0;
	} else {
		ret = attach_hold_link(
		    a, bpf_program__attach_cgroup(j->program, fd));
		if (ret == -1)
			refuse(j, fd, errno);
	}
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
