/*
 * Paces: how long a poller sleeps between two looks at its buffers.
 *
 * To be woken for a record costs more than all else that is done with it, and
 * costs the traced program as much.  So a poller is woken only as long as
 * records are few.  While they keep coming it sleeps by the clock: at most as
 * long as it may keep a record waiting, and less where a buffer would be more
 * than a quarter full by then, down to not at all.
 *
 * Nothing here asks a clock or allocates.
 */
#ifndef SKEL_POLL_PACE_H
#define SKEL_POLL_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_FULL (UINT64_C(1) << 20) /* what a buffer's fill is a part of */
#define PACE_WAIT UINT64_MAX          /* sleep until a buffer wakes you */

struct pace {
	uint64_t latency;       /* the longest nap, ns; 0: none at all */
	uint64_t nap;           /* the last one, ns */
	uint64_t looked, found; /* when: last, and last with success */
	bool napping;           /* else waiting to be woken */
};

/* How much n is of a buffer of size bytes, as a part of PACE_FULL: 0 only if n
 * is 0. */
uint64_t pace_part(uint64_t n, uint64_t size);

/* A pace whose naps are latency_ns at most; waiting, at now_ns. */
void pace_start(struct pace *p, uint64_t latency_ns, uint64_t now_ns);

/*
 * The buffers were emptied.  fill is how full the fullest was when that began
 * at now_ns (of one clock that does not go back), 0 if all were empty.  Returns
 * the nap to take, in ns; 0 for none, to look again at once; or PACE_WAIT.
 */
uint64_t pace_next(struct pace *p, uint64_t fill, uint64_t now_ns);

#endif
