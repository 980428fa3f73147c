#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse-limit.h"
#include "base/report.h"

enum {
	NANO = 1000000000,
	LATENCY_MAX = 1000, /* ms */
};

#define SECONDS_MAX (UINT64_C(100) * 366 * 86400)

int
limit_records(const char *text, uint64_t *records)
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
 * The number in text, of units of unit ns, which may have a point and digits
 * behind it; what is finer than a ns is cut off.  Returns 0, or -1 when it is
 * no number or more than max units.
 */
static int
read_fraction(const char *text, uint64_t unit, uint64_t max, uint64_t *ns)
{
	const char *s = text;
	uint64_t n = 0, fraction = 0;

	for (; isdigit((unsigned char)*s); s++)
		if (n <= max)
			n = n * 10 + (uint64_t)(*s - '0');
	*ns = n * unit;
	if (*s == '.')
		for (s++; isdigit((unsigned char)*s); s++) {
			unit /= 10;
			fraction += unit * (uint64_t)(*s - '0');
		}
	*ns += fraction;
	if (*s != '\0' || n > max || strpbrk(text, "0123456789") == NULL)
		return -1;
	return 0;
}

int
limit_seconds(const char *text, uint64_t *ns)
{
	if (read_fraction(text, NANO, SECONDS_MAX, ns) == 0 && *ns > 0)
		return 0;
	report_error("-t: %s: not a number of seconds", text);
	return -1;
}

int
limit_latency(const char *text, uint64_t *ns)
{
	if (read_fraction(text, NANO / 1000, LATENCY_MAX, ns) == 0 &&
	    *ns <= (uint64_t)LATENCY_MAX * (NANO / 1000))
		return 0;
	report_error("--latency: %s: not a number of milliseconds up to %d",
	    text, LATENCY_MAX);
	return -1;
}
