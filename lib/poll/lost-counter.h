/*
 * Lost counters: how many records a program could not put into a ring buffer.
 * The kernel does not count them.  The program does, either because its author
 * wrote so, in a per-CPU array with one 64-bit number, whose name is the ring
 * buffer's with LOST_COUNTER_SUFFIX (SKEL_COUNT_LOST in skel.bpf.h); or because
 * its calls were counted when it was loaded (infer/count-calls.h), in an array
 * with one struct call_counts.
 *
 * Each function that fails reports the error and returns -1.
 */
#ifndef SKEL_POLL_LOST_COUNTER_H
#define SKEL_POLL_LOST_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

#include "infer/count-calls.h"
#include "poll/ring.h"

/* What the readers of a session share. */
struct lost_shared {
	uint64_t reported; /* losses */
	struct ring_tally tally;
};

struct lost_counter {
	const char *name;  /* borrowed: the ring buffer's, for reports */
	int fd;            /* borrowed; -1: there is no counter */
	struct ring *ring; /* borrowed; NULL: unknown */
	bool calls;        /* the map has a struct call_counts */
	bool told;         /* it was reported that nothing can be counted */
	uint64_t *values;  /* owned: room for the map's value */
	struct lost_shared own;     /* if nobody else reads */
	struct lost_shared *shared; /* &own, or the session's: mapped, owned */
	uint64_t due; /* CLOCK_MONOTONIC, ns: no poll before that */
};

/*
 * Opens the counter of the ring buffer called name, whose records ring reads;
 * it is borrowed and open until lost_counter_close(), or NULL where nothing is
 * read.  fd is the counter's map, borrowed as well, or -1 if there is none.
 * reported_fd is a map from lost_counter_new_reported(), borrowed for the call;
 * or -1, which leaves out what was lost before this call.  c must not move
 * while it is open, and may be closed also if this failed.
 */
int lost_counter_open(struct lost_counter *c, const char *name,
    struct ring *ring, int fd, int reported_fd);
void lost_counter_close(struct lost_counter *c);

/*
 * Sets *more to the losses that no reader of the session has reported yet, and
 * counts them as reported.  Within 10 ms of the last read,
 * lost_counter_poll() sets 0 without asking the kernel.
 */
int lost_counter_read(struct lost_counter *c, uint64_t *more);
int lost_counter_poll(struct lost_counter *c, uint64_t *more);

/*
 * Returns the descriptor, to be closed, of a new map with the number of losses
 * that the readers of a session have reported, or -1.  Through it each loss is
 * reported once, whether readers follow each other or run at the same time.
 * fresh tells that the counter fd was made for this session, so that none of
 * its losses has been reported.
 */
int lost_counter_new_reported(const char *name, int fd, bool fresh);

#endif
