#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/net.h"
#include "base/report.h"
#include "base/util.h"

static const char *const keys[] = { "prio", "handle", NULL };

/* Where a program goes. */
struct tc_place {
	struct interface on;
	bool egress;
	uint32_t handle, priority; /* of a filter */
};

/* A filter of ours. */
struct tc_filter {
	struct bpf_tc_hook hook;
	uint32_t handle, priority, program_id;
};

static const char *
side_name(bool egress)
{
	return egress ? "egress" : "ingress";
}

/* The side that stands behind the interface, or NULL.  *len is the length of
 * what is before it. */
static const char *
find_side(const char *target, size_t *len)
{
	const char *slash = strchr(target, '/');

	*len = slash != NULL ? (size_t)(slash - target) : strlen(target);
	return slash != NULL ? slash + 1 : NULL;
}

static int
parse(const struct attach_where *w)
{
	const char *prio = attach_option(w, "prio");
	const char *handle = attach_option(w, "handle");
	size_t len;
	const char *side = find_side(w->target, &len);
	uint64_t n;

	if (len == 0 || len >= IF_NAMESIZE ||
	    (side != NULL && strcmp(side, "ingress") != 0 &&
		strcmp(side, "egress") != 0)) {
		report_error("-a %s=%s: expected %s", w->program, w->text,
		    w->way->syntax);
		return -1;
	}
	if (prio != NULL &&
	    attach_number(w, "prio", prio, 0, UINT16_MAX, &n) == -1)
		return -1;
	if (handle != NULL &&
	    attach_number(w, "handle", handle, 0, UINT32_MAX, &n) == -1)
		return -1;
	return 0;
}

/* A number that "-a" gives, which parse() has seen, or the package's. */
static uint32_t
choose_number(const struct attach_job *j, const char *key, uint32_t listed)
{
	const char *text = attach_option(j->where, key);

	return text != NULL ? (uint32_t)strtoul(text, NULL, 0) : listed;
}

/* "-a", the package and the section say which side; else it is ingress. */
static bool
choose_egress(const struct attach_job *j, const char *side)
{
	const struct package_program *p = j->listed;

	if (side != NULL)
		return strcmp(side, "egress") == 0;
	if (p->has_tc_point)
		return p->tc_point == TC_POINT_EGRESS;
	return strstr(attach_section(j->program), "/egress") != NULL;
}

/* Returns 0, or -1 as struct way's attach does. */
static int
find_place(const struct attach_job *j, struct tc_place *to)
{
	const struct package_program *p = j->listed;
	const char *side = NULL;
	char name[IF_NAMESIZE] = "";
	size_t len;

	if (j->where != NULL) {
		side = find_side(j->where->target, &len);
		snprintf(
		    name, sizeof(name), "%.*s", (int)len, j->where->target);
	}
	to->egress = choose_egress(j, side);
	to->handle = choose_number(j, "handle", p->tc_handle);
	to->priority = choose_number(j, "prio", p->tc_priority);
	return attach_interface(j, j->where != NULL ? name : NULL,
	    p->tc_ifindex, p->has_tc_ifindex, &to->on);
}

/* Before loading: a place that the package's words cannot mean. */
static int
prepare(const struct attach_job *j)
{
	const struct package_program *p = j->listed;

	if (j->where != NULL || p->tc_point != TC_POINT_CUSTOM)
		return 0;
	report_error("program %s: BPF_TC_CUSTOM needs a parent, which a "
		     "package cannot name; choose another place with -a %s=%s",
	    p->name, p->name, way_tc.syntax);
	return -1;
}

/* By link.  Returns 0, or -1 with errno EINVAL where the kernel has none. */
static int
attach_link(
    const struct attach_job *j, const struct tc_place *to, struct attachment *a)
{
	int type = to->egress ? ATTACH_TCX_EGRESS : ATTACH_TCX_INGRESS;
	int fd = bpf_link_create(bpf_program__fd(j->program), (int)to->on.index,
	    (enum bpf_attach_type)type, NULL);

	if (fd < 0)
		return -1;
	report_info("program %s: tcx link on %s %s", j->listed->name,
	    to->on.name, side_name(to->egress));
	return attach_hold_fd(a, fd);
}

/* Take our filter away, if it is still ours. */
static void
remove_filter(void *state)
{
	struct tc_filter *f = state;
	LIBBPF_OPTS(
	    bpf_tc_opts, there, .handle = f->handle, .priority = f->priority);
	LIBBPF_OPTS(
	    bpf_tc_opts, ours, .handle = f->handle, .priority = f->priority);

	/* The interface may be gone, and the filter with it. */
	if (bpf_tc_query(&f->hook, &there) == 0 &&
	    there.prog_id == f->program_id &&
	    bpf_tc_detach(&f->hook, &ours) != 0)
		report_error("tc filter %u at priority %u: cannot be removed: "
			     "%s",
		    f->handle, f->priority, strerror(errno));
	free(f);
}

/* Report why there is no filter.  Returns -1. */
static int
refuse_filter(const struct attach_job *j, const struct tc_place *to, int error)
{
	errno = error;
	if (error != EEXIST)
		return -1;
	report_error("program %s: handle %u at priority %u on %s %s is taken; "
		     "choose another with -a %s=tc:%s/%s,prio=N,handle=N",
	    j->listed->name, to->handle, to->priority, to->on.name,
	    side_name(to->egress), j->listed->name, to->on.name,
	    side_name(to->egress));
	errno = 0;
	return -1;
}

/* Put the filter on the qdisc.  Returns 0, or -1 with errno set. */
static int
add_filter(
    const struct attach_job *j, const struct tc_place *to, struct tc_filter *f)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = to->handle,
	    .priority = to->priority, .prog_fd = bpf_program__fd(j->program));
	int error = bpf_tc_hook_create(&f->hook);

	/* The interface may have a clsact qdisc already. */
	if (error == 0 || error == -EEXIST)
		error = bpf_tc_attach(&f->hook, &opts);
	if (error != 0) {
		errno = -error;
		return -1;
	}
	f->handle = opts.handle;
	f->priority = opts.priority;
	f->program_id = opts.prog_id;
	return 0;
}

/* As a filter of a clsact qdisc. */
static int
attach_filter(
    const struct attach_job *j, const struct tc_place *to, struct attachment *a)
{
	struct tc_filter *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return -1;
	f->hook = (struct bpf_tc_hook){
		.sz = sizeof(f->hook),
		.ifindex = (int)to->on.index,
		.attach_point = to->egress ? BPF_TC_EGRESS : BPF_TC_INGRESS,
	};
	if (add_filter(j, to, f) == -1) {
		int error = errno;

		free(f);
		return refuse_filter(j, to, error);
	}
	report_info("program %s: tc filter on %s %s, priority %u, handle 0x%x",
	    j->listed->name, to->on.name, side_name(to->egress), f->priority,
	    f->handle);
	return attach_hold_undo(a, remove_filter, f);
}

static int
attach_tcx(const struct attach_job *j, struct attachment *a)
{
	struct tc_place to;

	if (find_place(j, &to) == -1)
		return -1;
	if (attach_link(j, &to, a) == 0)
		return 0;
	if (errno != EINVAL)
		return -1;
	report_error("program %s: this kernel has no tcx (Linux 6.6); a filter "
		     "is -a %s=tc:%s/%s",
	    j->listed->name, j->listed->name, to.on.name, side_name(to.egress));
	errno = 0;
	return -1;
}

static int
attach_tc(const struct attach_job *j, struct attachment *a)
{
	struct tc_place to;

	return find_place(j, &to) == 0 ? attach_filter(j, &to, a) : -1;
}

/* As the package says: by link where the kernel can, which nobody needs to
 * clean up after a kill -9. */
static int
attach_listed(const struct attach_job *j, struct attachment *a)
{
	struct tc_place to;

	if (find_place(j, &to) == -1)
		return -1;
	if (attach_link(j, &to, a) == 0)
		return 0;
	return errno == EINVAL ? attach_filter(j, &to, a) : -1;
}

const struct way way_tcx = {
	.name = "tcx",
	.syntax = "tcx:INTERFACE[/ingress|egress]",
	.parse = parse,
	.attach = attach_tcx,
};

const struct way way_tc = {
	.name = "tc",
	.syntax = "tc:INTERFACE[/ingress|egress][,prio=N][,handle=N]",
	.keys = keys,
	.parse = parse,
	.attach = attach_tc,
};

const struct way way_tc_listed = {
	.prepare = prepare,
	.attach = attach_listed,
};
