/* lib/picture/heat: histograms of passes become columns, of which neighbours
 * are joined when there are too many. */
#include <inttypes.h>
#include <stdlib.h>

#include "check.h"
#include "picture/heat.h"

/* Adds a histogram of two slots as a pass of its own. */
static void
add(struct heat *h, struct heat_source *s, const char *name, uint64_t a,
    uint64_t b, uint64_t time)
{
	const uint64_t slots[] = { a, b };
	const struct hist hist = { .unit = "us", .slots = slots, .n = 2 };

	CHECK_NUM(heat_add(h, s, name, strlen(name), &hist, time), 0);
	heat_end_pass(s);
}

static struct heat_source
new_source(struct heat *h, bool cumulative)
{
	return (struct heat_source){ .number = heat_source_number(h, 0),
		.interval_ns = 10,
		.cumulative = cumulative };
}

/* The columns "from-to", and of each series "name: column slot count". */
static void
cells_are(struct heat *h, const char *want, int line)
{
	struct buf out = { 0 };
	size_t ncolumns, n;
	const struct heat_column *c = heat_columns(h, &ncolumns);
	struct heat_series *const *v = heat_sort(h, &n);

	for (size_t i = 0; i < ncolumns; i++) {
		buf_printf(&out, "%" PRIu64 "-%" PRIu64, c[i].from, c[i].to);
		if (c[i].lost > 0)
			buf_printf(&out, "(%" PRIu64 ")", c[i].lost);
		buf_chr(&out, ' ');
	}
	for (size_t i = 0; i < n; i++) {
		buf_printf(&out, "%s:", v[i]->name);
		for (size_t k = 0; k < ncolumns; k++)
			for (size_t s = 0; s < v[i]->cells[k].n; s++)
				if (v[i]->cells[k].v[s] > 0)
					buf_printf(&out, " %zu.%zu=%" PRIu64, k,
					    s, v[i]->cells[k].v[s]);
		buf_chr(&out, ' ');
	}
	buf_chr(&out, '\0');
	check_str(out.data, want, __FILE__, line);
	buf_free(&out);
}

#define CELLS(h, want) cells_are((h), (want), __LINE__)

static void
passes_are_columns(void)
{
	struct heat *h = heat_new();
	struct heat_source s = new_source(h, false);

	CHECK(heat_is_empty(h));
	heat_note_lost(h, 3);
	add(h, &s, "a", 1, 0, 100);
	add(h, &s, "a", 0, 5, 110);
	heat_note_lost(h, 4);
	add(h, &s, "b", 7, 0, 125);
	CELLS(h, "90-100(3) 100-110(4) 110-125 b: 2.0=7 a: 0.0=1 1.1=5 ");
	/* Another source at the same time, a pass before all, and one that says
	 * no time. */
	s = new_source(h, false);
	add(h, &s, "a", 10, 0, 104);
	CELLS(h, "90-100(3) 100-110(4) 110-125 "
		 "a: 0.0=1 1.0=10 1.1=5 b: 2.0=7 ");
	s = new_source(h, false);
	add(h, &s, "b", 1, 0, 50);
	add(h, &s, "b", 2, 0, 0);
	CELLS(h, "40-50 50-60 90-100(3) 100-110(4) 110-125 "
		 "a: 2.0=1 3.0=10 3.1=5 b: 0.0=1 1.0=2 4.0=7 ");
	heat_free(h);
}

static void
what_was_counted_before_is_taken_off(void)
{
	struct heat *h = heat_new();
	struct heat_source s = new_source(h, true);

	add(h, &s, "a", 5, 1, 10);
	add(h, &s, "a", 7, 1, 20);
	/* It was counted anew. */
	add(h, &s, "a", 3, 0, 30);
	add(h, &s, "a", 3, 4, 40);
	CELLS(h, "0-10 10-20 20-30 30-40 a: 0.0=5 0.1=1 1.0=2 2.0=3 3.1=4 ");
	/* Another stream begins at 0. */
	s = new_source(h, true);
	add(h, &s, "a", 4, 4, 50);
	CELLS(h, "0-10 10-20 20-30 30-40 40-50 "
		 "a: 0.0=5 0.1=1 1.0=2 2.0=3 3.1=4 4.0=4 4.1=4 ");
	heat_free(h);
}

static void
neighbours_are_joined(void)
{
	struct heat *h = heat_new();
	struct heat_source s = new_source(h, false);
	const struct heat_column *c;
	struct heat_series *const *v;
	uint64_t sum = 0;
	size_t n, nseries;

	for (uint64_t i = 1; i <= 5000; i++) {
		add(h, &s, "a", 1, 0, 10 * i);
		heat_note_lost(h, 1);
	}
	c = heat_columns(h, &n);
	CHECK(n <= HEAT_COLUMNS_MAX && n > HEAT_COLUMNS_MAX / 2);
	CHECK_NUM(c[0].from, 0);
	CHECK_NUM(c[n - 1].to, 50000);
	v = heat_sort(h, &nseries);
	CHECK_NUM(nseries, 1);
	CHECK(v[0]->total == 5000);
	for (size_t i = 0; i < n; i++) {
		CHECK(i == 0 || c[i].from == c[i - 1].to);
		CHECK_NUM(v[0]->cells[i].v[0], c[i].lost);
		CHECK_NUM(v[0]->cells[i].v[0], (c[i].to - c[i].from) / 10);
		sum += v[0]->cells[i].v[0];
	}
	CHECK_NUM(sum, 5000);
	heat_free(h);
}

static void
there_are_not_too_many_series(void)
{
	struct heat *h = heat_new();
	struct heat_source s = new_source(h, false);
	char name[16];
	size_t n;

	for (int i = 0; i < HEAT_SERIES_MAX + 10; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		add(h, &s, name, 1, 1, 10);
	}
	heat_sort(h, &n);
	CHECK_NUM(n, HEAT_SERIES_MAX);
	CHECK_NUM(heat_left_out(h), 10);
	heat_free(h);
}

static void
memory_is_bounded(void)
{
	struct heat *h = heat_new();
	struct heat_source s = new_source(h, false);
	static uint64_t slots[4096];
	const struct hist hist = {
		.scale.linear = true, .unit = "", .slots = slots, .n = 4096
	};
	size_t columns, n, kept = 0;
	struct heat_series *const *v;
	char name[16];

	slots[4095] = 1;
	for (uint64_t pass = 1; pass <= 200; pass++) {
		for (int i = 0; i < 40; i++) {
			snprintf(name, sizeof(name), "s%d", i);
			CHECK_NUM(heat_add(h, &s, name, strlen(name), &hist,
				      pass * 10),
			    0);
		}
		heat_end_pass(&s);
	}
	heat_columns(h, &columns);
	v = heat_sort(h, &n);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < columns; k++)
			kept += v[i]->cells[k].n;
	CHECK(kept <= HEAT_SLOTS_MAX);
	CHECK(columns < 200);
	CHECK(v[0]->total > 0);
	heat_free(h);
}

static void
counts_do_not_wrap(void)
{
	struct heat *h = heat_new();
	struct heat_source s = new_source(h, false);
	const uint64_t slots[] = { UINT64_MAX, 3 };
	const struct hist negative = {
		.unit = "us", .slots = slots, .n = 2, .is_signed = true
	};

	add(h, &s, "a", UINT64_MAX, 0, 10);
	s.time_ns = 0;
	add(h, &s, "a", UINT64_MAX, 0, 10);
	/* One below zero counts nothing. */
	CHECK_NUM(heat_add(h, &s, "b", 1, &negative, 20), 0);
	CELLS(h, "0-10 10-20 a: 0.0=18446744073709551615 b: 1.1=3 ");
	heat_free(h);
}

int
main(void)
{
	passes_are_columns();
	what_was_counted_before_is_taken_off();
	neighbours_are_joined();
	there_are_not_too_many_series();
	memory_is_bounded();
	counts_do_not_wrap();
	return check_done();
}
