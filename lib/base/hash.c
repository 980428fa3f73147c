#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/nomem.h"
#include "base/report.h"

enum { FIRST_ROOM = 64 };

void
hash_free(struct hash *h)
{
	free(h->v);
	free(h->slots);
	*h = (struct hash){ .size = h->size };
}

static inline struct hash_key *
hash_element(const struct hash *h, size_t index)
{
	return (struct hash_key *)(void *)(h->v + index * h->size);
}

/* The slot where the search for a key starts. */
static inline size_t
hash_home(const struct hash *h, struct hash_key key)
{
	uint64_t x = (key.a ^ h->seed) * UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 32 ^ key.b) * UINT64_C(0xd6e8feb86659fd93);
	return (size_t)(x ^ x >> 32) & (h->cap * 2 - 1);
}

/* The slot of a key, or the free one where it would be.  Half of the slots are
 * free at least, so searches are short. */
static inline size_t
hash_slot(const struct hash *h, struct hash_key key)
{
	size_t i = hash_home(h, key);

	for (; h->slots[i] != 0; i = (i + 1) & (h->cap * 2 - 1)) {
		const struct hash_key *at = hash_element(h, h->slots[i] - 1);

		if (at->a == key.a && at->b == key.b)
			break;
	}
	return i;
}

void *
hash_find(const struct hash *h, struct hash_key key)
{
	uint32_t place = h->n > 0 ? h->slots[hash_slot(h, key)] : 0;

	return place == 0 ? NULL : hash_element(h, place - 1);
}

void *
hash_at(const struct hash *h, size_t i)
{
	return hash_element(h, (h->oldest + i) & (h->cap - 1));
}

static struct hash_key start;
static pthread_once_t start_once = PTHREAD_ONCE_INIT;

static void
set_start(void)
{
	struct timespec now;

	if (getentropy(&start, sizeof(start)) == 0)
		return;
	/* Better than nothing: where the program is in memory, and the time. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	start = (struct hash_key){ (uintptr_t)&start, (uint64_t)now.tv_nsec };
}

struct hash_key
hash_start(void)
{
	pthread_once(&start_once, set_start);
	return start;
}

static bool
hash_grow(struct hash *h)
{
	struct hash to = *h;
	size_t first = h->cap - h->oldest;

	to.cap = h->cap == 0 ? FIRST_ROOM : h->cap * 2;
	to.oldest = 0;
	if (to.seed == 0)
		to.seed = hash_start().a;
	to.v = reallocarray(NULL, to.cap, h->size);
	to.slots = calloc(to.cap * 2, sizeof(*to.slots));
	if (to.v == NULL || to.slots == NULL || to.cap > UINT32_MAX / 2) {
		free(to.v);
		free(to.slots);
		nomem_note();
		return false;
	}
	if (h->n > 0) {
		/* The table is full: its elements are those from
		 * the oldest to the end of v, then those before the oldest. */
		memcpy(to.v, hash_element(h, h->oldest), first * h->size);
		memcpy(to.v + first * h->size, h->v, h->oldest * h->size);
	}
	for (uint32_t i = 0; i < to.n; i++)
		to.slots[hash_slot(&to, *hash_element(&to, i))] = i + 1;
	free(h->v);
	free(h->slots);
	*h = to;
	return true;
}

void *
hash_add(struct hash *h, struct hash_key key)
{
	struct hash_key *e;
	size_t i;

	if (h->n == h->cap && !hash_grow(h))
		return NULL;
	i = (h->oldest + h->n++) & (h->cap - 1);
	h->slots[hash_slot(h, key)] = (uint32_t)i + 1;
	e = hash_element(h, i);
	memset(e, 0, h->size);
	*e = key;
	return e;
}

void
hash_drop_oldest(struct hash *h)
{
	size_t mask = h->cap * 2 - 1;
	size_t free_slot = hash_slot(h, *hash_element(h, h->oldest)), i, home;

	/* An element after the free slot moves there, unless its search starts
	 * after it. */
	for (i = (free_slot + 1) & mask; h->slots[i] != 0; i = (i + 1) & mask) {
		home = hash_home(h, *hash_element(h, h->slots[i] - 1));
		if (((i - home) & mask) < ((i - free_slot) & mask))
			continue;
		h->slots[free_slot] = h->slots[i];
		free_slot = i;
	}
	h->slots[free_slot] = 0;
	h->oldest = (h->oldest + 1) & (h->cap - 1);
	h->n--;
}

static inline struct hash_key
hash_mix_word(struct hash_key key, uint64_t w)
{
	key.a = (key.a ^ w) * UINT64_C(0x9e3779b97f4a7c15);
	key.a ^= key.a >> 32;
	key.b = (key.b + w) * UINT64_C(0xd6e8feb86659fd93);
	key.b ^= key.b >> 29;
	return key;
}

void
hash_mix(struct hash_key *key, const void *data, size_t len)
{
	const unsigned char *p = data;
	/* A copy, which the compiler can keep in registers: the bytes at p
	 * might be those of *key. */
	struct hash_key k = hash_mix_word(*key, len);
	uint64_t w;

	for (; len >= sizeof(w); len -= sizeof(w), p += sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		k = hash_mix_word(k, w);
	}
	if (len > 0) {
		w = 0;
		memcpy(&w, p, len);
		k = hash_mix_word(k, w);
	}
	*key = k;
}

int
hash_random(struct hash_key *key)
{
	/* Not arc4random_buf(3), because libbsd's exits if it finds no memory.
	 */
	if (getentropy(key, sizeof(*key)) == 0)
		return 0;
	report_error("cannot get random numbers: %s", strerror(errno));
	return -1;
}
