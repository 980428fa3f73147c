#include "poll/pace.h"

#define AIM (PACE_FULL / 4)         /* how full a buffer may be after a nap */
#define SECOND UINT64_C(1000000000) /* ns */

enum {
	NAP_FIRST = 50000, /* ns: after none, or when nothing else is known */
	NAP_LEAST = 20000, /* a shorter one is not worth going to sleep */
	LINGER = 2,        /* naps are over when so many found nothing */
};

static uint64_t
least(uint64_t a, uint64_t b)
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

/* The nap that lets the fullest buffer reach the aim, as records came since the
 * last look: work and waking up are a part of that time. */
static uint64_t
nap_to_aim(const struct pace *p, uint64_t fill, uint64_t since)
{
	uint64_t until = since * AIM / fill;
	uint64_t work = since > p->nap ? since - p->nap : 0;

	return until > work ? until - work : 0;
}

static uint64_t
longer(const struct pace *p)
{
	return p->nap < NAP_FIRST / 2 ? NAP_FIRST : p->nap * 2;
}

/* The first nap, of those who were woken: the time in which the last records
 * came, if that is less than they may wait; or none. */
static uint64_t
begin(const struct pace *p, uint64_t fill, uint64_t gap)
{
	if (p->latency == 0 || (gap >= p->latency && fill < AIM))
		return PACE_WAIT;
	return gap >= p->latency || gap < NAP_FIRST ? NAP_FIRST : gap;
}

uint64_t
pace_next(struct pace *p, uint64_t fill, uint64_t now_ns)
{
	/* A second is as good as a day, and its square fits. */
	uint64_t since = least(now_ns - p->looked, SECOND);
	uint64_t gap = now_ns - p->found, nap;

	p->looked = now_ns;
	if (fill == 0 && (!p->napping || gap >= LINGER * p->latency)) {
		p->napping = false;
		p->nap = 0;
		return PACE_WAIT;
	}
	nap = p->napping ? longer(p) : begin(p, fill, gap);
	if (fill > 0) {
		p->found = now_ns;
		if (nap == PACE_WAIT)
			return PACE_WAIT;
		nap = least(nap, nap_to_aim(p, fill, since));
	}
	p->napping = true;
	p->nap = least(nap, p->latency);
	if (p->nap < NAP_LEAST && p->nap < p->latency)
		p->nap = 0;
	return p->nap;
}
