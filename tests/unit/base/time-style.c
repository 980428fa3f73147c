/* lib/base/time-style: times in each style, and formats that are refused. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/time-style.h"
#include "check.h"

#define TIME (UINT64_C(1795358881) * CLOCK_SECOND + 123456789)

static void
check_written(const char *style, enum style escape, uint64_t time_ns,
    const char *want, int line)
{
	struct time_style s;
	char text[TIME_STYLE_MAX + 1];

	CHECK_NUM(time_style_parse(&s, style), 0);
	s.style = escape;
	/* Twice, since the text of a second is kept. */
	for (int i = 0; i < 2; i++) {
		*time_style_write(&s, text, time_ns) = '\0';
		check_str(text, want, __FILE__, line);
	}
}

#define WRITTEN(style, want)                                                   \
	check_written((style), STYLE_VIS, TIME, (want), __LINE__)

static void
each_style_has_its_text(void)
{
	WRITTEN("iso", "2026-11-22T14:48:01.123456789Z");
	WRITTEN("local", "2026-11-22T09:18:01.123456789-05:30");
	WRITTEN("unix", "1795358881.123456789");
	WRITTEN("ns", "1795358881123456789");
	WRITTEN("delta", "0.000000000");
	WRITTEN("%F %T", "2026-11-22 09:18:01");
	WRITTEN("%T.%N", "09:18:01.123456789");
	WRITTEN("%3N%1N,%6N", "1231,123456");
	WRITTEN("%-d|%e|%^a|%s|%z|%%", "22|22|SUN|1795358881|-0530|%");
	check_written(
	    "iso", STYLE_VIS, 0, "1970-01-01T00:00:00.000000000Z", __LINE__);
	check_written(
	    "unix", STYLE_VIS, UINT64_MAX, "18446744073.709551615", __LINE__);
	check_written(
	    "ns", STYLE_VIS, UINT64_MAX, "18446744073709551615", __LINE__);
	check_written("%Y", STYLE_VIS, UINT64_MAX, "2554", __LINE__);
}

/* A fraction is found behind what escaping has inserted. */
static void
formats_are_escaped(void)
{
	static const char format[] = "\"%M\\%2N\",%1N";
	static const struct {
		enum style style;
		const char *want;
	} all[] = {
		{ STYLE_JSON, "\\\"18\\\\12\\\",1" },
		{ STYLE_CSV, "\"\"\"18\\12\"\",1\"" },
		{ STYLE_TSV, "\"18\\\\12\",1" },
		{ STYLE_VIS, "\"18\\12\",1" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		check_written(
		    format, all[i].style, TIME, all[i].want, __LINE__);
}

static void
check_next(struct time_style *s, uint64_t time_ns, const char *want, int line)
{
	char text[TIME_STYLE_MAX + 1];

	*time_style_write(s, text, time_ns) = '\0';
	check_str(text, want, __FILE__, line);
}

static void
seconds_follow_each_other(void)
{
	struct time_style s;

	CHECK_NUM(time_style_parse(&s, "%S.%3N"), 0);
	s.style = STYLE_VIS;
	check_next(&s, TIME, "01.123", __LINE__);
	check_next(&s, TIME + CLOCK_SECOND / 2, "01.623", __LINE__);
	check_next(&s, TIME + CLOCK_SECOND, "02.123", __LINE__);
	check_next(&s, TIME, "01.123", __LINE__);
}

/* Deltas are between records; within one, from its own time. */
static void
deltas_are_between_records(void)
{
	struct time_style s;
	char text[TIME_STYLE_MAX + 1];

	CHECK_NUM(time_style_parse(&s, "delta"), 0);
	check_next(&s, TIME, "0.000000000", __LINE__);
	check_next(&s, TIME + 12345, "0.000012345", __LINE__);
	check_next(&s, TIME + 12345, "0.000000000", __LINE__);
	*time_style_write_within(&s, text, TIME, TIME + 2 * CLOCK_SECOND) =
	    '\0';
	CHECK_STR(text, "-2.000000000");
	check_next(&s, TIME, "-0.000012345", __LINE__);
	check_next(&s, UINT64_MAX, "16651385192.586094826", __LINE__);
}

/* What is longer than a column is rare: a number of seconds in deltas. */
static void
widths_suffice(void)
{
	static const char *const styles[] = { "iso", "local", "unix", "ns",
		"%A %B %d %T.%N", "ü%H" };
	char text[TIME_STYLE_MAX + 1];
	struct time_style s;

	for (size_t i = 0; i < 5; i++) {
		CHECK_NUM(time_style_parse(&s, styles[i]), 0);
		s.style = STYLE_VIS;
		*time_style_write(&s, text, TIME) = '\0';
		CHECK(strlen(text) <= time_style_width(&s));
	}
	CHECK_NUM(time_style_parse(&s, styles[5]), 0);
	CHECK_NUM(time_style_width(&s), 3);
}

static void
refused(const char *text, const char *said, int line)
{
	struct time_style s;

	check_forget();
	check_num(time_style_parse(&s, text), -1, __FILE__, line);
	check_said(said, __FILE__, line);
}

#define REFUSED(text, said) refused((text), (said), __LINE__)

static void
other_styles_are_refused(void)
{
	char longest[TIME_STYLE_RAW_MAX + 3];

	REFUSED("", "--time: unknown style \"\"; expected iso, local,");
	REFUSED("ISO", "--time: unknown style \"ISO\"");
	REFUSED("%", "--time: unknown conversion \"%\"; see strftime(3)");
	REFUSED("%H%", "--time: unknown conversion \"%\"");
	REFUSED("%Q", "--time: unknown conversion \"%Q\"");
	REFUSED("%c", "--time: unknown conversion \"%c\"");
	REFUSED("%n", "--time: unknown conversion \"%n\"");
	REFUSED("%0N", "--time: unknown conversion \"%0N\"");
	REFUSED("%10N", "--time: unknown conversion \"%10\"");
	REFUSED("%999d", "--time: unknown conversion \"%99\"");
	REFUSED("%5d", "--time: unknown conversion \"%5d\"");
	REFUSED("%Ey", "--time: unknown conversion \"%Ey\"");
	REFUSED("%H\n", "--time: a format has no control characters");
	REFUSED("%H\xff", "--time: the format is not UTF-8");
	REFUSED("%N%N%N%N%N%N%N%N%N", "--time: at most 8 times %N");
	memset(longest, 'x', sizeof(longest));
	memcpy(longest + sizeof(longest) - 3, "%H", 3);
	REFUSED(longest, "--time: the format gives more than 128 bytes");
	WRITTEN(longest + 2, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			     "xxxxxxxxxxxxxxxxxxxxxxxxxxxx09");
}

/* The name of a zone, and what is longer at another time, is cut. */
static void
texts_are_bounded(void)
{
	char format[3 * 40 + 1] = "", text[TIME_STYLE_MAX + 1];
	struct time_style s;

	for (int i = 0; i < 40; i++)
		strcat(format, "%Z ");
	setenv("TZ", "UTC0", 1);
	tzset();
	check_forget();
	CHECK_NUM(time_style_parse(&s, format), -1);
	format[3 * 30] = '\0';
	CHECK_NUM(time_style_parse(&s, format), 0);
	setenv("TZ", "<+ABCDEFGHIJKLM>0", 1);
	tzset();
	s.style = STYLE_CSV;
	CHECK(time_style_write(&s, text, TIME) <= text + TIME_STYLE_RAW_MAX);
}

int
main(void)
{
	setenv("TZ", "<-0530>5:30", 1);
	tzset();
	each_style_has_its_text();
	formats_are_escaped();
	seconds_follow_each_other();
	deltas_are_between_records();
	widths_suffice();
	other_styles_are_refused();
	texts_are_bounded();
	return check_done();
}
