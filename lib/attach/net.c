#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/net.h"
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
