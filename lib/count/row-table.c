#include <stdlib.h>
#include <string.h>

#include "base/nomem.h"
#include "count/row-table.h"

enum { FIRST_ROOM = 64 };

#define ROW_MASK UINT64_C(0xffffffff)

void
row_table_init(struct row_table *t, size_t key_size, size_t row_size)
{
	*t = (struct row_table){
		.key_size = key_size, .row_size = row_size, .seed = hash_start()
	};
}

void
row_table_free(struct row_table *t)
{
	free(t->rows);
	free(t->slots);
	*t = (struct row_table){ 0 };
}

static inline uint64_t
hash_of(const struct row_table *t, const void *key)
{
	struct hash_key k = t->seed;

	hash_mix(&k, key, t->key_size);
	return (k.a ^ k.b * UINT64_C(0x9e3779b97f4a7c15)) ^ k.a >> 32;
}

/* The slot of a key, or the free one where it would be.  Half of the slots are
 * free at least, so searches are short. */
static inline size_t
find_slot(const struct row_table *t, const void *key, uint64_t hash)
{
	size_t mask = t->cap * 2 - 1, i = (size_t)hash & mask;

	for (; t->slots[i] != 0; i = (i + 1) & mask) {
		if ((t->slots[i] ^ hash) >> 32 != 0)
			continue;
		if (memcmp(row_table_at(t, (t->slots[i] & ROW_MASK) - 1), key,
			t->key_size) == 0)
			break;
	}
	return i;
}

void *
row_table_find(const struct row_table *t, const void *key)
{
	uint64_t slot;

	if (t->n == 0)
		return NULL;
	slot = t->slots[find_slot(t, key, hash_of(t, key))];
	return slot == 0 ? NULL : row_table_at(t, (slot & ROW_MASK) - 1);
}

static void
set_slot(struct row_table *t, size_t row)
{
	const void *key = row_table_at(t, row);
	uint64_t hash = hash_of(t, key);

	t->slots[find_slot(t, key, hash)] = (hash & ~ROW_MASK) | (row + 1);
}

static bool
grow(struct row_table *t)
{
	size_t cap = t->cap == 0 ? FIRST_ROOM : t->cap * 2;
	uint64_t *slots = calloc(cap * 2, sizeof(*slots));
	unsigned char *rows = NULL;

	if (slots != NULL && cap < ROW_MASK)
		rows = reallocarray(t->rows, cap, t->row_size);
	if (rows == NULL) {
		free(slots);
		nomem_note();
		return false;
	}
	free(t->slots);
	t->rows = rows;
	t->slots = slots;
	t->cap = cap;
	for (size_t i = 0; i < t->n; i++)
		set_slot(t, i);
	return true;
}

void *
row_table_add(struct row_table *t, const void *key)
{
	unsigned char *row;

	if (t->n == t->cap && !grow(t))
		return NULL;
	row = row_table_at(t, t->n);
	memcpy(row, key, t->key_size);
	memset(row + t->key_size, 0, t->row_size - t->key_size);
	set_slot(t, t->n++);
	return row;
}

void
row_table_clear(struct row_table *t)
{
	if (t->n > 0)
		memset(t->slots, 0, t->cap * 2 * sizeof(*t->slots));
	t->n = 0;
}
