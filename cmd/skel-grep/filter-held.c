#include <string.h>

#include "filter-held.h"

/* The kind of the line of the record before it. */
enum { HELD_TEXT = LINE_BAD + 1 };

static bool
is_needed(const struct filter *f, unsigned int map)
{
	return f->plans.v[map] != NULL &&
	       query_plan_needs_names(f->plans.v[map]);
}

int
filter_open_held(struct filter *f)
{
	const struct stream_header *h = &f->walk.in.header;

	f->needs_names = false;
	for (unsigned int i = 0; i < f->plans.n; i++)
		f->needs_names |= is_needed(f, i);
	if (!f->needs_names || !h->names_follow || h->encoding != STREAM_BINARY)
		return 0;
	f->held = held_records_new(h, NULL, f->names);
	if (f->held == NULL)
		return -1;
	for (unsigned int i = 0; i < f->plans.n; i++)
		if (is_needed(f, i) &&
		    held_records_add_map(f->held, i, HELD_NAMES) == -1)
			return -1;
	return 0;
}

void
filter_close_held(struct filter *f)
{
	held_records_free(f->held);
	f->held = NULL;
	buf_free(&f->behind);
}

static void
hold(struct filter *f, const struct held_record *r)
{
	if (held_records_put(f->held, r, f->walk.clock.now) == -1)
		f->out->buf.failed = true;
}

bool
filter_hold_record(struct filter *f, const struct stream_record *r,
    const char *text, size_t text_len)
{
	if (f->held == NULL ||
	    !held_records_must_wait(f->held, r->map, r->data, r->len))
		return false;
	hold(f, &(struct held_record){
		    HELD_RECORD, r->map, r->time_ns, r->data, r->len });
	hold(f, &(struct held_record){ HELD_TEXT, r->map, 0,
		    (const unsigned char *)text, text_len });
	return true;
}

bool
filter_hold_line(struct filter *f, const struct stream_line *line)
{
	if (f->held == NULL || held_records_count(f->held) == 0)
		return false;
	f->behind.len = 0;
	buf_add(&f->behind, line, sizeof(*line));
	buf_add(&f->behind, line->text, line->text_len);
	if (f->behind.failed)
		f->out->buf.failed = true;
	else
		hold(f,
		    &(struct held_record){ line->kind, 0, 0,
			(const unsigned char *)f->behind.data, f->behind.len });
	return true;
}

/* Filter what was held. */
static void
filter_held(struct filter *f, const struct held_record *r)
{
	struct stream_line line;

	if (r->kind == HELD_RECORD) {
		f->selects_held =
		    filter_selects(f, r->map, r->time_ns, r->data, r->len);
		return;
	}
	if (r->kind == HELD_TEXT) {
		if (f->selects_held)
			filter_pass_on(
			    f, r->map, (const char *)r->data, r->len);
		return;
	}
	memcpy(&line, r->data, sizeof(line));
	line.text = (const char *)r->data + sizeof(line);
	line.text_len = r->len - sizeof(line);
	filter_line(f, &line);
}

int
filter_release(struct filter *f, uint64_t now)
{
	struct held_record r;

	while (f->held != NULL && held_records_first(f->held, now, &r)) {
		filter_held(f, &r);
		held_records_drop(f->held);
		if (output_flush_if_full(f->out) == -1)
			return -1;
	}
	return 0;
}
