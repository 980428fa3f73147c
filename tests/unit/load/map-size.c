/* lib/load/map-size: the sizes that an option gives. */
#include "load/map-size.h"
#include "check.h"

static void
check_sizes(const char *text, const char *pattern, uint32_t entries,
    uint32_t value_size, uint32_t pages)
{
	struct map_size s;

	CHECK_NUM(map_size_parse(&s, text), 0);
	CHECK_STR(s.pattern, pattern);
	CHECK_NUM(s.entries, entries);
	CHECK_NUM(s.value_size, value_size);
	CHECK_NUM(s.pages, pages);
	map_size_free(&s);
}

static void
check_no_sizes(const char *text, const char *said)
{
	struct map_size s;

	check_forget();
	CHECK_NUM(map_size_parse(&s, text), -1);
	CHECK_SAID(said);
	CHECK(s.pattern == NULL);
}

static void
test_parse(void)
{
	check_sizes("rb=entries:1", "rb", 1, 0, 0);
	check_sizes("*=entries:16M", "*", 16 << 20, 0, 0);
	check_sizes("a=entries:3G", "a", UINT32_C(3) << 30, 0, 0);
	check_sizes("a=entries:4294967295", "a", UINT32_MAX, 0, 0);
	check_sizes("a=entries:7,value_size:1K,pages:9", "a", 7, 1024, 9);
	check_sizes("a=pages:1024K", "a", 0, 0, 1 << 20);
	check_no_sizes("a", "expected MAP=entries:N");
	check_no_sizes("=entries:1", "expected MAP=entries:N");
	check_no_sizes("a=entries:1,entries:2", "entries is given twice");
	check_no_sizes("a=", "unknown size \"\"");
	check_no_sizes("a=entries:1,", "unknown size \"\"");
	check_no_sizes("a=entries=1", "unknown size \"entries=1\"");
	check_no_sizes("a=entries:", "\"\" is not a number");
	check_no_sizes("a=entries:K", "\"K\" is not a number");
	check_no_sizes("a=entries:-1", "\"-1\" is not a number");
	check_no_sizes("a=entries:1KB", "\"1KB\" is not a number");
	check_no_sizes("a=entries:0K", "0K is not from 1 to 4294967295");
	check_no_sizes("a=entries:4G", "4G is not from 1 to 4294967295");
	check_no_sizes("a=entries:4294967296", "is not from 1 to 4294967295");
	check_no_sizes(
	    "a=entries:99999999999999999999G", "is not from 1 to 4294967295");
	check_no_sizes("a=pages:1025K", "is not from 1 to 1048576");
}

static void
test_pages(void)
{
	static char all[] = "*", rb[] = "rb?";
	const struct map_size s[] = { { .pattern = all, .pages = 4 },
		{ .pattern = rb, .pages = 8 },
		{ .pattern = all, .entries = 16 } };

	CHECK_NUM(map_sizes_pages(s, 3, "rb1"), 8);
	CHECK_NUM(map_sizes_pages(s, 3, "rb"), 4);
	CHECK_NUM(map_sizes_pages(s, 0, "rb"), 0);
}

int
main(void)
{
	test_parse();
	test_pages();
	return check_done();
}
