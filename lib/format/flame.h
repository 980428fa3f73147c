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
#include "base/hash.h"

struct flame; /* opaque */

/* NULL after reporting. */
struct flame *flame_new(void);
void flame_free(struct flame *f);

/* A key for a new source of stacks, into which hash_mix() mixes all of a stack:
 * no two sources share entries. */
struct hash_key flame_source(struct flame *f);

/*
 * Count a stack that was added before: to what was counted in this pass, or in
 * place of what was in an earlier one.  Returns whether it was there.
 */
bool flame_count(
    struct flame *f, const struct hash_key *k, uint32_t pass, uint64_t count);

/* Add one with its text, which has no newline.  Returns 0, or -1 when memory
 * ran out: not reported. */
int flame_add(struct flame *f, const struct hash_key *k, const char *text,
    size_t len, uint32_t pass, uint64_t count);

/* Append a line for each text, sorted.  Out of memory: out->failed. */
void flame_write(const struct flame *f, struct buf *out);

#endif
