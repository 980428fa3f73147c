#include <math.h>
#include <string.h>

#include "base/int128.h"
#include "count/measure.h"

/* Of all columns but histograms, which are an array of counts. */
struct state {
	uint64_t n; /* numbers; NaN is none */
	unsigned __int128 whole;
	double real, lost; /* lost: what the sum's rounding left out */
	struct sketch sketch;
};

size_t
measure_state_size(const struct column *c)
{
	if (c->op == COLUMN_COUNT)
		return sizeof(uint64_t);
	return c->op == COLUMN_HIST ? HIST_SLOTS * sizeof(uint64_t)
				    : sizeof(struct state);
}

void
measure_free(const struct column *c, void *p)
{
	struct state s;

	if (c->op != COLUMN_QUANTILE)
		return;
	memcpy(&s, p, sizeof(s));
	sketch_free(&s.sketch);
	memcpy(p, &s, sizeof(s));
}

static bool
is_less(unsigned __int128 a, unsigned __int128 b, bool is_signed)
{
	return is_signed ? (__int128)a < (__int128)b : a < b;
}

static double
to_double(unsigned __int128 v, bool is_signed)
{
	return is_signed ? (double)(__int128)v : (double)v;
}

void
measure_make_real(const struct column *c, void *p, bool was_signed)
{
	struct state s;

	if (c->op == COLUMN_COUNT || c->op == COLUMN_HIST)
		return;
	memcpy(&s, p, sizeof(s));
	s.real = to_double(s.whole, was_signed);
	memcpy(p, &s, sizeof(s));
}

static void
add_slot(const struct column *c, bool is_signed, unsigned __int128 v,
    uint64_t *slots)
{
	unsigned int slot = 0;

	if (is_signed && (__int128)v < 0)
		v = 0;
	v = v > c->start ? v - c->start : 0;
	if (c->step != 0)
		slot = v / c->step < HIST_SLOTS ? (unsigned int)(v / c->step)
						: HIST_SLOTS - 1;
	else if (v > UINT64_MAX)
		slot = HIST_SLOTS - 1;
	else if (v > 1)
		slot = 63 - (unsigned int)__builtin_clzll((uint64_t)v);
	slots[slot]++;
}

/* Neumaier's sum: the error of each addition is kept apart. */
static void
add_real(struct state *s, double v)
{
	double sum = s->real + v;

	if (isfinite(sum))
		s->lost += fabs(s->real) >= fabs(v) ? (s->real - sum) + v
						    : (v - sum) + s->real;
	s->real = sum;
}

static bool
add_to_sketch(struct state *s, double v, size_t *bytes)
{
	size_t before = sketch_bytes(&s->sketch);
	bool added = sketch_add(&s->sketch, v);

	*bytes += sketch_bytes(&s->sketch) - before;
	return added;
}

static bool
add_real_number(
    const struct column *c, struct state *s, double v, size_t *bytes)
{
	if (isnan(v))
		return true;
	switch (c->op) {
	case COLUMN_QUANTILE:
		return add_to_sketch(s, v, bytes);
	case COLUMN_LEAST:
		if (s->n == 0 || v < s->real)
			s->real = v;
		break;
	case COLUMN_GREATEST:
		if (s->n == 0 || v > s->real)
			s->real = v;
		break;
	default:
		add_real(s, v);
	}
	s->n++;
	return true;
}

/* A sum of 128 bits that overflows stays at the end of their range. */
static void
add_whole(struct state *s, unsigned __int128 v, bool is_signed)
{
	const unsigned __int128 top = (unsigned __int128)1 << 127;
	__int128 sum;

	if (!is_signed) {
		if (__builtin_add_overflow(s->whole, v, &s->whole))
			s->whole = ~(unsigned __int128)0;
		return;
	}
	if (__builtin_add_overflow((__int128)s->whole, (__int128)v, &sum))
		s->whole = (__int128)v < 0 ? top : top - 1;
	else
		s->whole = (unsigned __int128)sum;
}

static bool
add_integer(const struct column *c, struct state *s, unsigned __int128 v,
    bool is_signed, size_t *bytes)
{
	switch (c->op) {
	case COLUMN_QUANTILE:
		return add_to_sketch(s, to_double(v, is_signed), bytes);
	case COLUMN_LEAST:
		if (s->n == 0 || is_less(v, s->whole, is_signed))
			s->whole = v;
		break;
	case COLUMN_GREATEST:
		if (s->n == 0 || is_less(s->whole, v, is_signed))
			s->whole = v;
		break;
	default:
		add_whole(s, v, is_signed);
	}
	s->n++;
	return true;
}

/* The integer below a number, for a histogram. */
static unsigned __int128
to_slot_number(double v)
{
	return !(v > 0) ? 0 : v >= 0x1p64 ? UINT64_MAX : (uint64_t)v;
}

bool
measure_add(const struct column *c, const struct counted_member *m,
    const struct member_load *l, void *p, const unsigned char *record,
    size_t *bytes)
{
	bool real = m->class == MEMBER_FLOAT;
	uint64_t *slots = p;

	if (c->op == COLUMN_COUNT) {
		++*slots;
		return true;
	}
	if (c->op == COLUMN_HIST) {
		add_slot(c, l->is_signed && !real,
		    real ? to_slot_number(member_load_real(l, record))
			 : member_load_integer(l, record),
		    slots);
		return true;
	}
	return real ? add_real_number(c, p, member_load_real(l, record), bytes)
		    : add_integer(c, p, member_load_integer(l, record),
			  m->is_signed, bytes);
}

/* The integer of 128 bits that is nearest to a number. */
static unsigned __int128
to_whole(double v, bool is_signed)
{
	unsigned __int128 top = (unsigned __int128)1 << 127;

	if (!is_signed)
		return v >= 0x1p128 ? ~(unsigned __int128)0
				    : (unsigned __int128)v;
	if (v >= 0x1p127)
		return top - 1;
	return v < -0x1p127 ? top : (unsigned __int128)(__int128)v;
}

struct measure_number
measure_get(
    const struct column *c, const struct counted_member *m, const void *p)
{
	const struct state *s = p;
	struct measure_number v = { .is_real = m->class == MEMBER_FLOAT,
		.is_signed = m->is_signed };

	if (c->op == COLUMN_COUNT) {
		v = (struct measure_number){ .whole = *(const uint64_t *)p };
		return v;
	}
	v.whole = s->whole;
	v.real = s->real +
		 (c->op == COLUMN_SUM || c->op == COLUMN_MEAN ? s->lost : 0);
	if (c->op == COLUMN_QUANTILE) {
		v.real = sketch_quantile(&s->sketch, c->quantile, !v.is_real);
		if (!v.is_real)
			v.whole = to_whole(v.real, v.is_signed);
	}
	if (v.is_real && c->op != COLUMN_SUM && s->n + s->sketch.n == 0)
		v.real = NAN;
	if (c->op == COLUMN_MEAN) {
		v.real =
		    (v.is_real ? v.real : to_double(s->whole, m->is_signed)) /
		    (double)s->n;
		v.is_real = true;
	}
	return v;
}

/* Make an integer fit size bytes. */
static bool
clamp(struct measure_number *v, size_t size)
{
	unsigned int bits = (unsigned int)size * 8;
	struct int128 w = int128_from_bits(v->whole, 128, v->is_signed);

	if (int128_fits(&w, bits, v->is_signed))
		return true;
	w = w.negative ? int128_least(bits, v->is_signed)
		       : int128_greatest(bits, v->is_signed);
	v->whole = int128_bits(&w);
	return false;
}

/* Whether a sum is where one that overflows stays. */
static bool
is_at_end(const struct measure_number *v)
{
	unsigned __int128 top = (unsigned __int128)1 << 127;

	return v->is_signed ? v->whole == top || v->whole == top - 1
			    : v->whole + 1 == 0;
}

bool
measure_write(const struct column *c, const struct counted_member *m,
    const void *p, unsigned char *to, size_t size)
{
	struct measure_number v;
	float single;
	bool fit;

	if (c->op == COLUMN_HIST) {
		memcpy(to, p, size);
		return true;
	}
	v = measure_get(c, m, p);
	if (!v.is_real) {
		fit = clamp(&v, size);
		memcpy(to, &v.whole, size);
		/* Quantiles are only as exact as they are said to be. */
		return c->op == COLUMN_QUANTILE ||
		       (fit && !(c->op == COLUMN_SUM && is_at_end(&v)));
	}
	single = (float)v.real;
	if (size == sizeof(single))
		memcpy(to, &single, size);
	else
		memcpy(to, &v.real, size);
	return true;
}

/* What is no number is less than every number. */
static int
compare_reals(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(b) - isnan(a);
	return (a > b) - (a < b);
}

int
measure_compare(const struct measure_number *a, const struct measure_number *b)
{
	if (a->is_real)
		return compare_reals(a->real, b->real);
	return is_less(b->whole, a->whole, a->is_signed) -
	       is_less(a->whole, b->whole, a->is_signed);
}
