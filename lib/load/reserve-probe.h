/*
 * Tests which code the verifier of the kernel accepts.
 */
#ifndef SKEL_LOAD_RESERVE_PROBE_H
#define SKEL_LOAD_RESERVE_PROBE_H

#include <stdbool.h>

/*
 * Whether a function of a program may compare what bpf_ringbuf_reserve() gave
 * it with NULL and then return it to its caller, which compares it again.  The
 * verifier of Linux 6.1 and earlier then misses a release in the caller.  False
 * also if this process may not ask.
 */
bool reserve_probe_tested(void);

#endif
