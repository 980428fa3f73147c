#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach/job.h"
#include "attach/kind.h"
#include "attach/net.h"
#include "attach/way.h"
#include "base/suggest.h"
#include "base/util.h"

/* What ENOENT means, by the thing that a program is attached to. */
static const char no_tracepoint[] = "this kernel has no such tracepoint";
static const char no_function[] =
    "this kernel has no such function, or cannot probe it";
static const char no_symbol[] = "no such file, or no such symbol in it";
static const char no_probe[] = "no such file, or no such probe in it";
static const char no_iter[] = "this kernel has no such iterator";
static const char no_hook[] = "this kernel has no such hook";
static const char no_event[] = "this kernel has no such event";
static const char no_cgroup[] = "no such cgroup";
static const char no_interface[] = "no such interface";
static const char no_netns[] = "no such network namespace";
static const char no_sockmap[] = "no such map";
static const char no_ops[] = "this kernel has no such struct";

/* Why programs of a kind cannot be attached here. */
static const char by_map[] =
    "they run from the entries of a device map or CPU map, and the process "
    "that fills the map has to put them there";
static const char by_socket[] =
    "a process attaches them to a socket of its own, by setsockopt(2)";
static const char by_route[] = "they are part of a route; see ip-route(8)";
static const char by_filter[] = "they are an action of a tc filter; see tc(8)";
static const char by_program[] =
    "they replace a function of another program, which a package cannot name";
static const char by_call[] = "a process runs them by calling bpf(2)";
static const char by_remote[] =
    "they belong to an infrared receiver; see ir-keytable(1)";

/* The verifier checks the programs of one type alike, or for the place that a
 * way prepares them for, so "-a" may send them any of these ways. */
static const struct attach_way *const tracing_ways[] = {
	&attach_way_fentry,
	&attach_way_fexit,
	&attach_way_fmod_ret,
	&attach_way_tp_btf,
	NULL,
};
static const struct attach_way *const probe_ways[] = {
	&attach_way_kprobe,
	&attach_way_kretprobe,
	&attach_way_ksyscall,
	&attach_way_kretsyscall,
	&attach_way_kprobe_multi,
	&attach_way_kretprobe_multi,
	&attach_way_kprobe_session,
	&attach_way_uprobe,
	&attach_way_uretprobe,
	&attach_way_uprobe_multi,
	&attach_way_uretprobe_multi,
	&attach_way_usdt,
	NULL,
};
static const struct attach_way *const tc_ways[] = {
	&attach_way_tcx,
	&attach_way_tc,
	&attach_way_netkit,
	NULL,
};

/* The first row that fits a program is its kind. */
static const struct attach_kind kinds[] = {
	{ "tracepoint", BPF_PROG_TYPE_TRACEPOINT, "", &attach_way_tracepoint,
	    no_tracepoint, NULL },
	{ "raw_tracepoint", BPF_PROG_TYPE_RAW_TRACEPOINT, "",
	    &attach_way_raw_tp, no_tracepoint, NULL },
	{ "raw_tracepoint", BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, "",
	    &attach_way_raw_tp, no_tracepoint, NULL },
	{ "iter", BPF_PROG_TYPE_TRACING, "iter", &attach_way_iter, no_iter,
	    NULL },
	{ "tp_btf", BPF_PROG_TYPE_TRACING, "tp_btf", &attach_way_tp_btf,
	    no_tracepoint, tracing_ways },
	{ "fexit", BPF_PROG_TYPE_TRACING, "fexit", &attach_way_fexit,
	    no_function, tracing_ways },
	{ "fmod_ret", BPF_PROG_TYPE_TRACING, "fmod_ret", &attach_way_fmod_ret,
	    no_function, tracing_ways },
	{ "fentry", BPF_PROG_TYPE_TRACING, "", &attach_way_fentry, no_function,
	    tracing_ways },
	{ "usdt", BPF_PROG_TYPE_KPROBE, "usdt", &attach_way_usdt, no_probe,
	    probe_ways },
	{ "uretprobe.multi", BPF_PROG_TYPE_KPROBE, "uretprobe.multi",
	    &attach_way_uretprobe_multi, no_symbol, probe_ways },
	{ "uprobe.multi", BPF_PROG_TYPE_KPROBE, "uprobe.multi",
	    &attach_way_uprobe_multi, no_symbol, probe_ways },
	{ "uretprobe", BPF_PROG_TYPE_KPROBE, "uretprobe", &attach_way_uretprobe,
	    no_symbol, probe_ways },
	{ "uprobe", BPF_PROG_TYPE_KPROBE, "uprobe", &attach_way_uprobe,
	    no_symbol, probe_ways },
	{ "kretprobe.multi", BPF_PROG_TYPE_KPROBE, "kretprobe.multi",
	    &attach_way_kretprobe_multi, no_function, probe_ways },
	{ "kprobe.multi", BPF_PROG_TYPE_KPROBE, "kprobe.multi",
	    &attach_way_kprobe_multi, no_function, probe_ways },
	{ "kprobe.session", BPF_PROG_TYPE_KPROBE, "kprobe.session",
	    &attach_way_kprobe_session, no_function, probe_ways },
	{ "kretsyscall", BPF_PROG_TYPE_KPROBE, "kretsyscall",
	    &attach_way_kretsyscall, no_function, probe_ways },
	{ "ksyscall", BPF_PROG_TYPE_KPROBE, "ksyscall", &attach_way_ksyscall,
	    no_function, probe_ways },
	{ "kretprobe", BPF_PROG_TYPE_KPROBE, "kretprobe", &attach_way_kretprobe,
	    no_function, probe_ways },
	{ "kprobe", BPF_PROG_TYPE_KPROBE, "", &attach_way_kprobe, no_function,
	    probe_ways },
	{ "perf_event", BPF_PROG_TYPE_PERF_EVENT, "", &attach_way_perf,
	    no_event, NULL },
	{ "lsm_cgroup", BPF_PROG_TYPE_LSM, "lsm_cgroup", &attach_way_cgroup,
	    no_cgroup, NULL },
	{ "lsm", BPF_PROG_TYPE_LSM, "", &attach_way_lsm, no_hook, NULL },
	{ "cgroup_skb", BPF_PROG_TYPE_CGROUP_SKB, "", &attach_way_cgroup,
	    no_cgroup, NULL },
	{ "cgroup_sock", BPF_PROG_TYPE_CGROUP_SOCK, "", &attach_way_cgroup,
	    no_cgroup, NULL },
	{ "cgroup_sock_addr", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "",
	    &attach_way_cgroup, no_cgroup, NULL },
	{ "cgroup_device", BPF_PROG_TYPE_CGROUP_DEVICE, "", &attach_way_cgroup,
	    no_cgroup, NULL },
	{ "cgroup_sysctl", BPF_PROG_TYPE_CGROUP_SYSCTL, "", &attach_way_cgroup,
	    no_cgroup, NULL },
	{ "cgroup_sockopt", BPF_PROG_TYPE_CGROUP_SOCKOPT, "",
	    &attach_way_cgroup, no_cgroup, NULL },
	{ "sock_ops", BPF_PROG_TYPE_SOCK_OPS, "", &attach_way_cgroup, no_cgroup,
	    NULL },
	{ "xdp_devmap", BPF_PROG_TYPE_XDP, "xdp/devmap", NULL, by_map, NULL },
	{ "xdp_devmap", BPF_PROG_TYPE_XDP, "xdp.frags/devmap", NULL, by_map,
	    NULL },
	{ "xdp_devmap", BPF_PROG_TYPE_XDP, "xdp_devmap", NULL, by_map, NULL },
	{ "xdp_cpumap", BPF_PROG_TYPE_XDP, "xdp/cpumap", NULL, by_map, NULL },
	{ "xdp_cpumap", BPF_PROG_TYPE_XDP, "xdp.frags/cpumap", NULL, by_map,
	    NULL },
	{ "xdp_cpumap", BPF_PROG_TYPE_XDP, "xdp_cpumap", NULL, by_map, NULL },
	{ "xdp", BPF_PROG_TYPE_XDP, "", &attach_way_xdp, no_interface, NULL },
	{ "netkit", BPF_PROG_TYPE_SCHED_CLS, "netkit", &attach_way_netkit,
	    no_interface, tc_ways },
	{ "tc", BPF_PROG_TYPE_SCHED_CLS, "", &attach_way_tc_listed,
	    no_interface, tc_ways },
	{ "netfilter", ATTACH_TYPE_NETFILTER, "", &attach_way_netfilter,
	    no_hook, NULL },
	{ "sk_lookup", BPF_PROG_TYPE_SK_LOOKUP, "", &attach_way_netns, no_netns,
	    NULL },
	{ "flow_dissector", BPF_PROG_TYPE_FLOW_DISSECTOR, "", &attach_way_netns,
	    no_netns, NULL },
	{ "sk_msg", BPF_PROG_TYPE_SK_MSG, "", &attach_way_sockmap, no_sockmap,
	    NULL },
	{ "sk_skb", BPF_PROG_TYPE_SK_SKB, "", &attach_way_sockmap, no_sockmap,
	    NULL },
	{ "struct_ops", BPF_PROG_TYPE_STRUCT_OPS, "", &attach_way_struct_ops,
	    no_ops, NULL },
	{ "socket", BPF_PROG_TYPE_SOCKET_FILTER, "", &attach_way_socket,
	    no_interface, NULL },
	{ "sk_reuseport", BPF_PROG_TYPE_SK_REUSEPORT, "", NULL, by_socket,
	    NULL },
	{ "lwt_in", BPF_PROG_TYPE_LWT_IN, "", NULL, by_route, NULL },
	{ "lwt_out", BPF_PROG_TYPE_LWT_OUT, "", NULL, by_route, NULL },
	{ "lwt_xmit", BPF_PROG_TYPE_LWT_XMIT, "", NULL, by_route, NULL },
	{ "lwt_seg6local", BPF_PROG_TYPE_LWT_SEG6LOCAL, "", NULL, by_route,
	    NULL },
	{ "action", BPF_PROG_TYPE_SCHED_ACT, "", NULL, by_filter, NULL },
	{ "freplace", BPF_PROG_TYPE_EXT, "", NULL, by_program, NULL },
	{ "syscall", BPF_PROG_TYPE_SYSCALL, "", NULL, by_call, NULL },
	{ "lirc_mode2", BPF_PROG_TYPE_LIRC_MODE2, "", NULL, by_remote, NULL },
};

/* Sections that libbpf 1.1 does not know. */
static const struct {
	const char *section; /* the section's name starts so */
	enum bpf_prog_type type;
	enum bpf_attach_type expected;
	uint32_t flags;
} unknown_sections[] = {
	{ "uprobe.multi.s", BPF_PROG_TYPE_KPROBE, 0, BPF_F_SLEEPABLE },
	{ "uprobe.multi", BPF_PROG_TYPE_KPROBE, 0, 0 },
	{ "uretprobe.multi.s", BPF_PROG_TYPE_KPROBE, 0, BPF_F_SLEEPABLE },
	{ "uretprobe.multi", BPF_PROG_TYPE_KPROBE, 0, 0 },
	{ "kprobe.session", BPF_PROG_TYPE_KPROBE, 0, 0 },
	{ "netfilter", ATTACH_TYPE_NETFILTER,
	    (enum bpf_attach_type)ATTACH_NETFILTER, 0 },
	{ "netkit", BPF_PROG_TYPE_SCHED_CLS, 0, 0 },
	{ "tcx/", BPF_PROG_TYPE_SCHED_CLS, 0, 0 },
	{ "tc/", BPF_PROG_TYPE_SCHED_CLS, 0, 0 },
	{ "classifier/", BPF_PROG_TYPE_SCHED_CLS, 0, 0 },
	{ "action/", BPF_PROG_TYPE_SCHED_ACT, 0, 0 },
	{ "xdp_devmap", BPF_PROG_TYPE_XDP, BPF_XDP_DEVMAP, 0 },
	{ "xdp_cpumap", BPF_PROG_TYPE_XDP, BPF_XDP_CPUMAP, 0 },
	{ "xdp.frags/", BPF_PROG_TYPE_XDP, BPF_XDP, BPF_F_XDP_HAS_FRAGS },
	{ "xdp/", BPF_PROG_TYPE_XDP, BPF_XDP, 0 },
	{ "xdp_", BPF_PROG_TYPE_XDP, BPF_XDP, 0 },
	{ "sk_lookup/", BPF_PROG_TYPE_SK_LOOKUP, BPF_SK_LOOKUP, 0 },
	{ "flow_dissector/", BPF_PROG_TYPE_FLOW_DISSECTOR, BPF_FLOW_DISSECTOR,
	    0 },
	{ "sk_msg/", BPF_PROG_TYPE_SK_MSG, BPF_SK_MSG_VERDICT, 0 },
	{ "sk_skb/stream_parser/", BPF_PROG_TYPE_SK_SKB,
	    BPF_SK_SKB_STREAM_PARSER, 0 },
	{ "sk_skb/stream_verdict/", BPF_PROG_TYPE_SK_SKB,
	    BPF_SK_SKB_STREAM_VERDICT, 0 },
	{ "sk_skb/", BPF_PROG_TYPE_SK_SKB, 0, 0 },
	{ "sockops/", BPF_PROG_TYPE_SOCK_OPS, BPF_CGROUP_SOCK_OPS, 0 },
	{ "perf_event/", BPF_PROG_TYPE_PERF_EVENT, 0, 0 },
	{ "socket/", BPF_PROG_TYPE_SOCKET_FILTER, 0, 0 },
};

static bool
has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

void
attach_kind_set_type(struct bpf_program *program)
{
	const char *section = attach_section_name(program);

	if (bpf_program__type(program) != BPF_PROG_TYPE_UNSPEC)
		return;
	for (size_t i = 0; i < nitems(unknown_sections); i++) {
		if (!has_prefix(section, unknown_sections[i].section))
			continue;
		bpf_program__set_type(program, unknown_sections[i].type);
		bpf_program__set_expected_attach_type(
		    program, unknown_sections[i].expected);
		bpf_program__set_flags(program,
		    bpf_program__flags(program) | unknown_sections[i].flags);
		return;
	}
}

const struct attach_kind *
attach_kind_find(const struct bpf_program *program)
{
	for (size_t i = 0; i < nitems(kinds); i++) {
		const struct attach_kind *k = &kinds[i];

		if (k->type == bpf_program__type(program) &&
		    has_prefix(attach_section_name(program), k->section))
			return k;
	}
	return NULL;
}

bool
attach_kind_has_way(
    const struct attach_kind *kind, const struct attach_way *way)
{
	const struct attach_way *const *also = kind->also;

	while (also != NULL && *also != NULL && *also != way)
		also++;
	return kind->way == way || (also != NULL && *also != NULL);
}

const char *
attach_kind_name(const struct bpf_program *program)
{
	const struct attach_kind *k = attach_kind_find(program);
	const char *name;

	if (k != NULL)
		return k->name;
	name = libbpf_bpf_prog_type_str(bpf_program__type(program));
	return name != NULL ? name : "unknown";
}

struct attach_error
attach_kind_unknown_section(const struct attach_job *j)
{
	const char *section = attach_section_name(j->program);
	char wanted[SUGGEST_NAME], *nearest;
	struct suggest near = { .wanted = wanted };
	struct attach_error e;

	snprintf(wanted, sizeof(wanted), "%.*s", (int)strcspn(section, "/"),
	    section);
	for (size_t i = 0; i < nitems(kinds); i++)
		suggest_offer(&near, kinds[i].name);
	nearest = suggest_text(&near);
	e = attach_invalid("neither libbpf nor this program knows a section of "
			   "that name%s; leave it out with -a %s=off",
	    nearest != NULL ? nearest : "", j->listed->name);
	free(nearest);
	return e;
}
