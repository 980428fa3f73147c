#include "printer-held.h"

#include "base/clock.h"
#include "record/held-records.h"

/*
 * The time that held records are measured by passes only while the input is
 * waited for, and for this long between two waits.  So the names that are in
 * the pipe are read before a record goes out without them, also if the output
 * was blocked for minutes, as by a pager, or the process was stopped.
 */
#define BUSY_NS_MAX (CLOCK_SECOND / 10)

int
printer_open_held(struct printer *p)
{
	unsigned int sides;

	if (!p->in.header.symbols_follow || p->symbols == NULL)
		return 0;
	for (unsigned int i = 0; i < p->nplans; i++) {
		if (p->plans[i] == NULL ||
		    (sides = plan_shown_stacks(p->plans[i])) == 0)
			continue;
		if (p->held.queue == NULL &&
		    (p->held.queue = held_records_new(
			 &p->in.header, p->symbols)) == NULL)
			return -1;
		held_records_add_map(p->held.queue, i, sides);
	}
	p->held.checked = clock_elapsed();
	return 0;
}

void
printer_close_held(struct printer *p)
{
	held_records_free(p->held.queue);
	p->held = (struct printer_held){ .queue = NULL };
}

static void
hold(struct printer *p, const struct held_record *r)
{
	if (held_records_put(p->held.queue, r, p->held.now) == -1)
		p->out->failed = true;
}

/* What is printed, or changes what is printed, keeps its place. */
static bool
hold_behind(struct printer *p, const struct stream_line *line)
{
	struct held_record r = { .kind = line->kind, .map = line->map };

	if (held_records_count(p->held.queue) == 0)
		return false;
	if (line->kind == LINE_PASS) {
		r.time_ns = line->keys;
	} else {
		r.time_ns = p->in.line;
		r.data = (const unsigned char *)line->text;
		r.len = line->text_len;
	}
	hold(p, &r);
	return true;
}

bool
printer_hold_line(struct printer *p, const struct stream_line *line)
{
	struct stream_record r;

	if (p->held.queue == NULL)
		return false;
	switch (line->kind) {
	case LINE_RECORD:
		r = (struct stream_record){ line->data, line->len,
			line->time_ns, line->map };
		return printer_count_ready(p, &r, 1) == 0;
	case LINE_JSON:
	case LINE_PASS:
	case LINE_STACK:
		return hold_behind(p, line);
	default:
		return false;
	}
}

size_t
printer_count_ready(
    struct printer *p, const struct stream_record *records, size_t n)
{
	unsigned int map = records->map;
	bool waits = p->held.queue != NULL && p->plans[map] != NULL;
	size_t run = 0;

	for (; run < n && records[run].map == map; run++)
		if (waits && held_records_must_wait(p->held.queue, map,
				 records[run].data, records[run].len))
			break;
	if (run == 0)
		hold(p, &(struct held_record){ HELD_RECORD, map,
			    records->time_ns, records->data, records->len });
	return run;
}

int
printer_wait_ms(const struct printer *p, int most_ms)
{
	uint64_t deadline, left;

	if (p->held.queue == NULL)
		return most_ms;
	deadline = held_records_deadline(p->held.queue);
	if (deadline <= p->held.now)
		return 0;
	left = (deadline - p->held.now - 1) / 1000000 + 1;
	return left < (uint64_t)most_ms ? (int)left : most_ms;
}

void
printer_note_wait(struct printer *p, int waited_ms)
{
	uint64_t most = (uint64_t)waited_ms * 1000000 + BUSY_NS_MAX, now, time;

	/* In a file all lines are there: a record waits until its names come or
	 * the queue is full. */
	if (p->held.queue == NULL || p->is_file)
		return;
	now = clock_elapsed();
	time = now - p->held.checked;
	p->held.now += time < most ? time : most;
	p->held.checked = now;
}
