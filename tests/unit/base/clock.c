/* lib/base/clock: times as text, and back. */
#include "base/clock.h"
#include "check.h"

static void
check_parsed(const char *text, uint64_t want)
{
	uint64_t got = 0;

	CHECK_NUM(clock_parse(text, strlen(text), &got), 0);
	CHECK(got == want);
}

static void
check_not_parsed(const char *text)
{
	uint64_t got;

	CHECK_NUM(clock_parse(text, strlen(text), &got), -1);
}

static void
times_read_back(void)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} times[] = { { 0, "1970-01-01T00:00:00.000000000Z" },
		{ 1, "1970-01-01T00:00:00.000000001Z" },
		{ 999999999, "1970-01-01T00:00:00.999999999Z" },
		{ 1000000000, "1970-01-01T00:00:01.000000000Z" },
		{ UINT64_C(1764374400000000001),
		    "2025-11-29T00:00:00.000000001Z" },
		{ UINT64_C(951782399123456789),
		    "2000-02-28T23:59:59.123456789Z" } };
	char text[CLOCK_UTC_LEN + 1] = "";
	struct clock c = { 0 };

	/* Twice each, since the text of the last time is kept. */
	for (size_t i = 0; i < 2 * (sizeof(times) / sizeof(times[0])); i++) {
		CHECK(clock_utc(&c, text, times[i / 2].ns) ==
		      text + CLOCK_UTC_LEN);
		CHECK_STR(text, times[i / 2].text);
		check_parsed(text, times[i / 2].ns);
	}
}

static void
fractions_may_be_short(void)
{
	check_parsed("1970-01-01T00:00:01Z", 1000000000);
	check_parsed("1970-01-01T00:00:01.5Z", 1500000000);
	check_parsed("1970-01-01T00:00:01.123456789123Z", 1123456789);
}

static void
other_text_is_refused(void)
{
	check_not_parsed("");
	check_not_parsed("1970-01-01T00:00:01");
	check_not_parsed("1970-01-01T00:00:01.5");
	check_not_parsed("1970-01-01T00:00:01.5z");
	check_not_parsed("1970-01-01T00:00:01.5Z ");
	check_not_parsed("1970-01-01T00:00:01ZZ");
	check_not_parsed("1970-01-01 00:00:01Z");
	check_not_parsed("1970-01-01T00:00:0xZ");
	check_not_parsed("1969-12-31T23:59:59Z");
	check_not_parsed("9999-01-01T00:00:00Z");
}

int
main(void)
{
	times_read_back();
	fractions_may_be_short();
	other_text_is_refused();
	return check_done();
}
