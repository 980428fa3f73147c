/*
 * Held records: a queue of records whose addresses and numbers have no names
 * yet.
 *
 * Names are found by another process than the one that reads records, so that
 * an address may be told after the first record that contains it (the header
 * has "symbols":"follow", see skel-stream(5)), and so may the name of a user
 * ("names":"follow").  Who shows names keeps the record here until the stores
 * have all of them, or the word that there are none, but not for ever.
 *
 * Whatever is put in while something waits comes out behind it, in the order in
 * which it was put in: also records whose names are there, and lines that are
 * no records but have to keep their place among them.
 *
 * Only the first record is looked at.  Its addresses are read when it becomes
 * the first, and after more names only those that lacked them are looked up,
 * from the first one on.
 */
#ifndef SKEL_RECORD_HELD_RECORDS_H
#define SKEL_RECORD_HELD_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "kinds/name-store.h"
#include "record/stack-layout.h"
#include "record/symbol-store.h"
#include "stream/header.h"

enum {
	HELD_RECORD = 0, /* the kind of binary records; no other kind waits */
	/* The first goes out as it is when there are more, or when all together
	 * have more bytes. */
	HELD_RECORDS_MAX = 1 << 16,
	HELD_BYTES_MAX = 16 << 20,
	/* A set of stacks with both. */
	HELD_BOTH_SIDES = 1U << STACK_KERNEL | 1U << STACK_USER,
	HELD_NAMES = 1U << STACK_SIDES, /* beside stacks: names of numbers */
	HELD_ALL = HELD_BOTH_SIDES | HELD_NAMES,
};

/* How long a record waits, by the clock of the caller. */
#define HELD_RECORDS_NS CLOCK_SECOND

struct held_record {
	unsigned int kind; /* HELD_RECORD, or any other number of the caller */
	unsigned int map;
	uint64_t time_ns; /* of a record; else any number of the caller */
	const unsigned char *data; /* borrowed */
	size_t len;
};

struct held_records; /* opaque */

/* Make an empty queue.  h and the stores are borrowed; without one, NULL, no
 * record waits for such names, nor does one of a host whose names come first.
 * Returns NULL after reporting that memory ran
 * out. */
struct held_records *held_records_new(const struct stream_header *h,
    const struct symbol_store *symbols, const struct name_store *names);

/* The same, in which the records of all maps wait for all names. */
struct held_records *held_records_new_all(const struct stream_header *h,
    const struct symbol_store *symbols, const struct name_store *names);
void held_records_free(struct held_records *q);

/*
 * Let the records of a map wait for names: what is a set of HELD_NAMES and, for
 * the stacks of a side, 1 << enum stack_side, as far as the records have such
 * stacks and these are shown with symbols.  Records of other maps never wait
 * for themselves.  Returns 0, or -1 after reporting that memory ran out.
 */
int held_records_add_map(
    struct held_records *q, unsigned int map, unsigned int what);

/* Whether a record in the queue may need names of this process, or, with 0, of
 * the kernel; true more often than it has to be. */
bool held_records_need(const struct held_records *q, uint64_t pid);

/* Keep less: what takes so many bytes of memory, and one record more. */
void held_records_limit(struct held_records *q, size_t bytes);

/* How many are in the queue. */
size_t held_records_count(const struct held_records *q);

/*
 * Whether a record has to be put into the queue: it is not empty, or the names
 * of the record are not there.  The record has at least the map's least_size
 * bytes.
 */
bool held_records_must_wait(struct held_records *q, unsigned int map,
    const unsigned char *data, size_t len);

/*
 * Put a copy into the queue at the time now, in ns by any clock that does not
 * go back.  The caller then takes out what may go: it may be too many now.
 * Returns 0, or -1 after reporting that memory ran out.
 */
int held_records_put(
    struct held_records *q, const struct held_record *r, uint64_t now);

/*
 * Set *r to the first one, if it may go out: all of its names are in the
 * stores, its time is over by now, or the queue is too long.  *r is
 * borrowed until held_records_put() or held_records_drop(), which removes it.
 * Returns whether there is one.  With now UINT64_MAX all may go.
 */
bool held_records_first(
    struct held_records *q, uint64_t now, struct held_record *r);
void held_records_drop(struct held_records *q);

/* When the time of the first one is over; UINT64_MAX if the queue is empty. */
uint64_t held_records_deadline(const struct held_records *q);

/*
 * The time by which a reader of a stream measures how long records wait.  It
 * passes while the reader waits for its input, and for a tenth of a second at
 * most between two waits.  So the names that are in the pipe are read before a
 * record goes out without them, also if the output was blocked for minutes, as
 * by a pager, or the process was stopped.
 */
struct held_clock {
	uint64_t now;     /* ns */
	uint64_t checked; /* clock_elapsed() when now was set; 0: never */
	bool stopped; /* it does not pass: the input is a file with all of its
			 lines */
};

/* Note that the input was waited for, for waited_ms at most; -1: without a
 * limit, when no record has to go out. */
void held_clock_note_wait(struct held_clock *c, int waited_ms);

/* For how many ms the input may be waited for: most_ms (-1: no limit), or less
 * if the first record of q, which may be NULL, must go out before. */
int held_clock_wait_ms(
    const struct held_clock *c, const struct held_records *q, int most_ms);

#endif
