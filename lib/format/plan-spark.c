/*
 * Histograms as rows of a table, one line each: the key, the slots as a
 * sparkline, the count and two percentiles.
 */
#include <string.h>

#include "base/text.h"
#include "format/plan-column.h"

enum {
	KEY_WIDTH = 32,
	NUMBER_WIDTH = 10,
	NUMBER_LEAST = 7,
	BUCKETS_WIDTH = 32, /* of histograms whose buckets are not known yet */
};

/* By column, after the time. */
enum { SPARK_KEY, SPARK_SLOTS, SPARK_COUNT, SPARK_P50, SPARK_P99 };

/* The most slots that a histogram of the map has. */
static size_t
count_slots(const struct plan *p)
{
	return p->buckets.set       ? BUCKETS_WIDTH
	       : p->slots.v != NULL ? p->slots.count
				    : p->bars.most;
}

/* Whether slots are values, of which there are percentiles. */
static bool
has_percentiles(const struct plan *p)
{
	return p->header->maps[p->map].sample != SAMPLE_KV;
}

void
plan_add_spark_columns(struct plan *p)
{
	const struct hist_scale scale = plan_hist_scale(p, NULL);
	const struct hist h = plan_make_hist(p, &scale, NULL, 0, false);
	size_t slots = count_slots(p);
	struct table *t = &p->table;

	table_add(t, "key", false, KEY_WIDTH, 0);
	table_add(t, strcmp(h.unit, STREAM_NO_UNIT) == 0 ? "slots" : h.unit,
	    false,
	    slots < TABLE_TEXT_MAX ? (unsigned int)slots : TABLE_TEXT_MAX, 0);
	table_add(t, "count", true, NUMBER_WIDTH, NUMBER_LEAST);
	if (!has_percentiles(p))
		return;
	table_add(t, "p50", true, NUMBER_WIDTH, NUMBER_LEAST);
	table_add(t, "p99", true, NUMBER_WIDTH, NUMBER_LEAST);
}

static void
write_column(const struct plan *p, const struct hist *h, unsigned int width,
    int column, struct buf *out)
{
	const struct buf *key = &p->spark_key;

	switch (column) {
	case SPARK_KEY:
		if (key->len > 0)
			buf_add(out, key->data, key->len);
		break;
	case SPARK_SLOTS:
		hist_spark(h, width, out);
		break;
	case SPARK_COUNT:
		hist_write_count(h, out);
		break;
	case SPARK_P50:
		hist_write_percentile(h, 50, out);
		break;
	case SPARK_P99:
		hist_write_percentile(h, 99, out);
		break;
	default:
		break;
	}
}

struct buf *
plan_start_spark(struct plan *p, const struct plan_input *rec)
{
	struct plan_input to = *rec;

	p->spark_key.len = 0;
	to.run.out = &p->spark_key;
	plan_write_key(p, &to, false);
	return &p->spark_key;
}

void
plan_write_spark(
    struct plan *p, const struct plan_input *rec, const struct hist *h)
{
	struct buf *out = rec->run.out;
	unsigned int over = 0;
	size_t cell = plan_start_row(p, rec, &over), start;

	for (int column = 0; cell < p->table.n; cell++, column++) {
		start = table_start(cell, out);
		write_column(p, h, p->table.v[cell].width, column, out);
		table_cell(&p->table, cell, out, start, &over);
	}
	buf_chr(out, '\n');
	out->failed |= p->spark_key.failed;
}
