/*
 * Sequences: records of a ring buffer that are numbered, from 0 on by one
 * counter of the program for all CPUs, also when a record is then lost.  A
 * number that never comes is a record that was lost.
 *
 * CPUs overtake each other, so a number that is missing may still come.  What
 * is kept for that is a few sums, not the numbers: those received below the
 * mark of two looks ago, between the marks, and above.  What is missing below
 * the older mark is lost.  A number that comes even later is taken back: the
 * next losses are not told until they make up for it.
 *
 * The functions report what is wrong and return -1.
 */
#ifndef SKEL_POLL_SEQUENCE_H
#define SKEL_POLL_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "types/types.h"

/* What readers of a session share: it lies in a map that may be mapped. */
struct sequence_state {
	uint64_t high;    /* one more than the highest number received */
	uint64_t mark[2]; /* high at the look before the last, and at the
			     last: mark[0] <= mark[1] <= high */
	/* Numbers received below mark[0], from there below mark[1], above. */
	uint64_t received[3];
	uint64_t told;   /* lost, as told */
	uint64_t broken; /* not 0: the numbers are no sequence */
	uint64_t reader; /* the number of the last one that came */
	uint64_t shared; /* not 0: several readers took records at once */
};

struct sequence {
	const char *name;           /* borrowed: the ring's, for reports */
	size_t offset, size;        /* of the number in a record; 4 or 8, or 0:
				       records are not counted */
	struct sequence_state own;  /* where nobody else reads */
	struct sequence_state *all; /* &own, or the session's: mapped, owned */
	uint64_t reader;            /* who we are in it */
	uint64_t due;               /* CLOCK_MONOTONIC, ns: no look before */
	bool noticed;               /* that there is nothing to count */
};

/*
 * Where in a value of that type (TYPE_NONE: raw bytes) the member lies that
 * numbers it: an unsigned integer of 4 or 8 bytes, no bitfield, directly in the
 * struct.  where is for reports, "x.json: map rb".
 */
int sequence_find(const struct types *t, uint32_t value, const char *member,
    size_t *offset, size_t *size, const char *where);

/*
 * Begin to count the records of the ring called name: fd is the map of
 * sequence_new_state(), borrowed, or -1: nobody else reads, and the first
 * number is 0.  q must not move until sequence_close(), which is right whatever
 * came of it, and for a q that is all zeros.
 */
int sequence_open(
    struct sequence *q, const char *name, size_t offset, size_t size, int fd);
void sequence_close(struct sequence *q);

/* A map for sequence_open(), of no numbers yet.  Returns a descriptor to close,
 * or -1. */
int sequence_new_state(const char *name);

/* Before records are taken out of the ring: whether another reader of the
 * session does so too is found out here. */
void sequence_begin(struct sequence *q);

/* A record was received.  Reports nothing. */
void sequence_take(struct sequence *q, const void *data, size_t len);

/*
 * A look, to be had when all that was in the ring at the last one was taken.
 * Returns how many records have turned out to be lost; they count as told now.
 * Finds 0 when the last look was less than 50 ms ago.
 */
uint64_t sequence_look(struct sequence *q);

/* The same without a look: only what was missing two looks ago. */
uint64_t sequence_count(struct sequence *q);

/* What is missing up to now is lost if it does not come before the next look,
 * which need not wait: two looks at once. */
void sequence_settle(struct sequence *q);

#endif
