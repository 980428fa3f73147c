/*
 * Measure the age of JSON records when they arrive: CLOCK_MONOTONIC after
 * read(2) minus their "duration_ns", which is the time when they were
 *submitted.
 *
 *	lag
 *
 * Prints the median and the 99th percentile in nanoseconds, and the number of
 * records.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static uint64_t *lags;
static size_t nlags, room;

static void
add_lag(uint64_t lag)
{
	if (nlags == room) {
		room = room > 0 ? room * 2 : 1 << 20;
		lags = reallocarray(lags, room, sizeof(*lags));
		if (lags == NULL)
			err(1, "lags");
	}
	lags[nlags++] = lag;
}

/*
 * Parse all complete lines in the n bytes at s, which were read at the time
 * now. Returns how many bytes these lines have.
 */
static size_t
parse_lines(const char *s, size_t n, uint64_t now)
{
	static const char name[] = "\"duration_ns\":";
	const char *p = s, *end, *number;

	while ((end = memchr(p, '\n', n - (size_t)(p - s))) != NULL) {
		number = memmem(p, (size_t)(end - p), name, sizeof(name) - 1);
		if (number != NULL)
			add_lag(now -
				strtoull(number + sizeof(name) - 1, NULL, 10));
		p = end + 1;
	}
	return (size_t)(p - s);
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int
main(void)
{
	static char in[1 << 20];
	size_t have = 0, used;
	ssize_t n;

	while ((n = read(STDIN_FILENO, in + have, sizeof(in) - have)) > 0) {
		have += (size_t)n;
		used = parse_lines(in, have, clock_elapsed());
		memmove(in, in + used, have - used);
		have -= used;
	}
	if (n == -1 || nlags == 0)
		errx(1, "no records");
	qsort(lags, nlags, sizeof(*lags), compare);
	printf("%llu %llu %zu\n", (unsigned long long)lags[nlags / 2],
	    (unsigned long long)lags[nlags - 1 - nlags / 100], nlags);
	free(lags);
	return 0;
}
