/*
 * Kinds of programs.  The first row that fits a program says how it is
 * attached; a program without a row cannot be.
 */
#include <string.h>

#include "attach-way.h"
#include "util.h"

static const char no_tracepoint[] = "this kernel has no such tracepoint";
static const char no_function[] =
    "this kernel has no such function, or does not let it be traced";
static const char no_symbol[] = "no such file, or no such symbol in it";
static const char no_probe[] = "no such file, or no such probe in it";
static const char no_iter[] = "this kernel has no such iterator";
static const char no_hook[] = "this kernel has no such hook";
static const char no_event[] = "this kernel has no such event";
static const char no_cgroup[] = "no such cgroup";

static const struct kind kinds[] = {
	{ "tracepoint", BPF_PROG_TYPE_TRACEPOINT, "", &way_tracefs, { NULL },
	    no_tracepoint },
	{ "raw_tracepoint", BPF_PROG_TYPE_RAW_TRACEPOINT, "", &way_section,
	    { NULL }, no_tracepoint },
	{ "raw_tracepoint", BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, "",
	    &way_section, { NULL }, no_tracepoint },
	{ "tp_btf", BPF_PROG_TYPE_TRACING, "tp_btf", &way_section, { NULL },
	    no_tracepoint },
	{ "iter", BPF_PROG_TYPE_TRACING, "iter", &way_section, { NULL },
	    no_iter },
	{ "fexit", BPF_PROG_TYPE_TRACING, "fexit", &way_section, { NULL },
	    no_function },
	{ "fmod_ret", BPF_PROG_TYPE_TRACING, "fmod_ret", &way_section, { NULL },
	    no_function },
	{ "fentry", BPF_PROG_TYPE_TRACING, "", &way_section, { NULL },
	    no_function },
	{ "usdt", BPF_PROG_TYPE_KPROBE, "usdt", &way_section, { NULL },
	    no_probe },
	{ "uprobe", BPF_PROG_TYPE_KPROBE, "u", &way_section, { NULL },
	    no_symbol },
	{ "kprobe", BPF_PROG_TYPE_KPROBE, "", &way_tracefs, { NULL },
	    no_function },
	{ "perf_event", BPF_PROG_TYPE_PERF_EVENT, "", &way_perf, { NULL },
	    no_event },
	{ "lsm_cgroup", BPF_PROG_TYPE_LSM, "lsm_cgroup", &way_cgroup, { NULL },
	    no_cgroup },
	{ "lsm", BPF_PROG_TYPE_LSM, "", &way_section, { NULL }, no_hook },
	{ "cgroup_skb", BPF_PROG_TYPE_CGROUP_SKB, "", &way_cgroup, { NULL },
	    no_cgroup },
	{ "cgroup_sock", BPF_PROG_TYPE_CGROUP_SOCK, "", &way_cgroup, { NULL },
	    no_cgroup },
	{ "cgroup_sock_addr", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "", &way_cgroup,
	    { NULL }, no_cgroup },
	{ "cgroup_device", BPF_PROG_TYPE_CGROUP_DEVICE, "", &way_cgroup,
	    { NULL }, no_cgroup },
	{ "cgroup_sysctl", BPF_PROG_TYPE_CGROUP_SYSCTL, "", &way_cgroup,
	    { NULL }, no_cgroup },
	{ "cgroup_sockopt", BPF_PROG_TYPE_CGROUP_SOCKOPT, "", &way_cgroup,
	    { NULL }, no_cgroup },
	{ "sock_ops", BPF_PROG_TYPE_SOCK_OPS, "", &way_cgroup, { NULL },
	    no_cgroup },
};

/* Sections that libbpf 1.1 leaves without a type. */
static const struct {
	const char *section; /* how its name starts */
	enum bpf_prog_type type;
} unknown_sections[] = {
	{ "tcx/", BPF_PROG_TYPE_SCHED_CLS },
	{ "perf_event/", BPF_PROG_TYPE_PERF_EVENT },
};

static bool
begins(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

const char *
attach_section(const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);

	return section + (*section == '?');
}

void
attach_set_type(struct bpf_program *program)
{
	const char *section = attach_section(program);

	if (bpf_program__type(program) != BPF_PROG_TYPE_UNSPEC)
		return;
	for (size_t i = 0; i < nitems(unknown_sections); i++)
		if (begins(section, unknown_sections[i].section)) {
			bpf_program__set_type(
			    program, unknown_sections[i].type);
			return;
		}
}

const struct kind *
attach_find_kind(const struct bpf_program *program)
{
	for (size_t i = 0; i < nitems(kinds); i++) {
		const struct kind *k = &kinds[i];

		if (k->type == bpf_program__type(program) &&
		    begins(attach_section(program), k->section))
			return k;
	}
	return NULL;
}

bool
attach_takes(const struct kind *kind, const struct way *way)
{
	const struct way *const *also = kind->also;

	if (kind->way == way)
		return true;
	while (*also != NULL && *also != way)
		also++;
	return *also != NULL;
}

const char *
attach_kind(const struct bpf_program *program)
{
	const struct kind *k = attach_find_kind(program);
	const char *name;

	if (k != NULL)
		return k->name;
	name = libbpf_bpf_prog_type_str(bpf_program__type(program));
	return name != NULL ? name : "unknown";
}
