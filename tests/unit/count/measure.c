/* measure: columns of numbers, and their order. */
#include <math.h>

#include "base/util.h"
#include "check.h"
#include "count/measure.h"

static const struct counted_member real = {
	.class = MEMBER_FLOAT, .size = sizeof(double), .is_signed = true
};
static const struct counted_member whole = { .class = MEMBER_INT,
	.size = sizeof(uint64_t) };

/* The column of n values of a member, which lie one after another. */
static struct measure_number
measured(enum column_op op, double quantile, const struct counted_member *m,
    const void *values, size_t n)
{
	struct column c = { .op = op, .quantile = quantile };
	struct member_load load = member_load_new(m);
	void *state = calloc(1, measure_state_size(&c));
	struct measure_number got;
	size_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		CHECK(measure_add(&c, m, &load, state,
		    (const unsigned char *)values + i * m->size, &bytes));
	got = measure_get(&c, m, state);
	measure_free(&c, state);
	free(state);
	return got;
}

static double
of_reals(enum column_op op, const double *values, size_t n)
{
	return measured(op, 0.5, &real, values, n).real;
}

static void
sums_keep_what_rounding_loses(void)
{
	static const double v[] = { 1, 1e100, 1, -1e100 };

	CHECK(of_reals(COLUMN_SUM, v, nitems(v)) == 2);
	CHECK(of_reals(COLUMN_MEAN, v, nitems(v)) == 0.5);
	CHECK(of_reals(COLUMN_LEAST, v, nitems(v)) == -1e100);
	CHECK(of_reals(COLUMN_GREATEST, v, nitems(v)) == 1e100);
}

static void
what_is_no_number_is_left_out(void)
{
	static const double v[] = { NAN, 3, NAN, 5, INFINITY },
			    none[] = { NAN };

	CHECK(of_reals(COLUMN_SUM, v, 4) == 8);
	CHECK(of_reals(COLUMN_SUM, v, 5) == INFINITY);
	CHECK(of_reals(COLUMN_MEAN, v, 4) == 4);
	CHECK(of_reals(COLUMN_LEAST, v, 5) == 3);
	CHECK(of_reals(COLUMN_QUANTILE, v, 4) >= 3);
	CHECK(of_reals(COLUMN_SUM, none, 1) == 0);
	CHECK(isnan(of_reals(COLUMN_LEAST, none, 1)));
	CHECK(isnan(of_reals(COLUMN_GREATEST, none, 1)));
	CHECK(isnan(of_reals(COLUMN_MEAN, none, 1)));
	CHECK(isnan(of_reals(COLUMN_QUANTILE, none, 1)));
}

static int
order(double a, double b)
{
	struct measure_number x = { .is_real = true, .real = a };
	struct measure_number y = { .is_real = true, .real = b };

	CHECK_NUM(measure_compare(&y, &x), -measure_compare(&x, &y));
	return measure_compare(&x, &y);
}

static void
numbers_have_one_order(void)
{
	struct measure_number a = { .is_signed = true, .whole = 1 };
	struct measure_number b = { .is_signed = true };

	CHECK_NUM(order(1, 2), -1);
	CHECK_NUM(order(-0.0, 0.0), 0);
	CHECK_NUM(order(NAN, -INFINITY), -1);
	CHECK_NUM(order(NAN, NAN), 0);
	b.whole = ~(unsigned __int128)0; /* -1 */
	CHECK_NUM(measure_compare(&a, &b), 1);
	a.is_signed = b.is_signed = false;
	CHECK_NUM(measure_compare(&a, &b), -1);
}

static void
quantiles_of_large_integers_are_near(void)
{
	static const struct counted_member wide = { .class = MEMBER_INT,
		.size = sizeof(__int128) };
	unsigned __int128 v[3] = { 1, ~(unsigned __int128)0 / 4 * 3,
		~(unsigned __int128)0 };
	struct measure_number got = measured(COLUMN_QUANTILE, 0.5, &wide, v, 3);

	CHECK(got.whole > v[1] - v[1] / 127 && got.whole < v[1] + v[1] / 127);
	got = measured(COLUMN_QUANTILE, 1, &wide, v, 3);
	CHECK(got.whole == v[2]);
}

/* Returns whether a sum fits, and has *sum as it is written. */
static bool
write_sum(const uint64_t *values, size_t n, bool wide, unsigned __int128 *sum)
{
	struct column c = { .op = COLUMN_SUM, .wide = wide };
	struct member_load load = member_load_new(&whole);
	void *state = calloc(1, measure_state_size(&c));
	unsigned char to[16] = { 0 };
	size_t bytes = 0;
	bool fits;

	for (size_t i = 0; i < n; i++)
		measure_add(&c, &whole, &load, state,
		    (const unsigned char *)&values[i], &bytes);
	fits = measure_write(&c, &whole, state, to, wide ? 16 : 8);
	memcpy(sum, to, sizeof(*sum));
	free(state);
	return fits;
}

static void
what_does_not_fit_is_told(void)
{
	static const uint64_t v[] = { UINT64_MAX - 1, 1, 1 };
	unsigned __int128 sum;

	CHECK(write_sum(v, 2, false, &sum) && sum == UINT64_MAX);
	CHECK(!write_sum(v, 3, false, &sum) && sum == UINT64_MAX);
	CHECK(write_sum(v, 3, true, &sum) &&
	      sum == (unsigned __int128)UINT64_MAX + 1);
}

int
main(void)
{
	sums_keep_what_rounding_loses();
	what_is_no_number_is_left_out();
	numbers_have_one_order();
	quantiles_of_large_integers_are_near();
	what_does_not_fit_is_told();
	return check_done();
}
