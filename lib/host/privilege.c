#include <inttypes.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>

#include "base/buf.h"
#include "base/report.h"
#include "base/util.h"
#include "host/kallsyms.h"
#include "host/privilege.h"

/* The capabilities for loading and attaching.  CAP_SYS_ADMIN implies them. */
static const struct {
	unsigned int bit;
	const char *name;
} bpf_caps[] = {
	{ CAP_BPF, "CAP_BPF" },
	{ CAP_PERFMON, "CAP_PERFMON" },
};

/* The effective capabilities of this process; all if /proc does not show
 * them. */
static uint64_t
effective_caps(void)
{
	FILE *in = fopen("/proc/self/status", "re");
	uint64_t set = UINT64_MAX;
	char line[256];

	while (in != NULL && fgets(line, sizeof(line), in) != NULL)
		if (sscanf(line, "CapEff: %" SCNx64, &set) == 1)
			break;
	if (in != NULL)
		fclose(in);
	return set;
}

static bool
has_cap(uint64_t set, unsigned int bit)
{
	return set >> bit & 1;
}

bool
privilege_lacks(unsigned int capability)
{
	uint64_t set = effective_caps();

	return !has_cap(set, capability) && !has_cap(set, CAP_SYS_ADMIN);
}

bool
privilege_suffices(void)
{
	return !privilege_lacks(CAP_BPF) && !privilege_lacks(CAP_PERFMON);
}

/* The level 3 exists in the kernels of Debian, where it is the default, and of
 * Android.  There CAP_PERFMON does not suffice. */
bool
privilege_report_paranoid(const char *where)
{
	FILE *in = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
	int level = 0;

	if (in == NULL)
		return false;
	if (fscanf(in, "%d", &level) != 1)
		level = 0;
	fclose(in);
	if (level < 3 || !privilege_lacks(CAP_SYS_ADMIN))
		return false;
	report_error("%s: not permitted without CAP_SYS_ADMIN, since "
		     "kernel.perf_event_paranoid is %d; run as root, or set it "
		     "to 2",
	    where, level);
	return true;
}

unsigned int
privilege_of_type(enum bpf_prog_type type)
{
	switch (type) {
	case BPF_PROG_TYPE_KPROBE:
	case BPF_PROG_TYPE_LSM:
	case BPF_PROG_TYPE_PERF_EVENT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
	case BPF_PROG_TYPE_SYSCALL:
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_TRACING:
		return 0;
	default:
		return PRIVILEGE_NETWORK;
	}
}

unsigned int
privilege_of_map(enum bpf_map_type type)
{
	switch (type) {
	case BPF_MAP_TYPE_CPUMAP:
	case BPF_MAP_TYPE_DEVMAP:
	case BPF_MAP_TYPE_DEVMAP_HASH:
	case BPF_MAP_TYPE_SOCKHASH:
	case BPF_MAP_TYPE_SOCKMAP:
	case BPF_MAP_TYPE_XSKMAP:
		return PRIVILEGE_NETWORK;
	default:
		return 0;
	}
}

/* Append the names of the capabilities for BPF that are missing.  Returns
 * whether there are any. */
static bool
add_missing_caps(uint64_t caps, struct buf *out)
{
	bool any = false;

	for (size_t i = 0; i < nitems(bpf_caps); i++) {
		if (has_cap(caps, bpf_caps[i].bit) ||
		    has_cap(caps, CAP_SYS_ADMIN))
			continue;
		buf_str(out, any ? " and " : "needs ");
		buf_str(out, bpf_caps[i].name);
		any = true;
	}
	return any;
}

void
privilege_explain(const struct privilege_facts *f, struct buf *out)
{
	bool memory = (f->what & PRIVILEGE_MEMORY) && f->counts &&
		      f->memlock != UINT64_MAX;
	bool network =
	    (f->what & PRIVILEGE_NETWORK) && !has_cap(f->caps, CAP_NET_ADMIN);

	if (add_missing_caps(f->caps, out)) {
		buf_str(out, "; run as root");
		return;
	}
	if (network)
		buf_str(out, "needs CAP_NET_ADMIN, if it is a program for the "
			     "network");
	if (memory)
		buf_printf(out,
		    "%s %" PRIu64 " KiB of locked memory, the limit "
		    "(ulimit -l), which this kernel counts BPF's memory "
		    "against; raise it, or run with CAP_SYS_RESOURCE",
		    network ? ", or else more than the" : "needs more than the",
		    f->memlock / 1024);
	else if (network)
		buf_str(out, "; run as root");
	else
		buf_str(out, "not permitted, though this process has CAP_BPF "
			     "and CAP_PERFMON: kernel lockdown or a "
			     "container's system call filter may forbid it");
}

void
privilege_report(const char *where, unsigned int what)
{
	struct privilege_facts f = {
		.caps = effective_caps(), .memlock = UINT64_MAX, .what = what
	};
	struct buf words = { 0 };
	struct rlimit l;

	/* libbpf has raised the limit already, if it was permitted to. */
	if ((what & PRIVILEGE_MEMORY) && getrlimit(RLIMIT_MEMLOCK, &l) == 0 &&
	    l.rlim_cur != RLIM_INFINITY) {
		f.memlock = l.rlim_cur;
		/* Since Linux 5.11 the memory is accounted to the cgroup, by
		 * another function. */
		f.counts = kallsyms_has("__bpf_prog_charge", false);
	}
	privilege_explain(&f, &words);
	if (words.failed)
		report_nomem();
	else
		report_error("%s: %.*s", where, (int)words.len, words.data);
	buf_free(&words);
}
