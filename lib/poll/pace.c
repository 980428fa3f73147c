#include "poll/pace.h"
#include "base/clock.h"

#define FILL_AIM (PACE_FULL / 4) /* how full a buffer may be after a nap */

enum {
	NAP_FIRST = 50000, /* ns: a first guess */
	NAP_LEAST = 20000, /* ns: a shorter one is not worth going to sleep */
	LINGER = 2, /* naps end after so many latencies without a record */
};

static uint64_t
lower(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t
pace_part(uint64_t n, uint64_t size)
{
	if (n == 0)
		return 0;
	if (n >= size)
		return PACE_FULL;
	return 1 + (uint64_t)((double)n / (double)size * (PACE_FULL - 1));
}

void
pace_start(struct pace *p, uint64_t latency_ns, uint64_t now_ns)
{
	*p = (struct pace){ .latency = latency_ns, .looked = now_ns };
}

/* Returns the nap after which the fullest buffer has the aimed-at fill, if
 * records go on coming as since the last look.  The time for the work and for
 * waking up is part of that interval. */
static uint64_t
nap_to_aim(const struct pace *p, uint64_t fill, uint64_t since)
{
	uint64_t until = since * FILL_AIM / fill;
	uint64_t work = since > p->nap ? since - p->nap : 0;

	return until > work ? until - work : 0;
}

/* Returns the first nap of a poller that was woken: the time between the last
 * records, unless that is more than the latency.  Then it goes on waiting. */
static uint64_t
first_nap(const struct pace *p, uint64_t fill, uint64_t gap)
{
	if (p->latency == 0 || (gap >= p->latency && fill < FILL_AIM))
		return PACE_WAIT;
	return gap >= p->latency || gap < NAP_FIRST ? NAP_FIRST : gap;
}

uint64_t
pace_next(struct pace *p, uint64_t fill, uint64_t now_ns)
{
	/* A longer interval says no more, and this product does not overflow.
	 */
	uint64_t since = lower(now_ns - p->looked, CLOCK_SECOND);
	uint64_t gap = now_ns - p->found, nap;

	p->looked = now_ns;
	if (fill == 0 && (!p->napping || gap >= LINGER * p->latency)) {
		p->napping = false;
		p->nap = 0;
		return PACE_WAIT;
	}
	if (!p->napping)
		nap = first_nap(p, fill, gap);
	else
		nap = p->nap < NAP_FIRST / 2 ? NAP_FIRST : p->nap * 2;
	if (fill > 0) {
		p->found = now_ns;
		if (nap == PACE_WAIT)
			return PACE_WAIT;
		nap = lower(nap, nap_to_aim(p, fill, since));
	}
	p->napping = true;
	p->nap = lower(nap, p->latency);
	if (p->nap < NAP_LEAST && p->nap < p->latency)
		p->nap = 0;
	return p->nap;
}
