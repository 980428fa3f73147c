/* lib/base/parse-number: digits up to one character, and nothing else. */
#include "base/parse-number.h"
#include "check.h"

static void
check_digits(const char *text, int base, char end, uint64_t want)
{
	const char *p = text;
	uint64_t got = 0;

	CHECK(parse_digits(&p, base, end, &got));
	CHECK(got == want);
	CHECK(p == strchr(text, end) + 1);
}

static void
check_no_digits(const char *text, int base, char end)
{
	const char *p = text;
	uint64_t got;

	CHECK(!parse_digits(&p, base, end, &got));
	CHECK(p == text);
}

int
main(void)
{
	check_digits("12 rest", 10, ' ', 12);
	check_digits("ff-", 16, '-', 255);
	check_digits("18446744073709551615 ", 10, ' ', UINT64_MAX);
	check_no_digits("18446744073709551616 ", 10, ' ');
	check_no_digits("12-13 ", 10, ' ');
	check_no_digits("12", 10, ' ');
	check_no_digits("-1 ", 10, ' ');
	check_no_digits("+1 ", 10, ' ');
	check_no_digits(" 1 ", 10, ' ');
	check_no_digits("a ", 10, ' ');
	check_no_digits("", 10, ' ');
	check_no_digits(" ", 10, ' ');
	return check_done();
}
