/*
 * tc: programs that run for the packets of an interface, by a link (tcx) or as
 * a filter of a clsact qdisc; and netkit, where they are a pair of interfaces'
 * own, by a link too.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach/net.h"
#include "attach/way.h"
#include "base/report.h"

static const char *const tc_keys[] = { "prio", "handle", NULL };

struct tc_place {
	struct net_interface interface;
	bool egress;
	uint64_t handle, priority; /* of a filter */
};

/* A filter that was added. */
struct tc_filter {
	struct bpf_tc_hook hook;
	uint32_t handle, priority, program_id;
};

static const char *
side_name(bool egress)
{
	return egress ? "egress" : "ingress";
}

/* The side after "INTERFACE/", or NULL.  *len becomes the length of the
 * interface's name. */
static const char *
target_side(const char *target, size_t *len)
{
	const char *slash = strchr(target, '/');

	*len = slash != NULL ? (size_t)(slash - target) : strlen(target);
	return slash != NULL ? slash + 1 : NULL;
}

/* Set *handle and *prio where the options are given. */
static struct attach_error
parse_filter(const struct attach_where *w, uint64_t *handle, uint64_t *prio)
{
	struct attach_error e =
	    attach_option_number(w, "prio", 0, UINT16_MAX, prio);

	if (e.failure != ATTACH_OK)
		return e;
	return attach_option_number(w, "handle", 0, UINT32_MAX, handle);
}

static struct attach_error
parse_tc(const struct attach_where *w)
{
	size_t len;
	const char *side = target_side(w->target, &len);
	uint64_t handle, prio;

	if (len == 0 || len >= IF_NAMESIZE ||
	    (side != NULL && strcmp(side, "ingress") != 0 &&
		strcmp(side, "egress") != 0))
		return attach_invalid("expected %s", w->way->syntax);
	return parse_filter(w, &handle, &prio);
}

static struct attach_error
parse_netkit(const struct attach_where *w)
{
	size_t len;
	const char *side = target_side(w->target, &len);

	if (len == 0 || len >= IF_NAMESIZE ||
	    (side != NULL && strcmp(side, "primary") != 0 &&
		strcmp(side, "peer") != 0))
		return attach_invalid("expected %s", w->way->syntax);
	return ATTACH_SUCCESS;
}

/* The side that "-a", the package or the section names; ingress by default. */
static bool
is_egress(const struct attach_job *j, const char *side)
{
	const struct package_program *p = j->listed;

	if (side != NULL)
		return strcmp(side, "egress") == 0;
	if (p->has_tc_point)
		return p->tc_point == TC_POINT_EGRESS;
	return strstr(attach_section_name(j->program), "/egress") != NULL;
}

static struct attach_error
find_tc_place(const struct attach_job *j, struct tc_place *to)
{
	const struct package_program *p = j->listed;
	const char *side = NULL;
	char name[IF_NAMESIZE] = "";
	struct attach_error e;
	size_t len;

	if (j->where != NULL) {
		side = target_side(j->where->target, &len);
		snprintf(
		    name, sizeof(name), "%.*s", (int)len, j->where->target);
	}
	to->egress = is_egress(j, side);
	to->handle = p->tc_handle;
	to->priority = p->tc_priority;
	e = parse_filter(j->where, &to->handle, &to->priority);
	if (e.failure != ATTACH_OK)
		return e;
	return attach_net_interface(j, j->where != NULL ? name : NULL,
	    p->tc_ifindex, p->has_tc_ifindex, &to->interface);
}

static struct attach_error
prepare_tc(const struct attach_job *j)
{
	if (j->where != NULL || j->listed->tc_point != TC_POINT_CUSTOM)
		return ATTACH_SUCCESS;
	return attach_invalid("the package's attach_point is BPF_TC_CUSTOM, "
			      "which needs a parent that a package cannot "
			      "name; choose another place with -a %s=%s",
	    j->listed->name, attach_way_tc.syntax);
}

/* Attach by a link; EINVAL if the kernel does not have those. */
static struct attach_error
attach_tcx_link(
    const struct attach_job *j, const struct tc_place *to, struct attachment *a)
{
	int type = to->egress ? ATTACH_TCX_EGRESS : ATTACH_TCX_INGRESS;
	int fd = bpf_link_create(bpf_program__fd(j->program),
	    (int)to->interface.index, (enum bpf_attach_type)type, NULL);

	if (fd >= 0)
		report_info("program %s: tcx link on %s %s", j->listed->name,
		    to->interface.name, side_name(to->egress));
	return attach_hold_fd(a, fd);
}

/* Remove the filter, unless another program has replaced ours. */
static void
remove_filter(void *state)
{
	struct tc_filter *f = state;
	LIBBPF_OPTS(
	    bpf_tc_opts, present, .handle = f->handle, .priority = f->priority);
	LIBBPF_OPTS(
	    bpf_tc_opts, ours, .handle = f->handle, .priority = f->priority);

	/* The query fails if the interface is gone, and the filter with it. */
	if (bpf_tc_query(&f->hook, &present) == 0 &&
	    present.prog_id == f->program_id &&
	    bpf_tc_detach(&f->hook, &ours) != 0)
		report_error("tc filter %u at priority %u of interface %d "
			     "cannot be removed: %s; remove it with tc(8)",
		    f->handle, f->priority, f->hook.ifindex,
		    report_error_text(errno));
	free(f);
}

/* Add the filter to the clsact qdisc, and the qdisc where there is none.
 * Returns 0 or a negative errno. */
static int
add_filter(
    const struct attach_job *j, const struct tc_place *to, struct tc_filter *f)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = (uint32_t)to->handle,
	    .priority = (uint32_t)to->priority,
	    .prog_fd = bpf_program__fd(j->program));
	int error;

	*f = (struct tc_filter){
		.hook = { .sz = sizeof(f->hook),
		    .ifindex = (int)to->interface.index,
		    .attach_point =
			to->egress ? BPF_TC_EGRESS : BPF_TC_INGRESS },
	};
	error = bpf_tc_hook_create(&f->hook);
	if (error != 0 && error != -EEXIST)
		return error;
	error = bpf_tc_attach(&f->hook, &opts);
	f->handle = opts.handle;
	f->priority = opts.priority;
	f->program_id = opts.prog_id;
	return error;
}

static struct attach_error
attach_filter(
    const struct attach_job *j, const struct tc_place *to, struct attachment *a)
{
	const char *side = side_name(to->egress), *on = to->interface.name;
	struct tc_filter *f = malloc(sizeof(*f));
	int error = f != NULL ? add_filter(j, to, f) : -ENOMEM;

	if (error == 0) {
		report_info("program %s: tc filter on %s %s, priority %u, "
			    "handle 0x%x",
		    j->listed->name, on, side, f->priority, f->handle);
		return attach_hold_undo(a, remove_filter, f);
	}
	free(f);
	if (error != -EEXIST)
		return attach_errno(-error);
	return attach_invalid("%s %s has a filter with handle %u at priority "
			      "%u already; choose another with "
			      "-a %s=tc:%s/%s,prio=N,handle=N",
	    on, side, (unsigned int)to->handle, (unsigned int)to->priority,
	    j->listed->name, on, side);
}

/* Without "-a" attach by a link where the kernel has those, because a link goes
 * away with the process even after kill -9. */
static struct attach_error
attach_tc(const struct attach_job *j, struct attachment *a)
{
	struct tc_place to;
	struct attach_error e = find_tc_place(j, &to);

	if (e.failure != ATTACH_OK)
		return e;
	if (j->way != &attach_way_tc) {
		e = attach_tcx_link(j, &to, a);
		if (e.error != EINVAL)
			return e;
	}
	if (j->way != &attach_way_tcx)
		return attach_filter(j, &to, a);
	return attach_invalid("this kernel has no tcx (Linux 6.6); attach a "
			      "filter with -a %s=tc:%s/%s",
	    j->listed->name, to.interface.name, side_name(to.egress));
}

/* The interface is the primary one of its pair, for both sides. */
static struct attach_error
attach_netkit(const struct attach_job *j, struct attachment *a)
{
	size_t len;
	const char *side = target_side(j->where->target, &len);
	char name[IF_NAMESIZE];
	struct net_interface on;
	struct attach_error e;
	bool peer;
	int fd;

	snprintf(name, sizeof(name), "%.*s", (int)len, j->where->target);
	e = attach_net_interface(j, name, 0, false, &on);
	if (e.failure != ATTACH_OK)
		return e;
	if (side == NULL)
		side = strstr(attach_section_name(j->program), "/peer") != NULL
			   ? "peer"
			   : "primary";
	peer = strcmp(side, "peer") == 0;
	fd = bpf_link_create(bpf_program__fd(j->program), (int)on.index,
	    (enum bpf_attach_type)(
		peer ? ATTACH_NETKIT_PEER : ATTACH_NETKIT_PRIMARY),
	    NULL);
	if (fd < 0 && errno == EINVAL)
		return attach_invalid("this kernel has no netkit (Linux 6.7)");
	if (fd < 0 && (errno == ENXIO || errno == EACCES))
		return attach_invalid("%s is not the primary interface of a "
				      "netkit pair",
		    on.name);
	if (fd >= 0)
		report_info("program %s: netkit link on %s %s", j->listed->name,
		    on.name, side);
	return attach_hold_fd(a, fd);
}

const struct attach_way attach_way_netkit = {
	.name = "netkit",
	.syntax = "netkit:INTERFACE[/primary|peer]",
	.needs_where = true,
	.parse = parse_netkit,
	.attach = attach_netkit,
};

const struct attach_way attach_way_tcx = {
	.name = "tcx",
	.syntax = "tcx:INTERFACE[/ingress|egress]",
	.parse = parse_tc,
	.attach = attach_tc,
};

const struct attach_way attach_way_tc = {
	.name = "tc",
	.syntax = "tc:INTERFACE[/ingress|egress][,prio=N][,handle=N]",
	.keys = tc_keys,
	.parse = parse_tc,
	.attach = attach_tc,
};

const struct attach_way attach_way_tc_listed = {
	.prepare = prepare_tc,
	.attach = attach_tc,
};
