/*
 * Row tables: rows of one size that are found by the bytes with which they
 * begin, the key.  Keys are compared as a whole; where a row is found depends
 * on random bits of this process, so that nobody can choose keys that collide.
 */
#ifndef SKEL_COUNT_ROW_TABLE_H
#define SKEL_COUNT_ROW_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

struct row_table {
	size_t key_size; /* bytes that are compared */
	size_t row_size; /* key and the rest, a multiple of 8 */
	size_t n;
	size_t cap;          /* rows there is room for: 0 or a power of two */
	unsigned char *rows; /* owned */
	/* Owned, 2 * cap: 0, or the number of a row plus one, with half of its
	 * hash above. */
	uint64_t *slots;
	struct hash_key seed;
};

/* Make an empty table.  Allocates nothing yet. */
void row_table_init(struct row_table *t, size_t key_size, size_t row_size);
void row_table_free(struct row_table *t);

/* The row of a key, or NULL. */
void *row_table_find(const struct row_table *t, const void *key);

/* Add a row, zeroed but for its key, which must not be there yet.  Returns NULL
 * if memory runs out, which is counted (base/nomem.h), not reported.  The other
 * rows may move. */
void *row_table_add(struct row_table *t, const void *key);

/* Remove all rows, but keep the memory. */
void row_table_clear(struct row_table *t);

static inline void *
row_table_at(const struct row_table *t, size_t i)
{
	return t->rows + i * t->row_size;
}

#endif
