#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "attach/net.h"
#include "attach/way.h"
#include "base/buf.h"
#include "base/report.h"

static struct attach_error
unknown_interface(const char *text)
{
	struct if_nameindex *all = if_nameindex();
	struct buf names = { 0 };
	struct attach_error e;

	if (all == NULL)
		return attach_errno(errno);
	for (size_t i = 0; all[i].if_index != 0; i++)
		buf_list(&names, 0, all[i].if_name);
	e = attach_invalid("there is no interface %s; there are: %.*s", text,
	    (int)names.len, names.len > 0 ? names.data : "");
	buf_free(&names);
	if_freenameindex(all);
	return e;
}

/* Find an interface by name, else by number. */
static bool
find_interface(const char *text, struct net_interface *out)
{
	unsigned long n;
	char *end;

	out->index = if_nametoindex(text);
	if (out->index == 0) {
		errno = 0;
		n = strtoul(text, &end, 10);
		if (*text == '\0' || text[strspn(text, "0123456789")] != '\0' ||
		    errno != 0 || n > INT32_MAX)
			return false;
		out->index = (unsigned int)n;
	}
	return if_indextoname(out->index, out->name) != NULL;
}

struct attach_error
attach_net_interface(const struct attach_job *j, const char *text,
    uint32_t index, bool listed, struct net_interface *out)
{
	char number[12];

	snprintf(number, sizeof(number), "%u", index);
	if (!find_interface(text != NULL ? text : number, out))
		return unknown_interface(text != NULL ? text : number);
	if (text == NULL && !listed)
		report_notice("program %s: the package names no interface; "
			      "attaching to number %u, %s; choose one with -a",
		    j->listed->name, out->index, out->name);
	return ATTACH_SUCCESS;
}

const char *
attach_net_program(uint32_t id, char text[ATTACH_PROGRAM_TEXT])
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 &&
	    info.name[0] != '\0')
		snprintf(text, ATTACH_PROGRAM_TEXT, "program %u, %.*s", id,
		    (int)sizeof(info.name), info.name);
	else
		snprintf(text, ATTACH_PROGRAM_TEXT, "program %u", id);
	if (fd >= 0)
		close(fd);
	return text;
}

/*
 * Network namespaces: programs of sk_lookup and flow_dissector.
 */
#define OWN_NETNS "/proc/self/ns/net"

static bool
is_number(const char *target)
{
	return target[strspn(target, "0123456789")] == '\0';
}

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
	else if (is_number(target))
		format = "/proc/%s/ns/net";
	return asprintf(&path, format, target) != -1 ? path : NULL;
}

static struct attach_error
attach_netns(const struct attach_job *j, struct attachment *a)
{
	const char *target = j->where != NULL ? j->where->target : OWN_NETNS;
	char *path = netns_path(target);
	const char *kind = j->kind->name;
	struct attach_error e;
	int fd;

	if (path == NULL)
		return attach_errno(ENOMEM);
	/* A FIFO is no namespace, but would be waited for. */
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	free(path);
	if (fd == -1 && errno == ENOENT && is_number(target))
		return attach_invalid("there is no process %s", target);
	if (fd == -1)
		return attach_errno(errno);
	if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET) {
		close(fd);
		return attach_invalid("this is not a network namespace");
	}
	e = attach_hold_link(a, bpf_program__attach_netns(j->program, fd));
	close(fd);
	if (e.error == E2BIG || e.error == EEXIST)
		return attach_invalid("the network namespace cannot hold "
				      "another %s program, or has one that "
				      "holds for all namespaces; nothing was "
				      "changed",
		    kind);
	if (e.error == EINVAL)
		return attach_invalid("this kernel attaches no %s programs to "
				      "a network namespace",
		    kind);
	return e;
}

const struct attach_way attach_way_netns = {
	.name = "netns",
	.syntax = "netns:PATH|NAME|PID",
	.attach = attach_netns,
};
