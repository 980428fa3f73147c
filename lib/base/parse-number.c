#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/parse-number.h"
#include "base/report.h"

enum { LATENCY_MAX = 1000 }; /* ms */

#define SECONDS_MAX (UINT64_C(100) * 366 * 86400)

bool
parse_digits(const char **p, int base, char end, uint64_t *out)
{
	char *rest;

	/* strtoull(3) would skip blanks and accept a sign. */
	if (!isxdigit((unsigned char)**p))
		return false;
	errno = 0;
	*out = strtoull(*p, &rest, base);
	if (errno != 0 || rest == *p || *rest != end)
		return false;
	*p = rest + 1;
	return true;
}

int
parse_records(const char *text, uint64_t *records)
{
	const char *problem;
	long long n = strtonum(text, 1, INT64_MAX, &problem);

	if (problem != NULL) {
		report_error("-n: %s: not a number of records", text);
		return -1;
	}
	*records = (uint64_t)n;
	return 0;
}

/*
 * Parse a decimal number of units, each of unit ns; digits finer than a ns are
 * cut off.  Returns 0, or -1 if text is no number or is more than max units.
 */
static int
parse_units(const char *text, uint64_t unit, uint64_t max, uint64_t *ns)
{
	const uint64_t limit = unit * max;
	const char *s = text;
	uint64_t n = 0;

	for (; isdigit((unsigned char)*s); s++)
		if (n <= max)
			n = n * 10 + (uint64_t)(*s - '0');
	*ns = n * unit;
	if (*s == '.')
		for (s++; isdigit((unsigned char)*s); s++) {
			unit /= 10;
			*ns += unit * (uint64_t)(*s - '0');
		}
	return *s == '\0' && n <= max && *ns <= limit &&
		       strpbrk(text, "0123456789") != NULL
		   ? 0
		   : -1;
}

int
parse_seconds(const char *text, uint64_t *ns)
{
	if (parse_units(text, CLOCK_SECOND, SECONDS_MAX, ns) == 0 && *ns > 0)
		return 0;
	report_error("-t: %s: not a number of seconds", text);
	return -1;
}

int
parse_latency(const char *text, uint64_t *ns)
{
	if (parse_units(text, CLOCK_SECOND / 1000, LATENCY_MAX, ns) == 0)
		return 0;
	report_error("--latency: %s: not a number of milliseconds up to %d",
	    text, LATENCY_MAX);
	return -1;
}
