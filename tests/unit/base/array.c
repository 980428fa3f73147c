/* array: room that doubles. */
#include "base/array.h"
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
}

int
main(void)
{
	appending_many_reallocates_seldom();
	without_memory_nothing_changes();
	return check_done();
}
