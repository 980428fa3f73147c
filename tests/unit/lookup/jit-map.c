/* lib/lookup/jit-map: lists of generated functions, also invalid ones. */
#include <malloc.h>
#include <stdlib.h>

#include "check.h"
#include "lookup/jit-map.h"

static struct jit_map m;

static void
parse(const char *text, size_t n)
{
	struct buf b = { 0 };

	buf_add(&b, text, n);
	jit_map_parse(&m, &b);
	buf_free(&b);
}

static const char *
at(uint64_t addr)
{
	const struct jit_symbol *s = jit_map_find(&m, addr);

	return s != NULL ? s->name : "";
}

static void
check_list(void)
{
	static const char text[] = "2000 10 b\n"
				   "1000 10 a with blanks\n"
				   "1000 20 a again\n"
				   "nonsense\n"
				   "3000 0 empty\n"
				   "4000 10 \n"
				   "-1 10 x\n"
				   "5000 -10 x\n"
				   "fffffffffffffff0 20 end";

	parse(text, strlen(text));
	CHECK_NUM(m.n, 3);
	CHECK_STR(at(0xfff), "");
	/* A later function replaces an earlier one at its address. */
	CHECK_STR(at(0x1000), "a again");
	CHECK_STR(at(0x101f), "a again");
	CHECK_STR(at(0x1020), "");
	CHECK_STR(at(0x200f), "b");
	CHECK_STR(at(0x2010), "");
	CHECK_STR(at(UINT64_MAX), "end");
	parse("", 0);
	CHECK_STR(at(0x1000), "");
}

/* Parses n lines, whose addresses are the numbers below that, or all the same.
 */
static void
parse_many(size_t n, bool same)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%zx 1 a\n", same ? 1 : i);
	jit_map_parse(&m, &b);
	buf_free(&b);
}

/* What a process lists takes no more memory than is counted. */
static void
check_memory(void)
{
	parse_many(JIT_MAP_FUNCTIONS_MAX + 1000, false);
	CHECK_NUM(m.n, JIT_MAP_FUNCTIONS_MAX);
	CHECK_STR(at(JIT_MAP_FUNCTIONS_MAX - 1), "a");
	CHECK_STR(at(JIT_MAP_FUNCTIONS_MAX), "");
	CHECK(malloc_usable_size(m.v) + m.text.cap < jit_map_bytes(&m) + 4096);
	parse_many(10000, true);
	CHECK_NUM(m.n, 1);
	CHECK_STR(at(1), "a");
	CHECK(malloc_usable_size(m.v) < 1000);
}

static void
check_random(void)
{
	char text[512];

	srandom(1);
	for (int round = 0; round < 5000; round++) {
		size_t n = check_noise(text, sizeof(text), "01f- x\n\0", 8);

		parse(text, n);
		at((uint64_t)random());
	}
}

int
main(void)
{
	check_list();
	check_memory();
	check_random();
	jit_map_free(&m);
	return check_done();
}
