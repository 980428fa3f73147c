/*
 * Rings: the records of a BPF ring buffer, read where they lie.
 *
 * When a program submits a record, the kernel wakes the reader only if the
 * reader's position shows that all earlier records have been read.  libbpf
 * moves that position after each record.  Here it moves once for many records:
 * a busy program then seldom finds its reader waiting, and the cache line of
 * the position moves between CPUs less often.
 *
 * Each function that fails reports the error and returns -1.
 */
#ifndef SKEL_POLL_RING_H
#define SKEL_POLL_RING_H

#include <stddef.h>
#include <stdint.h>

#include "poll/poll-sink.h"

/* A zeroed one is closed. */
struct ring {
	const char *name; /* borrowed: the map's, for reports */
	uint64_t size;    /* bytes of records that it can hold */
	/* Positions count bytes from the start of the ring buffer's life.  They
	 * are as wide as a long and wrap around. */
	unsigned long *consumer;       /* mapped, owned */
	const unsigned long *producer; /* mapped, owned; the records follow */
	unsigned long read_to;         /* all before it was passed on */
};

/*
 * Opens the ring buffer called name.  fd is its descriptor, which is not needed
 * later; size is its max_entries.  r may be closed also if this failed.
 */
int ring_open(struct ring *r, const char *name, int fd, uint64_t size);
void ring_close(struct ring *r);

/* The bytes of the records that have not been read yet, including those that
 * programs have reserved and not submitted. */
uint64_t ring_fill(const struct ring *r);

/*
 * Passes to fn, in order, the records that the ring holds at this moment, up to
 * about the given number of bytes.  A record is never passed on twice, even if
 * fn does not return (a thread may be cancelled in it).  Returns 0 if none is
 * left; 1 if the bytes were used up or fn returned something else than 0, so
 * that there may be more; or -1.
 */
int ring_consume(struct ring *r, uint64_t bytes, poll_record_fn *fn, void *ctx);

#endif
