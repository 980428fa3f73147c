/*
 * Folded stacks: how often each was seen, as the lines that flame graphs are
 * drawn from, "comm;main;f 12".  A stack is found again by a hash of what it
 * was made from, so its text is made once only.
 */
#ifndef SKEL_FORMAT_FLAME_H
#define SKEL_FORMAT_FLAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct flame; /* opaque */

/* What a stack is found by: start with flame_start(), then mix all of it. */
struct flame_key {
	uint64_t a, b;
};

/* NULL after reporting. */
struct flame *flame_new(void);
void flame_free(struct flame *f);

/* The key of nothing, for a new source of stacks: no two share entries. */
struct flame_key flame_source(struct flame *f);

void flame_mix(struct flame_key *k, const void *data, size_t len);

/*
 * Count a stack that was added before: to what was counted in this pass, or in
 * place of what was in an earlier one.  Returns whether it was there.
 */
bool flame_count(
    struct flame *f, const struct flame_key *k, uint32_t pass, uint64_t count);

/* Add one with its text, which has no newline.  Returns 0, or -1 when memory
 * ran out: not reported. */
int flame_add(struct flame *f, const struct flame_key *k, const char *text,
    size_t len, uint32_t pass, uint64_t count);

/* Append a line for each text, sorted.  Out of memory: out->failed. */
void flame_write(const struct flame *f, struct buf *out);

#endif
