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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "poll/poll-sink.h"

/*
 * How many records a ring had before a position, discarded ones among them.
 * All readers of a session share it, also with those after a reader that was
 * killed: the number is written before the reader's position moves, into the
 * element that is not in use.
 */
struct ring_tally {
	uint64_t changes; /* the last one is in element changes % 2 */
	struct {
		uint64_t position, records;
	} v[2];
};

/* A zeroed one is closed. */
struct ring {
	const char *name; /* borrowed: the map's, for reports */
	uint64_t size;    /* bytes of records that it can hold */
	/* Positions count bytes from the start of the ring buffer's life.  They
	 * are as wide as a long and wrap around. */
	unsigned long *consumer;       /* mapped, owned */
	const unsigned long *producer; /* mapped, owned; the records follow */
	unsigned long read_to;         /* all before it was passed on */
	struct ring_tally *tally;      /* borrowed; NULL: not needed */
	bool uncounted;   /* another reader, without a tally, took records */
	bool shared;      /* somebody else moved the reader's position */
	uint64_t records; /* before read_to, in the tally's sense */
	uint64_t arrived; /* records before the position arrived_to */
	unsigned long arrived_to;
	bool unread;            /* the tally has to be read first */
	uint64_t most, largest; /* as in struct ring_fullness */
	uint64_t first;         /* bytes in use when it was opened */
	/* When it was opened, was fullest, and was first noticed to be too
	 * full: CLOCK_REALTIME, ns. */
	uint64_t opened, most_time, since;
};

/*
 * Opens the ring buffer called name.  fd is its descriptor, which is not needed
 * later; size is its max_entries.  r may be closed also if this failed.
 */
int ring_open(struct ring *r, const char *name, int fd, uint64_t size);
void ring_close(struct ring *r);

/*
 * Counts records from now on.  tally, which is borrowed until ring_close(), is
 * that of a session, which is first read by the functions below; or, if fresh
 * is set, one that is set here, so that records which the ring holds already do
 * not count.
 */
void ring_count(struct ring *r, struct ring_tally *tally, bool fresh);

/*
 * Sets *n to how many records the ring has got, with those that programs have
 * only reserved yet and those that were discarded.  A call of a helper that has
 * returned before this call is among them.  Returns false if that is not known.
 */
bool ring_arrived(struct ring *r, uint64_t *n);

/* The bytes of the records that have not been read yet, including those that
 * programs have reserved and not submitted. */
uint64_t ring_fill(const struct ring *r);

/* The position of the readers, whoever moved it, as a number of bytes. */
uint64_t ring_position(const struct ring *r);

/* Sets *f to how full the ring was since it was opened; never less than it was.
 * All but counted is set. */
void ring_get_fullness(struct ring *r, struct ring_fullness *f);

/*
 * Passes to fn, in order, the records that the ring holds at this moment, up to
 * about the given number of bytes.  A record is never passed on twice, even if
 * fn does not return (a thread may be cancelled in it).  Returns 0 if none is
 * left; 1 if the bytes were used up or fn returned something else than 0, so
 * that there may be more; or -1.
 */
int ring_consume(struct ring *r, uint64_t bytes, poll_record_fn *fn, void *ctx);

#endif
