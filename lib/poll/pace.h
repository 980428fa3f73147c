/*
 * Paces: how long a poller sleeps before it looks at its buffers again.
 *
 * Waking a reader for a record costs more than reading and writing it, and
 * costs the traced program as much.  So a poller lets itself be woken only
 * while records are few.  While they keep coming it sleeps for a set time: at
 * most the latency that a record may have, and less if a buffer would be more
 * than a quarter full after that time, down to no sleep at all.
 *
 * Nothing here reads a clock or allocates.
 */
#ifndef SKEL_POLL_PACE_H
#define SKEL_POLL_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_FULL (UINT64_C(1) << 20) /* the fill of a full buffer */
#define PACE_WAIT UINT64_MAX          /* sleep until a buffer wakes you */

struct pace {
	uint64_t latency; /* the longest nap, ns; 0: none at all */
	uint64_t nap;     /* the last one, ns */
	uint64_t looked;  /* when the buffers were last looked at, ns */
	uint64_t found;   /* when there were last records, ns */
	bool napping;     /* naps are taken; else it waits to be woken */
};

/* Returns how full a buffer of size bytes is with n of them in use, as a part
 * of PACE_FULL; 0 only if n is 0. */
uint64_t pace_part(uint64_t n, uint64_t size);

/* Initialises p, waiting to be woken.  Naps will last latency_ns at most.
 * now_ns is of a clock that never goes back, as in pace_next(). */
void pace_start(struct pace *p, uint64_t latency_ns, uint64_t now_ns);

/*
 * To be called after the buffers were emptied.  fill is how full the fullest
 * was when that began at now_ns, or 0 if all were empty.  Returns the nap to
 * take in ns; 0 to look at the buffers again at once; or PACE_WAIT.
 */
uint64_t pace_next(struct pace *p, uint64_t fill, uint64_t now_ns);

#endif
