#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

enum { UTC_SECOND = 20 }; /* 2026-11-22T14:48:01. */

static uint64_t
clock_read_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * CLOCK_SECOND + (uint64_t)ts.tv_nsec;
}

uint64_t
clock_now(void)
{
	return clock_read_ns(CLOCK_REALTIME);
}

uint64_t
clock_elapsed(void)
{
	return clock_read_ns(CLOCK_MONOTONIC);
}

int
clock_timer_new(void)
{
	return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
}

static struct timespec
timespec_of(uint64_t ns)
{
	return (struct timespec){
		.tv_sec = (time_t)(ns / CLOCK_SECOND),
		.tv_nsec = (long)(ns % CLOCK_SECOND),
	};
}

int
clock_timer_set(int timer, uint64_t first_ns, uint64_t then_ns)
{
	struct itimerspec t = {
		.it_value = timespec_of(first_ns),
		.it_interval = timespec_of(then_ns),
	};

	return timerfd_settime(timer, 0, &t, NULL);
}

uint64_t
clock_timer_expired(int timer)
{
	uint64_t n;

	return read(timer, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

/* The timer itself, of the latest time that there is, never expires. */
int
clock_steps_new(void)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	struct itimerspec t = { .it_value.tv_sec = LONG_MAX };

	if (fd != -1 &&
	    timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &t,
		NULL) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

bool
clock_steps_read(int steps)
{
	uint64_t n;

	return read(steps, &n, sizeof(n)) == -1 && errno == ECANCELED;
}

/* Fill c->utc but for the nanoseconds. */
static void
keep_second(struct clock *c, uint64_t second)
{
	time_t t = (time_t)second;
	struct tm tm;
	char *p = c->utc;

	gmtime_r(&t, &tm);
	p = text_digits(p, (uint64_t)tm.tm_year + 1900, 4);
	*p++ = '-';
	p = text_digits(p, (uint64_t)tm.tm_mon + 1, 2);
	*p++ = '-';
	p = text_digits(p, (uint64_t)tm.tm_mday, 2);
	*p++ = 'T';
	p = text_digits(p, (uint64_t)tm.tm_hour, 2);
	*p++ = ':';
	p = text_digits(p, (uint64_t)tm.tm_min, 2);
	*p++ = ':';
	p = text_digits(p, (uint64_t)tm.tm_sec, 2);
	*p = '.';
	c->utc[CLOCK_UTC_LEN - 1] = 'Z';
	c->utc_end = second + 1;
}

char *
clock_utc_changed(struct clock *c, char *p, uint64_t time_ns)
{
	uint64_t second = time_ns / CLOCK_SECOND;

	if (c->utc_end != second + 1)
		keep_second(c, second);
	text_nanoseconds(
	    c->utc + UTC_SECOND, (uint32_t)(time_ns - second * CLOCK_SECOND));
	c->utc_ns = time_ns;
	return clock_write_kept(c, p);
}

char *
clock_local(struct clock *c, char *p, uint64_t time_ns)
{
	uint64_t second = time_ns / CLOCK_SECOND;
	time_t t = (time_t)second;
	struct tm tm;
	char *q = c->local;

	if (c->local_end != second + 1) {
		localtime_r(&t, &tm);
		q = text_digits(q, (uint64_t)tm.tm_hour, 2);
		*q++ = ':';
		q = text_digits(q, (uint64_t)tm.tm_min, 2);
		*q++ = ':';
		text_digits(q, (uint64_t)tm.tm_sec, 2);
		c->local_end = second + 1;
	}
	memcpy(p, c->local, CLOCK_LOCAL_LEN);
	return p + CLOCK_LOCAL_LEN;
}

/* The number that the n digits at s are. */
static int
clock_digits(const char *s, int n)
{
	int v = 0;

	for (; n > 0; n--, s++)
		v = v * 10 + (*s - '0');
	return v;
}

/* Parse what follows the seconds, ".5Z" or "Z".  Returns ns, or -1. */
static int64_t
parse_fraction(const char *s, const char *end)
{
	int64_t ns = 0, unit = (int64_t)CLOCK_SECOND / 10;

	if (s < end && *s == '.') {
		for (s++; s < end && *s >= '0' && *s <= '9'; s++, unit /= 10)
			ns += (*s - '0') * unit;
	}
	return s + 1 == end && *s == 'Z' ? ns : -1;
}

int
clock_parse(const char *s, uint64_t n, uint64_t *time_ns)
{
	static const char shape[] = "0000-00-00T00:00:00";
	struct tm tm = { 0 };
	int64_t ns;
	time_t t;

	if (n < sizeof(shape))
		return -1;
	for (size_t i = 0; i < sizeof(shape) - 1; i++)
		if (shape[i] != (s[i] >= '0' && s[i] <= '9' ? '0' : s[i]))
			return -1;
	tm.tm_year = clock_digits(s, 4) - 1900;
	tm.tm_mon = clock_digits(s + 5, 2) - 1;
	tm.tm_mday = clock_digits(s + 8, 2);
	tm.tm_hour = clock_digits(s + 11, 2);
	tm.tm_min = clock_digits(s + 14, 2);
	tm.tm_sec = clock_digits(s + 17, 2);
	ns = parse_fraction(s + sizeof(shape) - 1, s + n);
	t = timegm(&tm);
	if (ns < 0 || t < 0 || (uint64_t)t > UINT64_MAX / CLOCK_SECOND - 1)
		return -1;
	*time_ns = (uint64_t)t * CLOCK_SECOND + (uint64_t)ns;
	return 0;
}
