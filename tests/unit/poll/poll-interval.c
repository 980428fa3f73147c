/* lib/poll/poll-interval: how long the poller sleeps, with a clock that the
 * test sets.
 */
#include "poll/poll-interval.h"
#include "check.h"

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)

/* A buffer that is filled at an even rate, and a reader that empties it. */
struct scene {
	struct poll_interval interval;
	uint64_t size, rate; /* bytes; bytes a second, in records of RECORD */
	uint64_t work;       /* ns to wake up and empty the buffer */
	uint64_t now;
	/* Results: the number of wake-ups, the longest sleep, the largest fill
	 * after the first twenty wake-ups, and how many times in a row there
	 * was no sleep. */
	uint64_t looks, longest, fullest, none, waits;
};

enum { RECORD = 184 };

static uint64_t
between(const struct scene *s)
{
	return RECORD * SECOND / s->rate;
}

static void
begin(struct scene *s, uint64_t latency, uint64_t size, uint64_t rate)
{
	*s = (struct scene){ .size = size, .rate = rate, .now = SECOND };
	poll_interval_start(&s->interval, latency, s->now);
}

/* Runs the scene for this time. */
static void
go_on(struct scene *s, uint64_t ns)
{
	uint64_t end = s->now + ns, taken = s->now, sleep, part, n;

	while (s->now < end) {
		n = (s->now - taken) / between(s);
		part = poll_interval_fill(n * RECORD, s->size);
		taken += n * between(s);
		sleep = poll_interval_next(&s->interval, part, s->now);
		if (++s->looks > 20 && part > s->fullest)
			s->fullest = part;
		s->now += s->work;
		if (sleep == POLL_INTERVAL_WAIT) {
			s->waits++;
			if (s->now < taken + between(s))
				s->now = taken + between(s);
			continue;
		}
		s->none += sleep == 0;
		if (sleep > s->longest)
			s->longest = sleep;
		s->now += sleep;
	}
}

static void
few_records_wake_their_reader(void)
{
	struct scene s;

	begin(&s, 10 * MS, 1 << 20, RECORD * 20); /* every 50 ms */
	go_on(&s, 10 * SECOND);
	CHECK_NUM(s.longest, 0);
	CHECK_NUM(s.waits, s.looks);
	CHECK(s.looks >= 200 && s.looks <= 402);
}

static void
many_records_are_taken_as_often_as_the_latency_says(void)
{
	static const uint64_t rates[] = { 1000, 10000, 100000, 1000000 };
	struct scene s;

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		begin(&s, 10 * MS, 64 << 20, RECORD * rates[i]);
		go_on(&s, 10 * SECOND);
		CHECK_NUM(s.longest, 10 * MS);
		CHECK(s.looks >= 1000 && s.looks <= 1030);
	}
	begin(&s, MS / 2, 64 << 20, RECORD * 10000);
	go_on(&s, SECOND);
	CHECK_NUM(s.longest, MS / 2);
}

/* At any rate, and whatever reading costs, as long as the reader is faster than
 * the writer. */
static void
no_buffer_gets_fuller_than_it_should(void)
{
	static const uint64_t sizes[] = { 4096, 1 << 16, 1 << 20, 64 << 20 };
	static const uint64_t rates[] = { 10000, 1000000, 5000000 };
	struct scene s;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (size_t k = 0; k < sizeof(rates) / sizeof(rates[0]); k++) {
			begin(&s, 10 * MS, sizes[i], RECORD * rates[k]);
			s.work = sizes[i] * SECOND / s.rate / 8;
			if (s.work > MS)
				s.work = MS;
			go_on(&s, SECOND);
			CHECK(s.fullest <= POLL_INTERVAL_FULL * 3 / 8);
			CHECK(s.fullest > 0);
		}
}

static void
a_flood_is_not_slept_through(void)
{
	struct poll_interval p;
	uint64_t now = SECOND, first;

	poll_interval_start(&p, 10 * MS, now);
	/* After the first record alone nothing is known; the second starts the
	 * pace. */
	CHECK_NUM(poll_interval_next(&p, 1, now += SECOND), POLL_INTERVAL_WAIT);
	first = poll_interval_next(&p, 200, now += 2000);
	CHECK(first > 0 && first <= MS / 10);
	/* If the buffer is too full the sleep shrinks at once, down to nothing.
	 */
	CHECK(poll_interval_next(&p, POLL_INTERVAL_FULL / 2, now += first) <
	      first);
	CHECK_NUM(poll_interval_next(&p, POLL_INTERVAL_FULL, now += first), 0);
	CHECK_NUM(poll_interval_next(&p, POLL_INTERVAL_FULL, now += MS), 0);
}

static void
a_burst_that_woke_nobody_is_not_slept_through(void)
{
	struct poll_interval p;

	poll_interval_start(&p, 10 * MS, SECOND);
	CHECK_NUM(poll_interval_next(&p, POLL_INTERVAL_FULL, 2 * SECOND), 0);
}

static void
when_no_more_comes_naps_end(void)
{
	struct scene s;
	uint64_t sleep, slept = 0;

	begin(&s, 10 * MS, 1 << 20, RECORD * 10000);
	go_on(&s, SECOND);
	poll_interval_next(&s.interval, 10, s.now);
	while ((sleep = poll_interval_next(&s.interval, 0, s.now + slept)) !=
	       POLL_INTERVAL_WAIT) {
		CHECK(sleep > 0 && sleep <= 10 * MS);
		slept += sleep;
	}
	CHECK_NUM(slept, 20 * MS);
	CHECK_NUM(poll_interval_next(&s.interval, 0, s.now + slept),
	    POLL_INTERVAL_WAIT);
}

static void
without_latency_there_are_no_naps(void)
{
	struct scene s;

	begin(&s, 0, 1 << 20, RECORD * 100000);
	go_on(&s, SECOND);
	CHECK_NUM(s.waits, s.looks);
}

/* Extremes: days without a record, the largest fill, the smallest. */
static void
extremes_do_no_harm(void)
{
	static const uint64_t fills[] = { 0, 1, POLL_INTERVAL_FULL };
	struct poll_interval p;

	for (size_t i = 0; i < sizeof(fills) / sizeof(fills[0]); i++) {
		uint64_t sleep;

		poll_interval_start(&p, SECOND, 0);
		poll_interval_next(&p, fills[i], UINT64_MAX / 2);
		sleep = poll_interval_next(&p, fills[i], UINT64_MAX / 2);
		CHECK(sleep <= SECOND || sleep == POLL_INTERVAL_WAIT);
	}
	CHECK_NUM(poll_interval_fill(0, 4096), 0);
	CHECK_NUM(poll_interval_fill(4096, 4096), POLL_INTERVAL_FULL);
	CHECK_NUM(poll_interval_fill(UINT64_MAX, 4096), POLL_INTERVAL_FULL);
	CHECK_NUM(poll_interval_fill(1, UINT64_MAX), 1);
	CHECK(poll_interval_fill(2048, 4096) >= POLL_INTERVAL_FULL / 2 - 1);
	CHECK(poll_interval_fill(2048, 4096) <= POLL_INTERVAL_FULL / 2 + 1);
}

int
main(void)
{
	few_records_wake_their_reader();
	many_records_are_taken_as_often_as_the_latency_says();
	no_buffer_gets_fuller_than_it_should();
	a_flood_is_not_slept_through();
	a_burst_that_woke_nobody_is_not_slept_through();
	when_no_more_comes_naps_end();
	without_latency_there_are_no_naps();
	extremes_do_no_harm();
	return check_done();
}
