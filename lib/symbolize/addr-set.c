#include "symbolize/addr-set.h"

struct addr_note {
	struct hash_key key; /* the address, 0 */
	unsigned char note;
};

void
addr_set_free(struct addr_set *s)
{
	hash_free(&s->hash);
}

unsigned char
addr_set_get(const struct addr_set *s, uint64_t addr)
{
	const struct addr_note *e =
	    hash_find(&s->hash, (struct hash_key){ addr, 0 });

	return e != NULL ? e->note : 0;
}

void
addr_set_set(struct addr_set *s, uint64_t addr, unsigned char note)
{
	const struct hash_key key = { addr, 0 };
	struct addr_note *e = hash_find(&s->hash, key);

	if (e == NULL) {
		s->hash.size = sizeof(*e);
		if (s->hash.n == ADDR_SET_MAX)
			hash_free(&s->hash);
		if ((e = hash_add(&s->hash, key)) == NULL) {
			hash_free(&s->hash);
			return;
		}
	}
	e->note = note;
}
