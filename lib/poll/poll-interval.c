#include "poll/poll-interval.h"
#include "base/clock.h"

/* How full a buffer may be after a sleep. */
#define FILL_AIM (POLL_INTERVAL_FULL / 4)

enum {
	SLEEP_FIRST = 50000, /* ns: a first guess */
	SLEEP_LEAST = 20000, /* ns: a shorter one is not worth going to sleep */
	IDLE_LATENCIES = 2,  /* without a record, after which sleeps end */
};

static uint64_t
lower(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t
poll_interval_fill(uint64_t n, uint64_t size)
{
	if (n == 0)
		return 0;
	if (n >= size)
		return POLL_INTERVAL_FULL;
	return 1 +
	       (uint64_t)((double)n / (double)size * (POLL_INTERVAL_FULL - 1));
}

void
poll_interval_start(
    struct poll_interval *p, uint64_t latency_ns, uint64_t now_ns)
{
	*p = (struct poll_interval){ .latency = latency_ns, .polled = now_ns };
}

/* Returns the sleep after which the fullest buffer has the aimed-at fill, if
 * records go on coming as since the last poll.  The time for the work and for
 * waking up is part of that interval. */
static uint64_t
sleep_to_aim(const struct poll_interval *p, uint64_t fill, uint64_t since)
{
	uint64_t until = since * FILL_AIM / fill;
	uint64_t work = since > p->sleep ? since - p->sleep : 0;

	return until > work ? until - work : 0;
}

/* Returns the first sleep of a poller that was woken: the time between the last
 * records, unless that is more than the latency.  Then it goes on waiting. */
static uint64_t
first_sleep(const struct poll_interval *p, uint64_t fill, uint64_t gap)
{
	if (p->latency == 0 || (gap >= p->latency && fill < FILL_AIM))
		return POLL_INTERVAL_WAIT;
	return gap >= p->latency || gap < SLEEP_FIRST ? SLEEP_FIRST : gap;
}

uint64_t
poll_interval_next(struct poll_interval *p, uint64_t fill, uint64_t now_ns)
{
	/* A longer interval says no more, and this product does not overflow.
	 */
	uint64_t since = lower(now_ns - p->polled, CLOCK_SECOND);
	uint64_t gap = now_ns - p->found, ns;

	p->polled = now_ns;
	if (fill == 0 && (!p->sleeping || gap >= IDLE_LATENCIES * p->latency)) {
		p->sleeping = false;
		p->sleep = 0;
		return POLL_INTERVAL_WAIT;
	}
	if (!p->sleeping)
		ns = first_sleep(p, fill, gap);
	else
		ns = p->sleep < SLEEP_FIRST / 2 ? SLEEP_FIRST : p->sleep * 2;
	if (fill > 0) {
		p->found = now_ns;
		if (ns == POLL_INTERVAL_WAIT)
			return POLL_INTERVAL_WAIT;
		ns = lower(ns, sleep_to_aim(p, fill, since));
	}
	p->sleeping = true;
	p->sleep = lower(ns, p->latency);
	if (p->sleep < SLEEP_LEAST && p->sleep < p->latency)
		p->sleep = 0;
	return p->sleep;
}
