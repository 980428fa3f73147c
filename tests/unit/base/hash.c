/* hash: elements by 128 bits, in the order they came. */
#include <string.h>

#include "base/hash.h"
#include "base/util.h"
#include "check.h"

struct element {
	struct hash_key key;
	uint64_t value;
};

enum { WINDOW = 3000, STEPS = 100000 };

/* The key of number i: few in the second half, and all alike in the first for
 * forms 1 and 2, so that many fall near each other. */
static struct hash_key
key_of(uint64_t i, int form)
{
	switch (form) {
	case 0:
		return (struct hash_key){ i, i * 3 };
	case 1:
		return (struct hash_key){ 7, i };
	default:
		return (struct hash_key){ i << 40, 0 };
	}
}

/* Of all that were added, only the last up to WINDOW are there. */
static void
the_oldest_are_dropped(int form, uint64_t seed)
{
	struct hash h = { .size = sizeof(struct element), .seed = seed };
	const struct element *found;
	struct element *e;

	CHECK(hash_find(&h, key_of(0, form)) == NULL);
	for (uint64_t i = 0; i < STEPS; i++) {
		size_t window = i % 7000 < 3500 ? WINDOW : WINDOW / 10;

		while (h.n >= window)
			hash_drop_oldest(&h);
		CHECK(hash_find(&h, key_of(i, form)) == NULL);
		e = hash_add(&h, key_of(i, form));
		CHECK(e->value == 0);
		e->value = i + 1;
		if (i % 100 != 0)
			continue;
		for (size_t k = 0; k < h.n; k++) {
			uint64_t at = i + 1 - h.n + k;

			found = hash_find(&h, key_of(at, form));
			CHECK(found != NULL && found->value == at + 1);
			CHECK(found == hash_at(&h, k));
		}
		if (i >= h.n)
			CHECK(hash_find(&h, key_of(i - h.n, form)) == NULL);
	}
	/* The table has room for twice the window at most. */
	CHECK(h.cap < 2 * WINDOW);
	hash_free(&h);
	CHECK_NUM(h.n, 0);
	CHECK(hash_find(&h, key_of(STEPS - 1, form)) == NULL);
	hash_free(&h);
}

/* Where keys are must not be known to who chooses them. */
static void
every_table_has_a_seed(void)
{
	struct hash h = { .size = sizeof(struct element) };

	CHECK(hash_add(&h, (struct hash_key){ 1, 2 }) != NULL);
	CHECK(h.seed != 0 && h.seed == hash_start().a);
	hash_free(&h);
}

static void
data_that_differ_have_other_keys(void)
{
	static const char *const texts[] = { "", "a", "b", "ab", "12345678",
		"123456789", "1234567812345678", "12345678123456781" };
	struct hash_key start, keys[nitems(texts)];

	CHECK_NUM(hash_random(&start), 0);
	for (size_t i = 0; i < nitems(texts); i++) {
		keys[i] = start;
		hash_mix(&keys[i], texts[i], strlen(texts[i]));
		for (size_t k = 0; k < i; k++)
			CHECK(keys[i].a != keys[k].a && keys[i].b != keys[k].b);
	}
	/* A NUL counts. */
	keys[0] = keys[1] = start;
	hash_mix(&keys[0], "a\0", 2);
	hash_mix(&keys[1], "a", 1);
	CHECK(keys[0].a != keys[1].a && keys[0].b != keys[1].b);
}

int
main(void)
{
	for (int form = 0; form < 3; form++) {
		the_oldest_are_dropped(form, 0);
		the_oldest_are_dropped(form, 0x123456789abcdef);
	}
	every_table_has_a_seed();
	data_that_differ_have_other_keys();
	return check_done();
}
