/*
 * Network namespaces: programs of sk_lookup and flow_dissector.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/way.h"

#define OWN_NETNS "/proc/self/ns/net"

/* The file of the namespace.  The target is its path, the name that
 * ip-netns(8) gave it, or the number of a process in it.  Returns a string to
 * free, or NULL. */
static char *
netns_path(const char *target)
{
	const char *format = "/run/netns/%s";
	char *path;

	if (strchr(target, '/') != NULL)
		format = "%s";
	else if (target[strspn(target, "0123456789")] == '\0')
		format = "/proc/%s/ns/net";
	return asprintf(&path, format, target) != -1 ? path : NULL;
}

static struct attach_error
attach_netns(const struct attach_job *j, struct attachment *a)
{
	char *path =
	    netns_path(j->where != NULL ? j->where->target : OWN_NETNS);
	const char *kind = j->kind->name;
	struct attach_error e;
	int fd;

	if (path == NULL)
		return attach_errno(ENOMEM);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	free(path);
	if (fd == -1)
		return attach_errno(errno);
	e = attach_hold_link(a, bpf_program__attach_netns(j->program, fd));
	close(fd);
	if (e.error == E2BIG || e.error == EEXIST)
		return attach_invalid("the network namespace cannot hold "
				      "another %s program, or has one that "
				      "holds for all namespaces; nothing was "
				      "changed",
		    kind);
	if (e.error == EINVAL)
		return attach_invalid("this is not a network namespace, or "
				      "this kernel attaches no %s programs to "
				      "one",
		    kind);
	return e;
}

const struct attach_way attach_way_netns = {
	.name = "netns",
	.syntax = "netns:PATH|NAME|PID",
	.attach = attach_netns,
};
