/*
 * Privilege: what a refused system call lacked, in words for people.
 */
#ifndef SKEL_PRIVILEGE_H
#define SKEL_PRIVILEGE_H

#include <stdbool.h>

/*
 * Report, for something named by where that failed with EPERM, which of the
 * capabilities that BPF needs this process lacks, or, if it has them, what
 * else may stand in the way.
 */
void privilege_report(const char *where);

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
