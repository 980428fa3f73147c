#include <stdlib.h>

#include "symbolize/addr-set.h"

enum { FIRST_CAP = 64 };

void
addr_set_free(struct addr_set *k)
{
	free(k->addrs);
	free(k->notes);
	*k = (struct addr_set){ 0 };
}

/* Where addr is, or would be. */
static size_t
place_of(const struct addr_set *k, uint64_t addr)
{
	uint64_t h = addr * UINT64_C(0x9e3779b97f4a7c15);
	size_t i = (size_t)(h ^ h >> 32) & (k->cap - 1);

	while (k->notes[i] != 0 && k->addrs[i] != addr)
		i = (i + 1) & (k->cap - 1);
	return i;
}

unsigned char
addr_set_get(const struct addr_set *k, uint64_t addr)
{
	return k->n == 0 ? 0 : k->notes[place_of(k, addr)];
}

static int
grow(struct addr_set *k)
{
	struct addr_set to = { .cap = k->cap == 0 ? FIRST_CAP : k->cap * 2 };

	to.addrs = malloc(to.cap * sizeof(*to.addrs));
	to.notes = calloc(to.cap, 1);
	if (to.addrs == NULL || to.notes == NULL) {
		addr_set_free(&to);
		return -1;
	}
	for (size_t i = 0; i < k->cap; i++)
		if (k->notes[i] != 0)
			addr_set_set(&to, k->addrs[i], k->notes[i]);
	addr_set_free(k);
	*k = to;
	return 0;
}

void
addr_set_set(struct addr_set *k, uint64_t addr, unsigned char note)
{
	size_t i;

	if (k->n == ADDR_SET_MAX)
		addr_set_free(k);
	/* Half of it stays empty, so searches stay short. */
	if (k->n * 2 >= k->cap && grow(k) == -1) {
		addr_set_free(k);
		return;
	}
	i = place_of(k, addr);
	if (k->notes[i] == 0)
		k->n++;
	k->addrs[i] = addr;
	k->notes[i] = note;
}
