/* lib/metrics/key-walk: the key that comes next. */
#include <string.h>

#include "check.h"
#include "metrics/key-walk.h"

static const char *const keys[] = { "..aaaa..", "..bbbb..", "..cccc..",
	"..dddd.." };

static const unsigned char *
record(size_t key)
{
	return (const unsigned char *)keys[key];
}

/* Whether the walk knows the key; if it does not, it is told. */
static bool
step(struct key_walk *w, uint64_t era, size_t key)
{
	size_t place = SIZE_MAX;

	if (key_walk_find(w, era, record(key), &place)) {
		CHECK(place == key);
		return true;
	}
	key_walk_note(w, era, record(key), key);
	return false;
}

static void
check_order(void)
{
	struct key_walk w = { .offset = 2, .len = 4 };

	for (size_t i = 0; i < 4; i++)
		CHECK(!step(&w, 0, i));
	for (int pass = 0; pass < 3; pass++) {
		key_walk_end_pass(&w);
		for (size_t i = 0; i < 4; i++)
			CHECK(step(&w, 0, i));
	}
	/* More than in the last pass. */
	CHECK(!step(&w, 0, 0));
	/* One that is gone puts the others off, once. */
	key_walk_end_pass(&w);
	CHECK(step(&w, 0, 0));
	CHECK(!step(&w, 0, 2));
	CHECK(!step(&w, 0, 3));
	key_walk_end_pass(&w);
	CHECK(step(&w, 0, 0));
	CHECK(step(&w, 0, 2));
	CHECK(step(&w, 0, 3));
	key_walk_free(&w);
}

static void
check_era(void)
{
	struct key_walk w = { .offset = 2, .len = 4 };

	CHECK(!step(&w, 0, 0));
	CHECK(!step(&w, 0, 1));
	key_walk_end_pass(&w);
	CHECK(step(&w, 0, 0));
	/* The places are others now. */
	CHECK(!step(&w, 1, 1));
	CHECK(!step(&w, 1, 2));
	key_walk_end_pass(&w);
	CHECK(step(&w, 1, 1));
	CHECK(step(&w, 1, 2));
	key_walk_free(&w);
}

static void
check_bounds(void)
{
	struct key_walk none = { 0 }, w = { .len = sizeof(uint32_t) };
	unsigned char bytes[sizeof(uint32_t)];
	size_t place;

	/* Without a length, no key is known. */
	CHECK(!step(&none, 0, 0));
	key_walk_end_pass(&none);
	CHECK(!step(&none, 0, 0));
	key_walk_free(&none);
	for (uint32_t i = 0; i < KEY_WALK_KEYS + 10; i++) {
		memcpy(bytes, &i, sizeof(bytes));
		key_walk_note(&w, 0, bytes, i);
	}
	CHECK(w.n == KEY_WALK_KEYS);
	key_walk_end_pass(&w);
	for (uint32_t i = 0; i < KEY_WALK_KEYS + 10; i++) {
		memcpy(bytes, &i, sizeof(bytes));
		CHECK(
		    key_walk_find(&w, 0, bytes, &place) == (i < KEY_WALK_KEYS));
	}
	key_walk_free(&w);
}

int
main(void)
{
	check_order();
	check_era();
	check_bounds();
	return check_done();
}
