#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "query/query-time.h"

/* A place in the text of a time. */
struct time_text {
	const char *p, *end;
};

/* Read exactly n digits. */
static bool
read_digits(struct time_text *t, int n, int *out)
{
	*out = 0;
	for (; n > 0; n--, t->p++) {
		if (t->p == t->end || *t->p < '0' || *t->p > '9')
			return false;
		*out = *out * 10 + (*t->p - '0');
	}
	return true;
}

static bool
read_char(struct time_text *t, char c)
{
	if (t->p == t->end || *t->p != c)
		return false;
	t->p++;
	return true;
}

/* Read the digits behind the point of a second. */
static bool
read_fraction(struct time_text *t, int64_t *ns)
{
	const char *start = t->p;
	int64_t unit = (int64_t)CLOCK_SECOND / 10;

	for (; t->p < t->end && *t->p >= '0' && *t->p <= '9'; t->p++) {
		*ns += (*t->p - '0') * unit;
		unit /= 10;
	}
	return t->p > start;
}

/* Read "10:00", "10:00:05" or "10:00:05.25". */
static bool
read_clock(struct time_text *t, struct tm *tm, int64_t *ns)
{
	if (!read_digits(t, 2, &tm->tm_hour) || !read_char(t, ':') ||
	    !read_digits(t, 2, &tm->tm_min) || tm->tm_hour > 23 ||
	    tm->tm_min > 59)
		return false;
	if (!read_char(t, ':'))
		return true;
	return read_digits(t, 2, &tm->tm_sec) && tm->tm_sec <= 60 &&
	       (!read_char(t, '.') || read_fraction(t, ns));
}

/* Read "Z" or "+01:00", if it is there.  Returns false for anything else. */
static bool
read_zone(struct time_text *t, bool *local, int *seconds)
{
	int sign = 1, hours, minutes;

	*local = false;
	*seconds = 0;
	if (t->p == t->end) {
		*local = true;
		return true;
	}
	if (read_char(t, 'Z'))
		return t->p == t->end;
	if (read_char(t, '-'))
		sign = -1;
	else if (!read_char(t, '+'))
		return false;
	if (!read_digits(t, 2, &hours) || !read_char(t, ':') ||
	    !read_digits(t, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return t->p == t->end;
}

bool
query_time_parse(const char *text, size_t len, int64_t *time_ns)
{
	struct time_text t = { text, text + len };
	struct tm tm = { .tm_isdst = -1 };
	int64_t ns = 0;
	int seconds;
	bool local;
	time_t time;

	if (!read_digits(&t, 4, &tm.tm_year) || !read_char(&t, '-') ||
	    !read_digits(&t, 2, &tm.tm_mon) || !read_char(&t, '-') ||
	    !read_digits(&t, 2, &tm.tm_mday) || tm.tm_year < 1970 ||
	    tm.tm_year > 2261 || tm.tm_mon < 1 || tm.tm_mon > 12 ||
	    tm.tm_mday < 1 || tm.tm_mday > 31)
		return false;
	if ((read_char(&t, ' ') || read_char(&t, 'T')) &&
	    !read_clock(&t, &tm, &ns))
		return false;
	if (!read_zone(&t, &local, &seconds))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	time = local ? mktime(&tm) : timegm(&tm);
	*time_ns = ((int64_t)time - seconds) * (int64_t)CLOCK_SECOND + ns;
	return true;
}
