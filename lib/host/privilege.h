/*
 * Explains which privilege a process lacks when the kernel denies a call.
 */
#ifndef SKEL_HOST_PRIVILEGE_H
#define SKEL_HOST_PRIVILEGE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* What kind of call was denied: one that concerns the network, or one whose
 * memory the kernel may have counted as locked. */
enum { PRIVILEGE_NETWORK = 1, PRIVILEGE_MEMORY = 2 };

/* PRIVILEGE_NETWORK if loading or attaching programs of the type may require
 * CAP_NET_ADMIN, else 0. */
unsigned int privilege_of_type(enum bpf_prog_type type);

/* The same for creating maps. */
unsigned int privilege_of_map(enum bpf_map_type type);

/*
 * After EPERM or EACCES, report "WHERE: " and which of the capabilities for BPF
 * this process lacks or, if it has them, what else may be the reason.  what is
 * a set of the PRIVILEGE flags.
 */
void privilege_report(const char *where, unsigned int what);

/* Whether kernel lockdown is on: the part in brackets of its file. */
enum privilege_lockdown {
	LOCKDOWN_NONE,    /* off, or this kernel has none */
	LOCKDOWN_ON,      /* integrity or confidentiality */
	LOCKDOWN_UNKNOWN, /* its file cannot be read */
};

struct privilege_facts {
	uint64_t caps; /* effective capabilities, one bit each */
	uint64_t
	    memlock; /* limit of locked memory in bytes; UINT64_MAX: none */
	bool counts; /* the kernel counts BPF's memory: before 5.11 */
	unsigned int what;   /* a set of the PRIVILEGE flags */
	bool user_namespace; /* not the first one, so caps do not count */
	bool filtered;       /* a filter of system calls is on */
	enum privilege_lockdown lockdown;
};

/* Append the explanation that privilege_report() gives for the facts. */
void privilege_explain(const struct privilege_facts *f, struct buf *out);

/*
 * If kernel.perf_event_paranoid forbids this process perf events, which perf
 * buffers, probes and tracepoints are too, report "WHERE: " and that.  Returns
 * whether it was reported.
 */
bool privilege_report_paranoid(const char *where);

/* Whether this process has neither this capability nor CAP_SYS_ADMIN, or has
 * them only in a user namespace, where they do not count for BPF. */
bool privilege_lacks(unsigned int capability);

/* " of the host" for messages if this process is in a user namespace, else "":
 * "run as root of the host". */
const char *privilege_whose(void);

/* Note that a filter of system calls is our own: it is not to blame. */
void privilege_note_filter(void);

/* Whether this process has CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN. */
bool privilege_suffices(void);

#endif
