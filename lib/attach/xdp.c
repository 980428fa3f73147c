/*
 * XDP: programs that run in an interface's driver, or in generic mode after
 * it.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>

#include "attach/net.h"
#include "attach/way.h"
#include "base/report.h"
#include "base/util.h"

static const char *const xdp_keys[] = { "mode", NULL };

static const struct {
	const char *name;
	uint32_t flag;
} xdp_modes[] = {
	{ "native", XDP_FLAGS_DRV_MODE },
	{ "skb", XDP_FLAGS_SKB_MODE },
	{ "hw", XDP_FLAGS_HW_MODE },
};

/* The flag of the mode with this name, or 0. */
static uint32_t
mode_flag(const char *name)
{
	for (size_t i = 0; i < nitems(xdp_modes); i++)
		if (strcmp(xdp_modes[i].name, name) == 0)
			return xdp_modes[i].flag;
	return 0;
}

static const char *
mode_name(uint32_t flag)
{
	for (size_t i = 0; i < nitems(xdp_modes); i++)
		if (xdp_modes[i].flag == flag)
			return xdp_modes[i].name;
	return "";
}

static struct attach_error
parse_xdp(const struct attach_where *w)
{
	const char *mode = attach_option(w, "mode");

	if (w->target[0] != '\0' && (mode == NULL || mode_flag(mode) != 0))
		return ATTACH_SUCCESS;
	return attach_invalid("expected %s", w->way->syntax);
}

/* Check the flags and options that the package lists for the program. */
static struct attach_error
prepare_xdp(const struct attach_job *j)
{
	const struct package_program *p = j->listed;
	uint32_t mode = p->flags & XDP_FLAGS_MODES;

	if ((p->flags & ~XDP_FLAGS_MASK) != 0)
		return attach_invalid("the package's flags are 0x%x, and some "
				      "of them are no XDP flags",
		    p->flags);
	if ((mode & (mode - 1)) != 0)
		return attach_invalid(
		    "the package's flags are 0x%x, but "
		    "generic (2), native (4) and hardware (8) "
		    "exclude each other",
		    p->flags);
	if (p->old_prog_fd > 0 || (p->flags & XDP_FLAGS_REPLACE) != 0)
		return attach_invalid("the package asks by %s to replace a "
				      "program, which a file cannot name",
		    p->old_prog_fd > 0 ? "xdpopts.old_prog_fd" : "flag 0x10");
	return ATTACH_SUCCESS;
}

/* The id of the program on an interface, or 0. */
static uint32_t
program_on(unsigned int index)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);

	if (bpf_xdp_query((int)index, 0, &q) != 0)
		return 0;
	if (q.prog_id != 0)
		return q.prog_id;
	if (q.drv_prog_id != 0)
		return q.drv_prog_id;
	return q.skb_prog_id != 0 ? q.skb_prog_id : q.hw_prog_id;
}

static struct attach_error
explain_xdp(const struct attach_job *j, const struct net_interface *to,
    uint32_t mode, int error)
{
	bool occupied = error == EBUSY || error == EEXIST;
	uint32_t id = occupied ? program_on(to->index) : 0;
	char program[ATTACH_PROGRAM_TEXT];

	if (id != 0)
		return attach_invalid("%s has an XDP program already (%s); "
				      "nothing was changed",
		    to->name, attach_net_program(id, program));
	if (error == EOPNOTSUPP && mode != XDP_FLAGS_SKB_MODE)
		return attach_invalid("%s does not support mode %s; try "
				      "generic mode with -a %s=xdp:%s,mode=skb",
		    to->name, mode_name(mode), j->listed->name, to->name);
	return attach_errno(error);
}

/* Whether the driver may be the reason of a failure, so that generic mode could
 * work. */
static bool
is_driver_error(int error)
{
	return error == EOPNOTSUPP || error == EINVAL || error == ERANGE ||
	       error == ENOSPC || error == E2BIG;
}

/* Create the link in *mode, or, where that is 0, in native mode and else in
 * generic mode, and set *mode.  Returns the link, or -1 with errno set. */
static int
create_xdp_link(
    const struct attach_job *j, const struct net_interface *to, uint32_t *mode)
{
	int program = bpf_program__fd(j->program), interface = (int)to->index;
	LIBBPF_OPTS(bpf_link_create_opts, opts,
	    .flags = *mode != 0 ? *mode : XDP_FLAGS_DRV_MODE);
	int fd = bpf_link_create(program, interface, BPF_XDP, &opts);

	if (fd < 0 && *mode == 0 && is_driver_error(errno)) {
		opts.flags = XDP_FLAGS_SKB_MODE;
		fd = bpf_link_create(program, interface, BPF_XDP, &opts);
		if (fd >= 0)
			report_notice("program %s: the driver of %s does not "
				      "support it; it runs in generic mode, "
				      "which is slower",
			    j->listed->name, to->name);
	}
	*mode = opts.flags;
	return fd;
}

static struct attach_error
attach_xdp(const struct attach_job *j, struct attachment *a)
{
	const struct package_program *p = j->listed;
	const char *mode_text = attach_option(j->where, "mode");
	uint32_t mode = mode_text != NULL ? mode_flag(mode_text)
					  : p->flags & XDP_FLAGS_MODES;
	struct net_interface to;
	struct attach_error e;
	int fd;

	e = attach_net_interface(j, j->where != NULL ? j->where->target : NULL,
	    p->ifindex, p->has_ifindex, &to);
	if (e.failure != ATTACH_OK)
		return e;
	fd = create_xdp_link(j, &to, &mode);
	if (fd < 0)
		return explain_xdp(j, &to, mode, errno);
	report_info("program %s: XDP on %s, mode %s", p->name, to.name,
	    mode_name(mode));
	return attach_hold_fd(a, fd);
}

const struct attach_way attach_way_xdp = {
	.name = "xdp",
	.syntax = "xdp:INTERFACE[,mode=native|skb|hw]",
	.keys = xdp_keys,
	.parse = parse_xdp,
	.prepare = prepare_xdp,
	.attach = attach_xdp,
};
