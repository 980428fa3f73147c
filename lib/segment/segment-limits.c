#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/util.h"
#include "segment/segment-limits.h"

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit times[] = { { "", 1000000000 }, { "ms", 1000000 },
	{ "s", 1000000000 }, { "m", UINT64_C(60000000000) },
	{ "h", UINT64_C(3600000000000) }, { "d", UINT64_C(86400000000000) } };
static const struct unit sizes[] = { { "", 1 }, { "K", 1 << 10 },
	{ "M", 1 << 20 }, { "G", 1 << 30 } };

/* The longest time, ten years, and the largest size and number. */
#define TIME_MOST (UINT64_C(3653) * 86400 * 1000000000)
#define SIZE_MOST (UINT64_C(1) << 50)

/* Parses a number from 1 to most with one of n units.  Returns false if it is
 * none. */
static bool
parse_units(uint64_t *out, const char *text, const struct unit *units, size_t n,
    uint64_t most)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long long number;

	errno = 0;
	number = strtoull(text, NULL, 10);
	for (size_t i = 0; i < n && digits > 0 && errno == 0; i++)
		if (strcmp(text + digits, units[i].name) == 0)
			return number > 0 &&
			       !__builtin_mul_overflow(
				   number, units[i].factor, out) &&
			       *out <= most;
	return false;
}

int
segment_limits_parse_time(uint64_t *ns, const char *option, const char *text)
{
	if (parse_units(ns, text, times, nitems(times), TIME_MOST))
		return 0;
	report_error("%s: \"%s\" is no time; expected one such as 30s, 5m or "
		     "1h, at most 3653d",
	    option, text);
	return -1;
}

int
segment_limits_parse(struct segment_limits *l, int option, const char *text)
{
	if (option == 'T')
		return segment_limits_parse_time(&l->time_ns, "-T", text);
	if (option == 'C') {
		if (parse_units(
			&l->bytes, text, sizes, nitems(sizes), SIZE_MOST))
			return 0;
		report_error("-C: \"%s\" is no size; expected bytes such as "
			     "65536, 512K, 64M or 1G",
		    text);
		return -1;
	}
	if (parse_units(&l->records, text, sizes, 1, SIZE_MOST))
		return 0;
	report_error("-N: \"%s\" is not a number of records, at least 1", text);
	return -1;
}
