/*
 * The poll interval: how long a poller sleeps before it reads its buffers
 * again.
 *
 * Waking a reader for a record costs more than reading and writing it, and
 * costs the traced program as much.  So a poller lets itself be woken only
 * while records are few.  While they keep coming it sleeps for a set time: at
 * most the latency that a record may have, and less if a buffer would be more
 * than a quarter full after that time, down to no sleep at all.
 *
 * Nothing here reads a clock or allocates.
 */
#ifndef SKEL_POLL_POLL_INTERVAL_H
#define SKEL_POLL_POLL_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

#define POLL_INTERVAL_FULL (UINT64_C(1) << 20) /* the fill of a full buffer */
#define POLL_INTERVAL_WAIT UINT64_MAX          /* sleep until a wakeup */

struct poll_interval {
	uint64_t latency; /* the longest sleep, ns; 0: none at all */
	uint64_t sleep;   /* the last one, ns */
	uint64_t polled;  /* when the buffers were last read, ns */
	uint64_t found;   /* when there were last records, ns */
	bool sleeping;    /* it sleeps for a time; else it waits for wakeups */
};

/* Returns how full a buffer of size bytes is with n of them in use, as a part
 * of POLL_INTERVAL_FULL; 0 only if n is 0. */
uint64_t poll_interval_fill(uint64_t n, uint64_t size);

/* Initialises p, waiting to be woken.  A sleep lasts latency_ns at most.
 * now_ns is of a clock that never goes back, as in poll_interval_next(). */
void poll_interval_start(
    struct poll_interval *p, uint64_t latency_ns, uint64_t now_ns);

/*
 * To be called after the buffers were emptied.  fill is how full the fullest
 * buffer was when emptying began, at now_ns, or 0 if all were empty.  Returns
 * how long to sleep in ns; 0 to read the buffers again at once; or
 * POLL_INTERVAL_WAIT.
 */
uint64_t poll_interval_next(
    struct poll_interval *p, uint64_t fill, uint64_t now_ns);

#endif
