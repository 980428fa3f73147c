/* sketch: quantiles as near to the numbers at their ranks as is said. */
#include <math.h>

#include "check.h"
#include "count/sketch.h"

enum { NUMBERS = 2000 };

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of n numbers, each percentile is within 1/128 of that at its rank. */
static void
check_numbers(double *v, size_t n, bool whole)
{
	struct sketch s = { 0 };

	for (size_t i = 0; i < n; i++)
		CHECK(sketch_add(&s, v[i]));
	qsort(v, n, sizeof(*v), compare);
	for (int percent = 0; percent <= 100; percent++) {
		size_t rank = (size_t)(percent / 100.0 * (double)(n - 1));
		double got = sketch_quantile(&s, percent / 100.0, whole);

		CHECK(fabs(got - v[rank]) <= fabs(v[rank]) / 128);
		CHECK(got >= v[0] && got <= v[n - 1]);
		CHECK(!whole || got == (double)(int64_t)got);
		CHECK(!whole || fabs(v[rank]) >= 64 || got == v[rank]);
	}
	sketch_free(&s);
	CHECK_NUM(sketch_bytes(&s), 0);
}

static void
check_ranges(void)
{
	double v[NUMBERS];

	for (size_t i = 0; i < NUMBERS; i++)
		v[i] = (double)(random() % 64);
	check_numbers(v, NUMBERS, true);
	for (size_t i = 0; i < NUMBERS; i++)
		v[i] = (double)(random() % 100000) - 50000;
	check_numbers(v, NUMBERS, true);
	for (size_t i = 0; i < NUMBERS; i++)
		v[i] = ldexp((double)random(), (int)(random() % 20) - 40) *
		       (random() % 2 != 0 ? 1 : -1);
	check_numbers(v, NUMBERS, false);
	for (size_t i = 0; i < NUMBERS; i++)
		v[i] = ldexp(1 + (double)(random() % 1000) / 1000, 900);
	check_numbers(v, NUMBERS, false);
	check_numbers(v, 1, false);
	check_numbers(v, 2, false);
}

/* Numbers that come in the order of their size make it grow on both ends. */
static void
check_growth(void)
{
	double v[NUMBERS];

	for (size_t i = 0; i < NUMBERS; i++)
		v[i] = (double)(NUMBERS - i) * 1000;
	check_numbers(v, NUMBERS, true);
	for (size_t i = 0; i < NUMBERS; i++)
		v[i] = (double)i * -1000;
	check_numbers(v, NUMBERS, true);
}

/* It takes no more memory than that of its buckets, whatever is added; those
 * that are nearest to zero share one. */
static void
check_bound(void)
{
	struct sketch s = { 0 };

	for (int power = -1000; power < 1000; power++) {
		CHECK(sketch_add(&s, ldexp(1, power)));
		CHECK(sketch_add(&s, -ldexp(1, -power)));
	}
	CHECK(sketch_bytes(&s) == 2 * SKETCH_BUCKETS_MAX * sizeof(uint64_t));
	CHECK_NUM(s.n, 4000);
	CHECK(sketch_quantile(&s, 0, false) == -ldexp(1, 1000));
	CHECK(sketch_quantile(&s, 1, false) == ldexp(1, 999));
	CHECK(fabs(sketch_quantile(&s, 0.999, false) / ldexp(1, 995) - 1) <=
	      1.0 / 128);
	CHECK(sketch_quantile(&s, 0.6, false) > 0);
	CHECK(sketch_quantile(&s, 0.6, false) < ldexp(1, 969));
	sketch_free(&s);
}

/* Infinities are neither in a bucket nor in the way of other numbers. */
static void
check_infinities(void)
{
	struct sketch s = { 0 };

	CHECK(sketch_quantile(&s, 0.5, true) == 0);
	CHECK(sketch_add(&s, INFINITY) && sketch_add(&s, -INFINITY));
	CHECK(sketch_add(&s, -INFINITY) && sketch_add(&s, 3));
	CHECK(sketch_add(&s, -4) && sketch_add(&s, 0));
	/* -inf -inf -4 0 3 inf */
	CHECK(sketch_quantile(&s, 0, false) == -INFINITY);
	CHECK(sketch_quantile(&s, 0.2, false) == -INFINITY);
	CHECK(fabs(sketch_quantile(&s, 0.4, false) + 4) <= 4.0 / 128);
	CHECK(sketch_quantile(&s, 0.6, false) == 0);
	CHECK(fabs(sketch_quantile(&s, 0.8, false) - 3) <= 3.0 / 128);
	CHECK(sketch_quantile(&s, 1, false) == INFINITY);
	sketch_free(&s);
}

int
main(void)
{
	srandom(1);
	check_ranges();
	check_growth();
	check_bound();
	check_infinities();
	return check_done();
}
