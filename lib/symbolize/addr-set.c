#include <stdlib.h>

#include "symbolize/addr-set.h"

enum { FIRST_CAP = 64 };

void
known_free(struct known *k)
{
	free(k->addrs);
	free(k->notes);
	*k = (struct known){ 0 };
}

/* Where addr is, or would be. */
static size_t
place_of(const struct known *k, uint64_t addr)
{
	uint64_t h = addr * UINT64_C(0x9e3779b97f4a7c15);
	size_t i = (size_t)(h ^ h >> 32) & (k->cap - 1);

	while (k->notes[i] != 0 && k->addrs[i] != addr)
		i = (i + 1) & (k->cap - 1);
	return i;
}

unsigned char
known_get(const struct known *k, uint64_t addr)
{
	return k->n == 0 ? 0 : k->notes[place_of(k, addr)];
}

static int
grow(struct known *k)
{
	struct known to = { .cap = k->cap == 0 ? FIRST_CAP : k->cap * 2 };

	to.addrs = malloc(to.cap * sizeof(*to.addrs));
	to.notes = calloc(to.cap, 1);
	if (to.addrs == NULL || to.notes == NULL) {
		known_free(&to);
		return -1;
	}
	for (size_t i = 0; i < k->cap; i++)
		if (k->notes[i] != 0)
			known_set(&to, k->addrs[i], k->notes[i]);
	known_free(k);
	*k = to;
	return 0;
}

void
known_set(struct known *k, uint64_t addr, unsigned char note)
{
	size_t i;

	if (k->n == KNOWN_MAX)
		known_free(k);
	/* Half of it stays empty, so searches stay short. */
	if (k->n * 2 >= k->cap && grow(k) == -1) {
		known_free(k);
		return;
	}
	i = place_of(k, addr);
	if (k->notes[i] == 0)
		k->n++;
	k->addrs[i] = addr;
	k->notes[i] = note;
}
