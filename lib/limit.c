#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>

#include "limit.h"
#include "report.h"

enum { NANO = 1000000000 };

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

/* The digits before a point, moving *s behind them. */
static uint64_t
whole_seconds(const char **s)
{
	uint64_t n = 0;

	for (; isdigit((unsigned char)**s); (*s)++)
		if (n <= SECONDS_MAX)
			n = n * 10 + (uint64_t)(**s - '0');
	return n;
}

/* The digits behind a point as ns; what is finer is cut off. */
static uint64_t
fraction_ns(const char **s)
{
	uint64_t ns = 0, unit = NANO / 10;

	for (; isdigit((unsigned char)**s); (*s)++, unit /= 10)
		ns += unit * (uint64_t)(**s - '0');
	return ns;
}

int
limit_seconds(const char *text, uint64_t *ns)
{
	const char *s = text;
	uint64_t seconds = whole_seconds(&s), fraction = 0;

	if (*s == '.') {
		s++;
		fraction = fraction_ns(&s);
	}
	if (*s != '\0' || seconds > SECONDS_MAX || (seconds | fraction) == 0) {
		report_error("-t: %s: not a number of seconds", text);
		return -1;
	}
	*ns = seconds * NANO + fraction;
	return 0;
}
