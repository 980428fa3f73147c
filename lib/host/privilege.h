/*
 * Privilege: what a refused system call lacked, in words for people.
 */
#ifndef SKEL_HOST_PRIVILEGE_H
#define SKEL_HOST_PRIVILEGE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* What was refused: it may be for the network; memory for it may be counted. */
enum { PRIVILEGE_NETWORK = 1, PRIVILEGE_MEMORY = 2 };

/* Whether programs of the type may be for the network: PRIVILEGE_NETWORK, or
 * 0. */
unsigned int privilege_of_type(enum bpf_prog_type type);

/* The same for maps. */
unsigned int privilege_of_map(enum bpf_map_type type);

/*
 * Report, for something named by where that failed with EPERM, which of the
 * capabilities that BPF needs this process lacks, or, if it has them, what
 * else may stand in the way.  what is a set of the above.
 */
void privilege_report(const char *where, unsigned int what);

struct privilege_facts {
	uint64_t caps;     /* effective ones: a bit each */
	uint64_t memlock;  /* bytes that may be locked; UINT64_MAX: any */
	bool counts;       /* BPF's memory is locked memory: until Linux 5.10 */
	unsigned int what; /* as above */
};

/* Append the words that privilege_report() has for the facts. */
void privilege_explain(const struct privilege_facts *f, struct buf *out);

/*
 * Report that the system's setting of kernel.perf_event_paranoid keeps this
 * process from perf events, which perf buffers, probes and tracepoints are
 * too, if it is so.  Returns whether it is.
 */
bool privilege_paranoid(const char *where);

/* Whether this process has neither this capability nor CAP_SYS_ADMIN. */
bool privilege_lacks(unsigned int capability);

/* Whether this process has all capabilities that BPF needs. */
bool privilege_suffices(void);

/* Whether this process may do all that root may. */
bool privilege_is_admin(void);

#endif
