#include "printer-held.h"

#include "record/held-records.h"

int
printer_open_held(struct printer *p)
{
	const struct stream_header *h = &p->in.header;
	const struct symbol_store *symbols =
	    h->symbols_follow ? p->symbols : NULL;
	const struct name_store *names = h->names_follow ? p->names : NULL;
	unsigned int what;

	for (unsigned int i = 0; i < p->nplans; i++) {
		if (p->plans[i] == NULL)
			continue;
		what = symbols != NULL ? plan_shown_stacks(p->plans[i]) : 0;
		if (names != NULL && plan_shows_names(p->plans[i]))
			what |= HELD_NAMES;
		if (what == 0)
			continue;
		if (p->held == NULL &&
		    (p->held = held_records_new(h, symbols, names)) == NULL)
			return -1;
		if (held_records_add_map(p->held, i, what) == -1)
			return -1;
	}
	return 0;
}

void
printer_close_held(struct printer *p)
{
	held_records_free(p->held);
	p->held = NULL;
}

static void
hold(struct printer *p, const struct held_record *r)
{
	if (held_records_put(p->held, r, p->held_clock.now) == -1)
		p->out->failed = true;
}

/* What is printed, or changes what is printed, keeps its place. */
static bool
hold_behind(struct printer *p, const struct stream_line *line)
{
	struct held_record r = { .kind = line->kind, .map = line->map };

	if (held_records_count(p->held) == 0)
		return false;
	if (line->kind == LINE_PASS) {
		r.time_ns = line->keys;
	} else if (line->kind == LINE_CLOCK) {
		r.map = line->host;
		r.data = (const unsigned char *)&line->clock;
		r.len = sizeof(line->clock);
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

	if (p->held == NULL)
		return false;
	switch (line->kind) {
	case LINE_RECORD:
		r = (struct stream_record){ .data = line->data,
			.len = line->len,
			.time_ns = line->time_ns,
			.map = line->map };
		return printer_count_ready(p, &r, 1) == 0;
	case LINE_JSON:
	case LINE_PASS:
	case LINE_STACK:
	case LINE_CLOCK:
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
	bool waits = p->held != NULL && p->plans[map] != NULL;
	size_t run = 0;

	if (!waits) {
		for (run = 1; run < n && records[run].map == map; run++)
			;
		return run;
	}
	for (; run < n && records[run].map == map; run++)
		if (held_records_must_wait(
			p->held, map, records[run].data, records[run].len))
			break;
	if (run == 0)
		hold(p, &(struct held_record){ HELD_RECORD, map,
			    records->time_ns, records->data, records->len });
	return run;
}
