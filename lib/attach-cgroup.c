#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "attach-way.h"

static int
attach_cgroup(const struct attach_job *j, struct attachment *a)
{
	const char *path = j->where->target;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error, ret;

	if (fd == -1)
		return -1;
	ret = attach_hold_link(a, bpf_program__attach_cgroup(j->program, fd));
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
