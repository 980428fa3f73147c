/*
 * Folded stacks: counts how often each stack was seen, and writes the lines
 * from which flame graphs are drawn, "comm;main;f 12".  A stack is identified
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

/* Make the key of a new source of stacks, for hash_mix() to mix each stack
 * into. Stacks of different sources are different entries. */
struct hash_key flame_source(struct flame *f);

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

/* Append a line for each text, sorted.  If memory runs out, out->failed is set.
 */
void flame_write(const struct flame *f, struct buf *out);

#endif
