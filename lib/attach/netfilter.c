/*
 * netfilter: programs that run at a hook of this network namespace, by a link.
 * libbpf 1.3 and later create it.
 */
#include <errno.h>
#include <limits.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "attach/net.h"
#include "attach/way.h"
#include "base/report.h"
#include "base/util.h"

static const char *const netfilter_keys[] = { "prio", NULL };

/* The names are those of nft(8). */
static const struct {
	const char *name;
	uint32_t number;
} families[] = {
	{ "ip", NFPROTO_IPV4 },
	{ "ip6", NFPROTO_IPV6 },
}, hooks[] = {
	{ "prerouting", NF_INET_PRE_ROUTING },
	{ "input", NF_INET_LOCAL_IN },
	{ "forward", NF_INET_FORWARD },
	{ "output", NF_INET_LOCAL_OUT },
	{ "postrouting", NF_INET_POST_ROUTING },
};

struct netfilter_place {
	uint32_t family, hook;
	int32_t priority;
};

/* Set *priority to the option, which may be negative.  The kernel keeps the
 * least and the greatest number for itself. */
static struct attach_error
parse_priority(const struct attach_where *w, int32_t *priority)
{
	const char *text = attach_option(w, "prio");
	bool negative = text != NULL && text[0] == '-';
	uint64_t n = 0;

	if (text != NULL &&
	    (!attach_parse_number(text + negative, &n) || n >= INT_MAX))
		return attach_invalid("prio: expected a number from %d to %d",
		    -INT_MAX + 1, INT_MAX - 1);
	*priority = negative ? -(int32_t)n : (int32_t)n;
	return ATTACH_SUCCESS;
}

/* Parse FAMILY/HOOK and the option. */
static struct attach_error
parse_place(const struct attach_where *w, struct netfilter_place *to)
{
	size_t len = strcspn(w->target, "/"), f = 0, h = 0;
	const char *hook = w->target + len + (w->target[len] != '\0');

	while (f < nitems(families) &&
	       (strlen(families[f].name) != len ||
		   strncmp(families[f].name, w->target, len) != 0))
		f++;
	while (h < nitems(hooks) && strcmp(hooks[h].name, hook) != 0)
		h++;
	if (f == nitems(families) || h == nitems(hooks))
		return attach_invalid(
		    "expected %s, with ip or ip6 and prerouting, "
		    "input, forward, output or postrouting",
		    w->way->syntax);
	to->family = families[f].number;
	to->hook = hooks[h].number;
	return parse_priority(w, &to->priority);
}

static struct attach_error
parse_netfilter(const struct attach_where *w)
{
	struct netfilter_place to;

	return parse_place(w, &to);
}

#if ATTACH_LIBBPF(1, 3)
static struct attach_error
attach_netfilter(const struct attach_job *j, struct attachment *a)
{
	struct netfilter_place to;
	struct attach_error e = parse_place(j->where, &to);
	LIBBPF_OPTS(bpf_netfilter_opts, opts);

	if (e.failure != ATTACH_OK)
		return e;
	opts.pf = to.family;
	opts.hooknum = to.hook;
	opts.priority = to.priority;
	e = attach_hold_link(
	    a, bpf_program__attach_netfilter(j->program, &opts));
	if (e.error == EBUSY)
		return attach_invalid("another BPF program has priority %d "
				      "there; choose another with "
				      "-a %s=netfilter:%s,prio=N",
		    to.priority, j->listed->name, j->where->target);
	if (e.error == EAFNOSUPPORT)
		return attach_invalid("this kernel filters no such packets");
	return e;
}
#endif

const struct attach_way attach_way_netfilter = {
	.name = "netfilter",
	.syntax = "netfilter:FAMILY/HOOK[,prio=N]",
	.keys = netfilter_keys,
	.needs_where = true,
	.parse = parse_netfilter,
#if ATTACH_LIBBPF(1, 3)
	.attach = attach_netfilter,
#else
	.libbpf = "1.3",
#endif
};
