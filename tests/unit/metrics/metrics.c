/* lib/metrics: rows of a group over passes, and the text of all of it. */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "check.h"
#include "metrics/metrics.h"

static const struct metric_unit nanoseconds = { "seconds", 1, 9 },
				kib = { "bytes", 1024, 0 };

/* Adds a record to the row whose only label is text, known by key. */
static size_t
add(struct metrics_group *g, uint64_t key, const char *text, int64_t value)
{
	const struct hash_key k = { key, 7 };
	struct buf values = { 0 };
	size_t row = metrics_find(g, k);

	if (row == METRICS_NONE) {
		buf_add(&values, text, strlen(text) + 1);
		row = metrics_add_row(g, metrics_host(g, ""), k, &values);
		buf_free(&values);
	}
	if (row != METRICS_NONE) {
		metrics_touch(g, row);
		metrics_cells(g, row)->integer += value;
	}
	return row;
}

/* The lines of all metrics that are not comments, without the build's. */
static const char *
lines(const struct metrics *m)
{
	static char text[4096];
	struct buf out = { 0 };
	char *end = text;

	metrics_write(m, &out);
	buf_chr(&out, '\0');
	text[0] = '\0';
	for (char *rest = out.data, *line;
	     (line = strsep(&rest, "\n")) != NULL;)
		if (*line != '#' && *line != '\0' &&
		    strncmp(line, "skel_build", 10) != 0)
			end += snprintf(end,
			    sizeof(text) - (size_t)(end - text), "%s;", line);
	buf_free(&out);
	return text;
}

/* A group with the label k and one family. */
static struct metrics_group *
begin(struct metrics *m, bool adds_up, bool many, enum metric_type type)
{
	const struct metric_family_info f = { .member = "n",
		.type = type,
		.unit = { NULL, 1, 0 },
		.sum = METRICS_NONE };
	struct metrics_group *g = metrics_begin(m, "p", "t", adds_up, many);

	CHECK_NUM(metrics_add_label(g, "k"), 0);
	CHECK_NUM(metrics_add_family(g, &f), 0);
	return metrics_complete(g);
}

static void
a_pass_replaces_the_one_before(void)
{
	struct metrics *m = metrics_new(100);
	struct metrics_group *g = begin(m, false, false, METRIC_COUNTER);

	add(g, 1, "a", 5);
	add(g, 2, "b", 6);
	CHECK_STR(lines(m), "p_t_n_total{k=\"a\"} 5;p_t_n_total{k=\"b\"} 6;");
	metrics_end_pass(g, metrics_host(g, ""));
	add(g, 1, "a", 9);
	/* A walk may come to a key again. */
	add(g, 1, "a", 10);
	CHECK_STR(lines(m), "p_t_n_total{k=\"a\"} 10;p_t_n_total{k=\"b\"} 6;");
	metrics_end_pass(g, metrics_host(g, ""));
	CHECK_STR(lines(m), "p_t_n_total{k=\"a\"} 10;");
	/* Another key of the same text is the same row, and is added. */
	CHECK_NUM(add(g, 1, "a", 1), 0);
	CHECK_NUM(add(g, 9, "a", 2), 0);
	CHECK_STR(lines(m), "p_t_n_total{k=\"a\"} 3;");
	metrics_free(m);
}

static void
what_is_cleared_adds_up(void)
{
	struct metrics *m = metrics_new(100);
	struct metrics_group *g = begin(m, true, false, METRIC_COUNTER);

	add(g, 1, "a", 5);
	metrics_end_pass(g, metrics_host(g, ""));
	add(g, 2, "b", 6);
	metrics_end_pass(g, metrics_host(g, ""));
	add(g, 1, "a", 7);
	CHECK_STR(lines(m), "p_t_n_total{k=\"a\"} 12;p_t_n_total{k=\"b\"} 6;");
	metrics_free(m);
	/* A gauge does not. */
	m = metrics_new(100);
	g = begin(m, true, false, METRIC_GAUGE);
	add(g, 1, "a", 5);
	metrics_end_pass(g, metrics_host(g, ""));
	add(g, 1, "a", 3);
	CHECK_STR(lines(m), "p_t_n{k=\"a\"} 3;");
	metrics_free(m);
}

static void
rows_end_at_the_bound_and_stale_ones_make_room(void)
{
	struct metrics *m = metrics_new(3);
	struct metrics_group *g = begin(m, false, false, METRIC_COUNTER);
	char name[16];

	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%d", i);
		CHECK(add(g, (uint64_t)i, name, 1) ==
		      (i < 3 ? (size_t)i : METRICS_NONE));
	}
	CHECK(strstr(lines(m),
		  "skel_left_out_total{program=\"p\",map=\"t\"} 1;") != NULL);
	for (int i = 10; i < 1000; i++) {
		metrics_end_pass(g, metrics_host(g, ""));
		metrics_end_pass(g, metrics_host(g, ""));
		snprintf(name, sizeof(name), "%d", i);
		CHECK(add(g, (uint64_t)i, name, i) != METRICS_NONE);
	}
	CHECK(strstr(lines(m), "p_t_n_total{k=\"999\"} 999;") != NULL);
	metrics_free(m);
}

static void
values_are_in_base_units(void)
{
	struct metric_family_info f = { .member = "took",
		.type = METRIC_COUNTER,
		.unit = nanoseconds,
		.sum = METRICS_NONE };
	struct metrics *m = metrics_new(100);
	struct metrics_group *g = metrics_begin(m, "p", "t", false, false);
	const struct buf none = { 0 };
	size_t row;

	metrics_add_family(g, &f);
	f = (struct metric_family_info){ .member = "size",
		.type = METRIC_GAUGE,
		.unit = kib,
		.sum = METRICS_NONE };
	metrics_add_family(g, &f);
	f = (struct metric_family_info){ .member = "",
		.type = METRIC_HISTOGRAM,
		.unit = nanoseconds,
		.scale = { true, 100, 50 },
		.slots = 3,
		.sum = 0,
		.sum_unit = nanoseconds };
	metrics_add_family(g, &f);
	g = metrics_complete(g);
	row = metrics_add_row(
	    g, metrics_host(g, ""), (struct hash_key){ 1, 1 }, &none);
	metrics_touch(g, row);
	metrics_cells(g, row)[0].integer = -1500000000;
	metrics_cells(g, row)[1].integer = 3;
	metrics_slots(g, row)[0] = 1;
	metrics_slots(g, row)[2] = UINT64_MAX;
	CHECK_STR(lines(m),
	    "p_t_took_seconds_total -1.5;p_t_size_bytes 3072;"
	    "p_t_seconds_bucket{le=\"0.000000149\"} 1;"
	    "p_t_seconds_bucket{le=\"0.000000249\"} 1;"
	    "p_t_seconds_bucket{le=\"+Inf\"} 18446744073709551616;"
	    "p_t_seconds_sum -1.5;p_t_seconds_count 18446744073709551616;");
	metrics_free(m);
}

static void
events_are_counted(void)
{
	struct metrics *m = metrics_new(1);

	metrics_counts(m, "p", "a\"\n", "")->records += 3;
	metrics_counts(m, "p", "b", "")->lost += 4;
	metrics_counts(m, "p", "a\"\n", "")->records += 2;
	CHECK_STR(lines(m),
	    "skel_records_total{program=\"p\",map=\"a\\\"\\n\"} 5;"
	    "skel_records_total{program=\"p\",map=\"b\"} 0;"
	    "skel_lost_total{program=\"p\",map=\"a\\\"\\n\"} 0;"
	    "skel_lost_total{program=\"p\",map=\"b\"} 4;");
	metrics_free(m);
}

int
main(void)
{
	a_pass_replaces_the_one_before();
	what_is_cleared_adds_up();
	rows_end_at_the_bound_and_stale_ones_make_room();
	values_are_in_base_units();
	events_are_counted();
	return check_done();
}
