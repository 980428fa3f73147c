#include <inttypes.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* The inode of the first user namespace (PROC_USER_INIT_INO). */
#define FIRST_USER_NAMESPACE UINT64_C(0xEFFFFFFD)

/* A number of /proc/self/status, in this base; missing if the file does not
 * show it. */
static uint64_t
read_status(const char *field, int base, uint64_t missing)
{
	FILE *in = fopen("/proc/self/status", "re");
	size_t n = strlen(field);
	char line[256];

	while (in != NULL && fgets(line, sizeof(line), in) != NULL)
		if (strncmp(line, field, n) == 0 && line[n] == ':') {
			missing = strtoull(line + n + 1, NULL, base);
			break;
		}
	if (in != NULL)
		fclose(in);
	return missing;
}

/* The effective capabilities of this process; all if /proc does not show
 * them. */
static uint64_t
effective_caps(void)
{
	return read_status("CapEff", 16, UINT64_MAX);
}

/* Whether this process is in another user namespace than the first. */
static bool
in_user_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/user", &st) == 0 &&
	       st.st_ino != FIRST_USER_NAMESPACE;
}

const char *
privilege_whose(void)
{
	return in_user_namespace() ? " of the host" : "";
}

/* The file is "none [integrity] confidentiality", in a directory that is empty
 * where securityfs is not mounted. */
static enum privilege_lockdown
find_lockdown(void)
{
	FILE *in = fopen("/sys/kernel/security/lockdown", "re");
	enum privilege_lockdown found = LOCKDOWN_UNKNOWN;
	char line[128];

	if (in == NULL)
		return access("/sys/kernel/security/lsm", F_OK) == 0
			   ? LOCKDOWN_NONE
			   : LOCKDOWN_UNKNOWN;
	if (fgets(line, sizeof(line), in) != NULL)
		found = strstr(line, "[none]") != NULL ? LOCKDOWN_NONE
						       : LOCKDOWN_ON;
	fclose(in);
	return found;
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

	return in_user_namespace() ||
	       (!has_cap(set, capability) && !has_cap(set, CAP_SYS_ADMIN));
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

/* Append why the kernel may refuse a process that has every capability. */
static void
add_refusal(const struct privilege_facts *f, struct buf *out)
{
	buf_str(out, "the kernel refuses it, though this process has CAP_BPF "
		     "and CAP_PERFMON");
	if (f->lockdown == LOCKDOWN_ON)
		buf_str(out, "; kernel lockdown is on "
			     "(/sys/kernel/security/lockdown) and may be why");
	if (f->filtered)
		buf_str(out, "; a filter of system calls is on, as containers "
			     "have it, and may be why");
	if (f->lockdown == LOCKDOWN_UNKNOWN)
		buf_str(out, f->filtered
				 ? "; so may kernel lockdown"
				 : "; kernel lockdown may be why, which only "
				   "/sys/kernel/security/lockdown would tell: "
				   "mount securityfs there");
	if (f->lockdown == LOCKDOWN_NONE && !f->filtered)
		buf_str(out, "; neither kernel lockdown nor a filter of system "
			     "calls is on, but a security module may forbid "
			     "it, or the kernel allows it to nobody");
}

void
privilege_explain(const struct privilege_facts *f, struct buf *out)
{
	bool memory = (f->what & PRIVILEGE_MEMORY) && f->counts &&
		      f->memlock != UINT64_MAX;
	bool network =
	    (f->what & PRIVILEGE_NETWORK) && !has_cap(f->caps, CAP_NET_ADMIN);

	if (f->user_namespace) {
		buf_str(out, "this process is in a user namespace, whose "
			     "capabilities do not count for BPF; run as root "
			     "of the host");
		return;
	}
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
		add_refusal(f, out);
}

static unsigned int own_filters;

void
privilege_note_filter(void)
{
	own_filters++;
}

/* Whether a filter of system calls is on that is not our own, which allows what
 * a command asks of the kernel.  Linux 5.9 and later count filters. */
static bool
has_foreign_filter(void)
{
	unsigned int own = own_filters;

	return read_status("Seccomp", 10, 0) == 2 &&
	       read_status("Seccomp_filters", 10, own + (own == 0)) > own;
}

void
privilege_report(const char *where, unsigned int what)
{
	struct privilege_facts f = {
		.caps = effective_caps(),
		.memlock = UINT64_MAX,
		.what = what,
		.user_namespace = in_user_namespace(),
		.filtered = has_foreign_filter(),
		.lockdown = find_lockdown(),
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
