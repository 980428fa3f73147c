#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/net.h"
#include "base/report.h"
#include "base/util.h"

static const char *const keys[] = { "mode", NULL };

static const struct {
	const char *name;
	uint32_t flag;
} modes[] = {
	{ "native", XDP_FLAGS_DRV_MODE },
	{ "skb", XDP_FLAGS_SKB_MODE },
	{ "hw", XDP_FLAGS_HW_MODE },
};

static int
find_mode(const char *name, uint32_t *flag)
{
	for (size_t i = 0; i < nitems(modes); i++)
		if (strcmp(modes[i].name, name) == 0) {
			*flag = modes[i].flag;
			return 0;
		}
	return -1;
}

static const char *
mode_name(uint32_t flag)
{
	for (size_t i = 0; i < nitems(modes); i++)
		if (modes[i].flag == flag)
			return modes[i].name;
	return "";
}

static int
parse(const struct attach_where *w)
{
	const char *mode = attach_option(w, "mode");
	uint32_t flag;

	if (w->target[0] != '\0' &&
	    (mode == NULL || find_mode(mode, &flag) == 0))
		return 0;
	report_error(
	    "-a %s=%s: expected %s", w->program, w->text, way_xdp.syntax);
	return -1;
}

/* What the package says, as far as it holds for us. */
static int
check_package(const struct package_program *p)
{
	uint32_t mode = p->flags & XDP_FLAGS_MODES;

	if ((p->flags & ~XDP_FLAGS_MASK) != 0) {
		report_error("program %s: flags 0x%x: the package asks for "
			     "XDP flags that do not exist",
		    p->name, p->flags);
		return -1;
	}
	if ((mode & (mode - 1)) != 0) {
		report_error("program %s: flags 0x%x: generic (2), native (4) "
			     "and hardware (8) exclude each other",
		    p->name, p->flags);
		return -1;
	}
	if (p->old_prog_fd <= 0 && (p->flags & XDP_FLAGS_REPLACE) == 0)
		return 0;
	report_error("program %s: %s: a package cannot replace a program that "
		     "is there, since a descriptor in a file means nothing",
	    p->name, p->old_prog_fd > 0 ? "xdpopts.old_prog_fd" : "flags 0x10");
	return -1;
}

static int
prepare(const struct attach_job *j)
{
	return check_package(j->listed);
}

/* Whichever program is on the interface, 0 for none. */
static uint32_t
present(unsigned int index)
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

/* Report why it cannot be there.  Returns -1, with errno 0 unless that is for
 * the caller to say. */
static int
refuse(const struct attach_job *j, const struct interface *to, uint32_t mode,
    int error)
{
	bool taken = error == EBUSY || error == EEXIST;
	uint32_t id = taken ? present(to->index) : 0;
	char named[ATTACH_NAMED_MAX];

	errno = 0;
	if (id != 0)
		report_error("program %s: %s has an XDP program already (%s), "
			     "which was left as it is",
		    j->listed->name, to->name, attach_named(id, named));
	else if (error == EOPNOTSUPP && mode != XDP_FLAGS_SKB_MODE)
		report_error("program %s: %s does not take it in mode %s; "
			     "generic is -a %s=xdp:%s,mode=skb",
		    j->listed->name, to->name, mode_name(mode), j->listed->name,
		    to->name);
	else
		errno = error;
	return -1;
}

static int
create_link(
    const struct attach_job *j, const struct interface *to, uint32_t mode)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = mode);

	return bpf_link_create(
	    bpf_program__fd(j->program), (int)to->index, BPF_XDP, &opts);
}

/* Whether a failure may be the driver's, so that generic mode helps. */
static bool
is_drivers(int error)
{
	return error == EOPNOTSUPP || error == EINVAL || error == ERANGE ||
	       error == ENOSPC || error == E2BIG;
}

/* A link in *mode, or native and else generic where that is 0; *mode becomes
 * what it was.  Returns the link, or -1 with errno set. */
static int
link_in_mode(
    const struct attach_job *j, const struct interface *to, uint32_t *mode)
{
	bool any = *mode == 0;
	int fd;

	if (any)
		*mode = XDP_FLAGS_DRV_MODE;
	fd = create_link(j, to, *mode);
	if (fd >= 0 || !any || !is_drivers(errno))
		return fd;
	*mode = XDP_FLAGS_SKB_MODE;
	fd = create_link(j, to, *mode);
	if (fd >= 0)
		report_notice("program %s: %s does not take it natively; it "
			      "runs in generic mode, which is slower",
		    j->listed->name, to->name);
	return fd;
}

static int
attach(const struct attach_job *j, struct attachment *a)
{
	const struct package_program *p = j->listed;
	const char *mode_text = attach_option(j->where, "mode");
	uint32_t mode = p->flags & XDP_FLAGS_MODES;
	struct interface to;
	int fd;

	if (attach_interface(j, j->where != NULL ? j->where->target : NULL,
		p->ifindex, p->has_ifindex, &to) == -1)
		return -1;
	if (mode_text != NULL)
		find_mode(mode_text, &mode);
	fd = link_in_mode(j, &to, &mode);
	if (fd < 0)
		return refuse(j, &to, mode, errno);
	report_info("program %s: XDP on %s, mode %s", p->name, to.name,
	    mode_name(mode));
	return attach_hold_fd(a, fd);
}

const struct way way_xdp = {
	.name = "xdp",
	.syntax = "xdp:INTERFACE[,mode=native|skb|hw]",
	.keys = keys,
	.parse = parse,
	.prepare = prepare,
	.attach = attach,
};
