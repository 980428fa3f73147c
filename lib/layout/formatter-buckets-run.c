/* Runs the steps of a formatter that write what the slots of histograms count.
 */
#include "layout/formatter-steps.h"
#include "layout/hist-buckets.h"

static __int128
load_count(const struct step *s, const unsigned char *at,
    const struct formatter_run *r)
{
	return (__int128)(s->sums ? load_sum(s, at, r) : load_any(s, at));
}

static char *
step_buckets(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	const struct formatter_hist *h = s->hist;
	const unsigned char *at = base + s->offset;
	size_t n = h->n;

	p = write_text(p, s);
	while (n > 0 && load_count(s, at + (n - 1) * s->size, r) == 0)
		n--;
	for (size_t i = 0; i < n; i++, at += s->size) {
		if (i > 0)
			*p++ = ',';
		p = hist_write_bucket(
		    p, &h->scale, i, h->n, load_count(s, at, r));
	}
	return p;
}

static char *
step_key_bucket(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	const struct step *count = &s->hist->count;

	return hist_write_key_bucket(write_text(p, s), &s->hist->scale,
	    (__int128)load_any(s, base + s->offset),
	    load_count(count, base + count->offset, r));
}

static char *
chain_buckets(char *p, const struct step *s, const unsigned char *base,
    const struct formatter_run *r)
{
	return go_on(s->write(p, s, base, r), s, base, r);
}

struct step_functions
formatter_buckets_step(const struct step *s)
{
	return (struct step_functions){ s->op == STEP_BUCKETS ? step_buckets
							      : step_key_bucket,
		chain_buckets };
}
