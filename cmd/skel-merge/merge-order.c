#include "merge-order.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/report.h"
#include "merge-write.h"

enum {
	/* Bytes that wait in all inputs together, and in each at least. */
	WAITING_MAX = 128 << 20,
	WAITING_LEAST = 256 << 10,
};

int
merge_order_open(struct merge *m)
{
	m->heap.v = calloc(m->n + 1, sizeof(*m->heap.v));
	if (m->heap.v == NULL)
		return report_nomem();
	if ((m->pool = merge_pool_new()) == NULL)
		return -1;
	for (size_t i = 0; i < m->n; i++)
		if ((m->inputs[i].queue = merge_queue_new(m->pool)) == NULL)
			return -1;
	return 0;
}

static size_t
waiting_max(const struct merge *m)
{
	size_t share = WAITING_MAX / m->n;

	return share > WAITING_LEAST ? share : WAITING_LEAST;
}

/* Whether lines that belong to later records need not wait for these. */
static bool
is_last(const struct merge *m, const struct merge_input *in)
{
	return !merge_input_reads(in) ||
	       (in->live && m->now >= in->came + m->bound_ns);
}

/* Let the heap know of the first line of an input, which may be another one
 * than before. */
static void
note_first(struct merge *m, struct merge_input *in)
{
	const struct merge_item *item =
	    merge_queue_first(in->queue, is_last(m, in));

	if (item == NULL)
		return;
	if (in->in_heap)
		merge_heap_lower(
		    &m->heap, (struct merge_top){ item->time_ns, in->number });
	else
		merge_heap_add(
		    &m->heap, (struct merge_top){ item->time_ns, in->number });
	in->in_heap = true;
}

void
merge_order_note_full(const struct merge *m, struct merge_input *in)
{
	in->full = merge_queue_bytes(in->queue) >= waiting_max(m);
}

/* Whether time a is later than b by more than the bound. */
static bool
is_beyond(const struct merge *m, uint64_t a, uint64_t b)
{
	return a > b && a - b > m->bound_ns;
}

/* Whether records of an input are still to come, for which there is room. */
static bool
is_read(const struct merge_input *in)
{
	return merge_input_reads(in) && in->stream != NULL && !in->full;
}

/* Whether an input may still have a record that belongs before this time. */
static bool
may_precede(
    const struct merge *m, const struct merge_input *in, uint64_t time_ns)
{
	return is_read(in) &&
	       !is_beyond(m, merge_queue_latest(in->queue), time_ns);
}

bool
merge_order_needs(const struct merge *m, const struct merge_input *in)
{
	if (!merge_input_reads(in) || in->full)
		return false;
	return in->live || in->stream == NULL || m->heap.n == 0 ||
	       may_precede(m, in, m->heap.v[0].time_ns);
}

/* When the record that is the first of all may come out at the latest, if only
 * inputs that are no files can have one before it; 0: now. */
static uint64_t
find_deadline(const struct merge *m, uint64_t time_ns, uint64_t came)
{
	if (!m->all.any || is_beyond(m, m->all.least, time_ns))
		return 0;
	if (m->files.any && !is_beyond(m, m->files.least, time_ns))
		return UINT64_MAX;
	return came + m->bound_ns;
}

static void
add_reached(struct merge_reached *r, uint64_t latest)
{
	if (!r->any || latest < r->least)
		r->least = latest;
	r->any = true;
}

/* Note how far all inputs have come. */
static void
note_reached(struct merge *m)
{
	m->all = m->files = (struct merge_reached){ .any = false };
	for (size_t i = 0; i < m->n; i++) {
		const struct merge_input *in = &m->inputs[i];

		if (!is_read(in))
			continue;
		add_reached(&m->all, merge_queue_latest(in->queue));
		if (!in->live)
			add_reached(&m->files, merge_queue_latest(in->queue));
	}
}

static void
write_item(
    struct merge *m, struct merge_input *in, const struct merge_item *item)
{
	const char *text = merge_item_text(item);

	if (item->kind <= MERGE_JSON) {
		m->late += item->time_ns < m->last_time;
		if (item->time_ns > m->last_time)
			m->last_time = item->time_ns;
	}
	switch ((enum merge_kind)item->kind) {
	case MERGE_RECORD:
		merge_write_record(m, in, item->map, text, item->len);
		break;
	case MERGE_JSON:
		merge_write_json(m, in, text, item->len);
		break;
	case MERGE_NAMES:
	case MERGE_CLOCK:
		merge_keep_told(m, in->stream, text, item->len);
		merge_write_control(m, in, text, item->len, NULL);
		break;
	case MERGE_CONTROL:
		merge_write_control(m, in, text, item->len, NULL);
		break;
	}
}

/* Returns the first line of the first input, which leaves the heap if there is
 * none. */
static const struct merge_item *
find_first(struct merge *m, struct merge_input *in)
{
	const struct merge_item *item =
	    merge_queue_first(in->queue, is_last(m, in));

	if (item == NULL) {
		merge_heap_drop_first(&m->heap);
		in->in_heap = false;
	}
	return item;
}

/* Write the line that is first of all.  Returns the one after it if that is of
 * the same input, else NULL. */
static const struct merge_item *
write_first(
    struct merge *m, struct merge_input *in, const struct merge_item *item)
{
	write_item(m, in, item);
	merge_queue_drop(in->queue);
	if (in->full && merge_queue_bytes(in->queue) < waiting_max(m) / 2) {
		in->full = false;
		note_reached(m);
	}
	if ((item = find_first(m, in)) == NULL)
		return NULL;
	merge_heap_replace_first(&m->heap, item->time_ns);
	return m->heap.v[0].input == in->number ? item : NULL;
}

/* Whether all lines of an input have come out, and there are no more. */
static bool
is_over(const struct merge_input *in)
{
	return in->state == MERGE_RUNNING && !merge_input_reads(in) &&
	       !in->in_heap;
}

static bool
may_go(const struct merge *m, const struct merge_item *item)
{
	uint64_t deadline = find_deadline(m, item->time_ns, item->came);

	return deadline == 0 || deadline <= m->now;
}

int
merge_order_write(struct merge *m, struct merge_input **ended)
{
	const struct merge_item *item;
	struct merge_input *in;

	m->now = clock_elapsed();
	for (size_t i = 0; i < m->n; i++) {
		*ended = in = &m->inputs[i];
		if (in->state == MERGE_RUNNING)
			note_first(m, in);
		if (is_over(in))
			return 1;
	}
	note_reached(m);
	while (m->heap.n > 0) {
		*ended = in = &m->inputs[m->heap.v[0].input];
		for (item = find_first(m, in); item != NULL;
		     item = write_first(m, in, item)) {
			if (!may_go(m, item))
				return 0;
			if (output_flush_if_full(m->out) == -1)
				return -1;
		}
		if (is_over(in))
			return 1;
	}
	return 0;
}

uint64_t
merge_order_wait(const struct merge *m)
{
	uint64_t now = clock_elapsed(), at = UINT64_MAX;
	const struct merge_item *item;

	if (m->heap.n > 0) {
		item = merge_queue_first(
		    m->inputs[m->heap.v[0].input].queue, true);
		at = find_deadline(m, item->time_ns, item->came);
	}
	for (size_t i = 0; i < m->n; i++) {
		const struct merge_input *in = &m->inputs[i];

		/* Lines that belong to records which do not come. */
		if (merge_input_reads(in) && in->live && !in->in_heap &&
		    merge_queue_bytes(in->queue) > 0 &&
		    in->came + m->bound_ns < at)
			at = in->came + m->bound_ns;
	}
	return at == UINT64_MAX ? at : at > now ? at - now : 0;
}
