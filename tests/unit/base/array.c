/* lib/base/array: room that doubles, and a search by address. */
#include "base/array.h"
#include "base/nomem.h"
#include "check.h"

enum { COUNT = 1000000 };

static void
appending_many_reallocates_seldom(void)
{
	uint32_t *v = NULL;
	size_t n = 0, cap = 0, before, grown = 0;

	for (; n < COUNT; n++) {
		before = cap;
		CHECK(array_room(v, n, cap));
		grown += cap != before;
		CHECK(cap > n);
		v[n] = (uint32_t)n;
	}
	CHECK(grown < 20);
	for (n = 0; n < COUNT; n++)
		CHECK(v[n] == n);
	free(v);
}

/* The sanitizer would end the program where realloc(3) has to fail. */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void
without_memory_nothing_changes(void)
{
	struct large {
		char bytes[1 << 20];
	} *v = NULL;
	size_t cap = SIZE_MAX / 4;

	/* More bytes than size_t counts. */
	CHECK(!array_room(v, cap, cap));
	CHECK(v == NULL && cap == SIZE_MAX / 4);
	CHECK_NUM(nomem_count(), 1);
}

static void
as_many_are_below_as_begin_no_later(void)
{
	static const struct {
		uint64_t addr;
		char more[8];
	} v[] = { { 10, "" }, { 20, "" }, { 20, "" }, { UINT64_MAX, "" } };
	static const struct {
		uint64_t addr;
		size_t below;
	} want[] = { { 0, 0 }, { 9, 0 }, { 10, 1 }, { 11, 1 }, { 19, 1 },
		{ 20, 3 }, { 21, 3 }, { UINT64_MAX - 1, 3 },
		{ UINT64_MAX, 4 } };

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		CHECK_NUM(array_count_below(v, 4, sizeof(v[0]), want[i].addr),
		    want[i].below);
	CHECK_NUM(array_count_below(NULL, 0, 8, 1), 0);
}

int
main(void)
{
	appending_many_reallocates_seldom();
	without_memory_nothing_changes();
	as_many_are_below_as_begin_no_later();
	return check_done();
}
