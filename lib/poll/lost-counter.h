/*
 * Counters: how many records a program could not put into a ring buffer.  The
 * kernel does not count them; the program does, in a per-CPU array of one
 * 64-bit number, called as the ring with "_lost_samples" behind: skel.bpf.h.
 *
 * The functions report what is wrong and return -1.
 */
#ifndef SKEL_POLL_LOST_COUNTER_H
#define SKEL_POLL_LOST_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

#define LOST_COUNTER_SUFFIX "_lost_samples"

struct lost_counter {
	const char *name; /* borrowed: the ring's, for reports */
	int fd;           /* borrowed; -1: there is none */
	uint64_t *values; /* owned: room for one of each CPU */
	uint64_t own;     /* what was told, where nobody else tells */
	uint64_t *told;   /* &own, or the session's: mapped, owned */
	uint64_t due;     /* CLOCK_MONOTONIC, ns: not looked at before */
};

/*
 * Open the counter of the ring called name: fd is its map, -1 if there is none,
 * told_fd the map of lost_counter_new_reported(), or -1: then what was lost
 * before is not told.  Both descriptors are borrowed, fd until
 * lost_counter_close(), which is right whatever came of it.  c must not move
 * while it is open.
 */
int lost_counter_open(
    struct lost_counter *c, const char *name, int fd, int told_fd);
void lost_counter_close(struct lost_counter *c);

/*
 * *more is how many were lost that nobody has told of yet; they count as told
 * now.  lost_counter_poll() finds 0 without asking the kernel when it did so
 * less than 10 ms ago.
 */
int lost_counter_read(struct lost_counter *c, uint64_t *more);
int lost_counter_poll(struct lost_counter *c, uint64_t *more);

/*
 * A map that remembers what readers of a session have told, one after the other
 * or at once, so that each loss is told once.  fresh: the counter fd was made
 * for this session, so all it has is still to be told.  Returns a descriptor to
 * close, or -1.
 */
int lost_counter_new_reported(const char *name, int fd, bool fresh);

#endif
