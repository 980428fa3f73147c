#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/way.h"

#define OWN "/proc/self/ns/net"

/* The file of the namespace: a path, the name that ip-netns(8) gave it, or the
 * number of a process in it.  A string to free, or NULL. */
static char *
find_path(const char *target)
{
	const char *format = "/run/netns/%s";
	char *path;

	if (strchr(target, '/') != NULL)
		format = "%s";
	else if (target[strspn(target, "0123456789")] == '\0')
		format = "/proc/%s/ns/net";
	return asprintf(&path, format, target) != -1 ? path : NULL;
}

/* What the kernel means by the error.  Returns -1. */
static int
refuse(const struct attach_job *j, int error)
{
	const char *kind = j->kind->name;

	if (error == E2BIG || error == EEXIST)
		return attach_refuse(j,
		    "the network namespace has as many %s programs as it can, "
		    "or one for all namespaces; it was left as it is",
		    kind);
	if (error == EINVAL)
		return attach_refuse(j,
		    "that is no network namespace, or this kernel attaches no "
		    "%s programs to one",
		    kind);
	errno = error;
	return -1;
}

static int
attach(const struct attach_job *j, struct attachment *a)
{
	char *path = find_path(j->where != NULL ? j->where->target : OWN);
	int fd, ret, error;

	if (path == NULL)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	free(path);
	if (fd == -1)
		return -1;
	ret = attach_hold_link(a, bpf_program__attach_netns(j->program, fd));
	error = errno;
	close(fd);
	return ret == 0 ? 0 : refuse(j, error);
}

const struct way way_netns = {
	.name = "netns",
	.syntax = "netns:PATH|NAME|PID",
	.attach = attach,
};
