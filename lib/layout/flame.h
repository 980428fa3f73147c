/*
 * Folded stacks: counts how often each stack was seen, or adds up what each
 * weighs, and writes the lines from which flame graphs are drawn,
 * "comm;main;f 12".  A stack is identified
 * by a hash of its record's bytes, so that its text is made only once.
 */
#ifndef SKEL_LAYOUT_FLAME_H
#define SKEL_LAYOUT_FLAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"

struct flame; /* opaque */

/* Returns NULL after reporting an error. */
struct flame *flame_new(void);
void flame_free(struct flame *f);

/* Make the key of a source of stacks, for hash_mix() to mix each stack into.
 * Stacks of different sources are different entries.  Each number is a source;
 * 0 is another one each time. */
struct hash_key flame_source(struct flame *f, uint64_t number);

/*
 * Add count to a stack that was added before; a count of an earlier pass is
 * replaced.  Returns whether the stack was there.
 */
bool flame_count(
    struct flame *f, const struct hash_key *k, uint32_t pass, uint64_t count);

/* Add a stack with its text, which has no newline.  Returns 0, or -1 without a
 * report when memory ran out. */
int flame_add(struct flame *f, const struct hash_key *k, const char *text,
    size_t len, uint32_t pass, uint64_t count);

/* Whether no stack was added. */
bool flame_is_empty(const struct flame *f);

/* A text with its count, which may be 0. */
struct flame_stack {
	const char *text; /* borrowed */
	size_t len;
	uint64_t count;
};

/* Returns an array of all texts, sorted by their bytes, which the caller frees;
 * or NULL without a report when memory ran out. */
struct flame_stack *flame_sort(const struct flame *f, size_t *n);

/* Append a line for each text, sorted.  If memory runs out, out->failed is set.
 */
void flame_write(const struct flame *f, struct buf *out);

/* Why a record could not be weighed. */
enum flame_fault {
	FLAME_NO_WEIGHT,       /* its member is absent or no integer */
	FLAME_NEGATIVE_WEIGHT, /* less than 0 */
	FLAME_FAULTS,
};

/* Note that a record weighed nothing because of a fault. */
void flame_note_fault(struct flame *f, enum flame_fault fault);
uint64_t flame_faults(const struct flame *f, enum flame_fault fault);

/* Note that the count of a record itself did not fit 64 bits. */
void flame_note_overflow(struct flame *f);

/* Whether a sum did not fit 64 bits and is the largest number in its place:
 * that of one stack, or of the stacks with one text. */
bool flame_overflowed(const struct flame *f);

#endif
