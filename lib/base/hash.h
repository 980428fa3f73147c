/*
 * Hash tables of elements that are found by 128 bits: two numbers, or a hash of
 * something longer.  Elements are kept in the order they came, and the oldest
 * can be dropped, so a table can be a cache with a bound.
 */
#ifndef SKEL_BASE_HASH_H
#define SKEL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The first member of every element. */
struct hash_key {
	uint64_t a, b;
};

/*
 * Initialise with { .size = sizeof(struct element) }.  Where an element is
 * found depends on random bits of this process, so that nobody can choose keys
 * that collide.
 */
struct hash {
	size_t size;   /* bytes of an element */
	uint64_t seed; /* 0: set to random bits with the first element */
	size_t n;
	size_t cap;      /* elements there is room for: 0 or a power of two */
	size_t oldest;   /* index in v of the first element */
	char *v;         /* owned: a ring of cap elements */
	uint32_t *slots; /* owned: 2 * cap; 0 or an index in v, plus one */
};

/* Release the elements, but nothing that they own; h is empty afterwards. */
void hash_free(struct hash *h);

/* The element of a key, or NULL. */
void *hash_find(const struct hash *h, struct hash_key key);

/*
 * Add an element, zeroed but for its key, which must not be in the table yet.
 * Returns NULL, with the table as it was, if memory runs out (counted by
 * base/nomem.h, not reported).  The other elements move.
 */
void *hash_add(struct hash *h, struct hash_key key);

/* The element at position i, from the oldest, 0, to the newest. */
void *hash_at(const struct hash *h, size_t i);

/* Remove hash_at(h, 0). */
void hash_drop_oldest(struct hash *h);

/* Mix len bytes, and their number, into a key: equal keys mean equal data but
 * for a chance of about 2^-100, if the key was random at first. */
void hash_mix(struct hash_key *key, const void *data, size_t len);

/* What to begin hash_mix() with: random bits that stay the same in this
 * process. */
struct hash_key hash_start(void);

/* Fill key with random bits.  Returns 0, or -1 after reporting. */
int hash_random(struct hash_key *key);

#endif
