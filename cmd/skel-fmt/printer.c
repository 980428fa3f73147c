#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "base/signals.h"
#include "base/text.h"
#include "format/plan-source.h"
#include "layout/paint.h"
#include "picture/flame-picture.h"
#include "picture/heat-picture.h"
#include "printer-held.h"
#include "printer-plans.h"
#include "printer-screen.h"
#include "printer-state.h"
#include "record/member-notes.h"
#include "stream/json-record.h"

enum {
	REPORT_LOST_NS =
	    1000000000, /* the least time between reports of losses */
};

void
printer_set_printed(struct printer *p, size_t start)
{
	const struct buf *out = &p->out->buf;

	if (out->len == start || out->failed)
		return;
	if (p->scroll.on)
		scroll_count(&p->scroll, out->data + start, out->len - start);
	p->printed = true;
	p->blank = out->len >= 2 && out->data[out->len - 1] == '\n' &&
		   out->data[out->len - 2] == '\n';
}

/*
 * Print the header line of a map, unless it is the one that was printed last.
 * It comes when the map becomes known, before any record, if it is the only one
 * or the form prints all header lines first; else before a record of the map.
 */
static void
print_head(struct printer *p, const struct plan *plan, const char *map,
    bool before_record)
{
	const struct plan_traits *form = plan_traits(p->plan.form);
	bool first = p->shown == 1 || form->heads_first;
	struct buf *out = &p->out->buf, last = p->head;
	size_t start = out->len;

	if (p->scroll.on)
		printer_follow_window(p);
	if (p->no_header)
		return;
	if (printer_rows_name_map(p, plan)) {
		if (first || before_record)
			printer_screen_head(p, plan, before_record);
		return;
	}
	if (first == before_record)
		return;
	p->next_head.len = 0;
	if (form->titled && p->shown > 1) {
		const char *label = plan_label(plan);

		text_write(&p->next_head, map, strlen(map), STYLE_VIS);
		if (label != NULL) {
			buf_str(&p->next_head, " (");
			text_write(
			    &p->next_head, label, strlen(label), STYLE_VIS);
			buf_chr(&p->next_head, ')');
		}
		buf_chr(&p->next_head, ':');
		if (p->plan.color)
			paint_from(&p->next_head, 0, PAINT_MAP);
		buf_chr(&p->next_head, '\n');
	}
	plan_head(plan, &p->next_head);
	if (p->next_head.len == 0 ||
	    (p->next_head.len == last.len &&
		memcmp(p->next_head.data, last.data, last.len) == 0))
		return;
	if (form->titled && p->printed && !p->blank)
		buf_chr(out, '\n');
	buf_add(out, p->next_head.data, p->next_head.len);
	p->head = p->next_head;
	p->next_head = last;
	printer_set_printed(p, start);
}

static bool
is_last_head(const struct printer *p, const struct hash_key *head)
{
	for (size_t i = 0; i < p->nlast_heads; i++)
		if (p->last_heads[i].a == head->a &&
		    p->last_heads[i].b == head->b)
			return true;
	return false;
}

/* Note the header line of a map.  If the stream before has none like it, that
 * is reported, once. */
static void
note_head(struct printer *p, const struct plan *plan)
{
	struct hash_key head = p->head_key;

	p->next_head.len = 0;
	plan_head(plan, &p->next_head);
	if (p->next_head.len == 0 || p->nheads == STREAM_ENTRIES_MAX)
		return;
	hash_mix(&head, p->next_head.data, p->next_head.len);
	p->heads[p->nheads++] = head;
	if (p->nlast_heads == 0 || p->others_reported || is_last_head(p, &head))
		return;
	report_notice("%s:%lu: another stream begins here, and its columns are "
		      "others%s",
	    p->in.name, p->stream_line,
	    p->no_header ? "" : "; a new header line names them");
	p->others_reported = true;
}

/* Print the header lines that come before any record. */
static void
print_first_heads(struct printer *p)
{
	for (size_t i = 0; i < p->nplans; i++)
		if (p->plans[i] != NULL)
			print_head(
			    p, p->plans[i], p->in.header.maps[i].name, false);
}

/* Print the header lines that wait, as they are now. */
static void
print_waiting_heads(struct printer *p)
{
	for (size_t i = 0; i < p->nplans; i++)
		if (p->plans[i] != NULL && plan_takes_members(p->plans[i]))
			note_head(p, p->plans[i]);
	print_first_heads(p);
	p->waiting = false;
}

/* Print what precedes a record of the map.  Returns its plan, or NULL if it is
 * not shown. */
static struct plan *
start_record(struct printer *p, unsigned int map)
{
	struct plan *plan = p->plans[map];

	if (p->waiting)
		print_waiting_heads(p);
	if (plan != NULL && (p->shown > 1 || p->scroll.on) &&
	    !plan_collects(plan) && p->watch == NULL)
		print_head(p, plan, p->in.header.maps[map].name, true);
	return plan;
}

/* Print n records of one map, none of them short. */
static void
print_run(struct printer *p, const struct stream_record *records, size_t n)
{
	struct plan *plan = start_record(p, records->map);
	size_t start = p->out->buf.len;

	if (plan == NULL)
		return;
	if (p->watch != NULL) {
		watch_add_records(p->watch, records, n);
		return;
	}
	plan_records(plan, &p->out->buf, records, n);
	printer_set_printed(p, start);
}

/* Print a record that may end within its last array. */
static void
print_record(struct printer *p, const struct stream_line *line)
{
	struct plan *plan = start_record(p, line->map);
	size_t start = p->out->buf.len;

	if (plan == NULL)
		return;
	if (p->watch != NULL) {
		watch_add(
		    p->watch, line->map, line->time_ns, line->data, line->len);
		return;
	}
	plan_short_record(
	    plan, &p->out->buf, line->time_ns, line->data, line->len);
	printer_set_printed(p, start);
}

/* Print n records, in runs of one map, or keep them until names come. */
static void
print_records(struct printer *p, const struct stream_record *records, size_t n)
{
	size_t run;

	for (; n > 0; records += run, n -= run) {
		/* On a screen a header line may have to come before each. */
		run = printer_count_ready(p, records, p->scroll.on ? 1 : n);
		if (run > 0)
			print_run(p, records, run);
		else
			run = 1;
	}
}

/* Add the columns of a map's first record, and print the header line.  Returns
 * as plan_add_members() does. */
static int
add_members(struct printer *p, struct plan *plan,
    const struct stream_line *line, const char *map, size_t *wrong_at)
{
	int ret = plan_add_members(plan, line->text, line->text_len, wrong_at);

	if (ret == -1)
		p->out->buf.failed = true;
	if (ret != 0)
		return ret;
	note_head(p, plan);
	print_head(p, plan, map, false);
	return 0;
}

/* Say which members of a record have no column. */
static void
report_news(struct printer *p, struct plan *plan)
{
	bool full;
	const char *news = plan_take_news(plan, &full);

	if (full)
		report_notice("%s:%lu: the record has too many members: those "
			      "after the first thousand have no column",
		    p->in.name, p->in.line);
	if (news != NULL)
		report_notice("%s:%lu: no column for %s: %s", p->in.name,
		    p->in.line, news,
		    plan_traits(p->plan.form)->adds_columns
			? "the first record did not have it; choose columns "
			  "with -c"
			: "this form has columns for the members of the types "
			  "only");
}

/* Print a JSON record by the plan of its map. */
static void
print_json(struct printer *p, struct plan *plan, const struct stream_line *line,
    const char *map)
{
	struct buf *out = &p->out->buf;
	size_t wrong_at = 0, start;
	int ret = 0;

	if (p->waiting && plan_takes_members(plan))
		ret = add_members(p, plan, line, map, &wrong_at);
	if (ret == 0 && (p->shown > 1 || p->scroll.on) && !plan_collects(plan))
		print_head(p, plan, map, true);
	start = out->len;
	if (ret == 0)
		ret = plan_json_record(
		    plan, out, line->text, line->text_len, &wrong_at);
	if (ret == -2)
		stream_reader_bad(
		    &p->in, "not JSON from column %zu on", wrong_at);
	if (ret != 0)
		return;
	report_news(p, plan);
	printer_set_printed(p, start);
}

/* Print a JSON record of a stream with a header. */
static void
print_typed(struct printer *p, const struct stream_line *line)
{
	int i = stream_json_entry(&p->in, line, p->map.data, &p->type);
	size_t wrong_at;

	if (i == -1 || p->plans[i] == NULL)
		return;
	if (p->watch == NULL)
		print_json(p, p->plans[i], line, p->in.header.maps[i].name);
	else if (watch_add_json(p->watch, (unsigned int)i, line->text,
		     line->text_len, &wrong_at) == -1)
		stream_reader_bad(
		    &p->in, "not JSON from column %zu on", wrong_at);
}

/* Print a JSON record of a map without types. */
static void
print_untyped(struct printer *p, const struct stream_line *line)
{
	const char *map = p->map.data;
	struct untyped_map *u = printer_find_untyped(p, map);
	size_t wrong_at;

	if (u == NULL && p->nuntyped == 1 &&
	    plan_traits(p->plan.form)->one_table) {
		stream_reader_bad(&p->in,
		    "a record of another map, whose columns are others; choose "
		    "one with -m");
		return;
	}
	if (u == NULL && p->nuntyped == STREAM_ENTRIES_MAX) {
		stream_reader_bad(&p->in,
		    "the records are of more than %d maps", STREAM_ENTRIES_MAX);
		return;
	}
	if (u == NULL) {
		u = printer_add_untyped(
		    p, map, line->text, line->text_len, &wrong_at);
		if (u == NULL && wrong_at != 0)
			stream_reader_bad(
			    &p->in, "not JSON from column %zu on", wrong_at);
		else if (u == NULL)
			p->out->failed = true;
		if (u == NULL)
			return;
		printer_lay_out(p);
		note_head(p, u->plan);
		print_head(p, u->plan, u->map, false);
	}
	print_json(p, u->plan, line, u->map);
}

static void
print_json_line(struct printer *p, const struct stream_line *line)
{
	if (plan_traits(p->plan.form)->binary_only)
		stream_reader_bad(&p->in, "a JSON record has no raw bytes");
	else if (stream_json_string(&p->in, line, "@map", &p->map) == -1)
		p->out->buf.failed |= p->map.failed;
	else if (p->in.header.nmaps > 0)
		print_typed(p, line);
	else if (printer_wants_map(p, p->map.data))
		print_untyped(p, line);
}

/* Note losses for a picture. */
static void
note_lost(struct printer *p, uint64_t lost)
{
	p->origin.lost += lost;
	if (p->heat != NULL)
		heat_note_lost(p->heat, lost);
}

static void
count_lost(struct printer *p, const struct stream_line *line)
{
	const struct stream_header *h = &p->in.header;
	uint64_t now = clock_elapsed();

	p->lost += line->count;
	note_lost(p, line->count);
	p->stream_lost += line->count;
	printer_lose(p, (int)line->map, line->count);
	if (p->lost_time != 0 && now - p->lost_time < REPORT_LOST_NS)
		return;
	report_notice("%s: %" PRIu64 " record%s lost in map %s%s%s", p->in.name,
	    line->count, line->count == 1 ? "" : "s", h->maps[line->map].name,
	    h->nhosts > 0 ? " of host " : "",
	    h->nhosts > 0 ? stream_header_host(h, line->map) : "");
	p->lost_reported += line->count;
	p->lost_time = now;
}

/* Show losses among the events of a trace. */
static void
show_lost(struct printer *p, unsigned int map, uint64_t count)
{
	const struct stream_header *h = &p->in.header;
	struct buf *out = &p->out->buf;
	size_t start = out->len;

	if (p->plan.form != PLAN_TRACE || p->nplans == 0)
		return;
	trace_events_lost(p->plan.trace, out,
	    map < h->nmaps ? h->maps[map].name : "",
	    map < h->nmaps && h->nhosts > 0 ? stream_header_host(h, map) : NULL,
	    count);
	printer_set_printed(p, start);
}

/* The number of the only map of events; -1 if there are several, or none. */
static int
only_event_map(const struct stream_header *h)
{
	const struct stream_map *only = NULL;

	for (size_t i = 0; i < h->nmaps; i++) {
		const struct stream_map *m = &h->maps[i];

		if (m->source == STREAM_SAMPLE || m->source == STREAM_ITER)
			continue;
		if (only == NULL)
			only = m;
		else if (strcmp(only->name, m->name) != 0 ||
			 only->host != m->host)
			return -1;
	}
	return only == NULL ? -1 : (int)(only - h->maps);
}

/* The end of a stream counts its losses, of which there may have been no word
 * before, nor does it say which map they are of. */
static void
count_lost_at_end(struct printer *p, const struct stream_line *line)
{
	if (line->lost <= p->stream_lost)
		return;
	show_lost(p, STREAM_ENTRIES_MAX, line->lost - p->stream_lost);
	p->lost += line->lost - p->stream_lost;
	note_lost(p, line->lost - p->stream_lost);
	printer_lose(
	    p, only_event_map(&p->in.header), line->lost - p->stream_lost);
	p->stream_lost = line->lost;
}

/* Count something that is wrong with a stream.  Returns whether it is to be
 * reported, as the first are: there may be thousands of streams. */
static bool
count_fault(unsigned long *count)
{
	return ++*count <= STREAM_BAD_SHOWN;
}

/* Count the records that an "@error" line is about.  The first of each map is
 * reported; the others are, together, at the end. */
static void
count_unread(struct printer *p, const struct stream_line *line)
{
	uint64_t *unread = &p->unread[line->map];

	p->origin.unread += line->count;
	if (*unread == 0 && count_fault(&p->incomplete))
		report_error("%s:%lu: map %s: %s", p->in.name, p->in.line,
		    p->in.header.maps[line->map].name, line->message);
	if (__builtin_add_overflow(*unread, line->count, unread))
		*unread = UINT64_MAX;
}

/* Add the symbols or the stack of a control line to the store. */
static void
add_symbols(struct printer *p, const struct stream_line *line)
{
	bool is_stack = line->kind == LINE_STACK;
	char where[1024];
	int ret;

	if (p->symbols == NULL)
		return;
	snprintf(where, sizeof(where), "%s:%lu: %s", p->in.name, p->in.line,
	    is_stack ? "@stack" : "@symbols");
	stream_reader_try(&p->in);
	if (is_stack)
		ret = symbol_store_parse_stack(p->symbols, line->value, where);
	else
		ret = symbol_store_parse(p->symbols, line->value, where);
	stream_reader_tried(&p->in, ret);
}

/* Add the names of a control line to the store. */
static void
add_names(struct printer *p, const struct stream_line *line)
{
	char where[1024];

	if (p->names == NULL)
		return;
	snprintf(
	    where, sizeof(where), "%s:%lu: @names", p->in.name, p->in.line);
	stream_reader_try(&p->in);
	stream_reader_tried(
	    &p->in, name_store_parse(p->names, line->value, where));
}

/* End a pass, and print what was collected for it. */
static void
write_pass(struct printer *p, struct plan *plan, const char *map)
{
	size_t start;

	if (plan_has_collected(plan) && (p->shown > 1 || p->scroll.on))
		print_head(p, plan, map, true);
	start = p->out->buf.len;
	plan_end_pass(plan, &p->out->buf);
	printer_set_printed(p, start);
}

static void
end_pass(struct printer *p, const struct stream_line *line)
{
	struct plan *plan = p->plans[line->map];
	struct buf *out = &p->out->buf;
	size_t start;

	if (plan == NULL)
		return;
	if (p->watch != NULL) {
		watch_end_pass(p->watch, line->map);
		return;
	}
	if (plan_collects(plan) && (p->shown > 1 || p->scroll.on) &&
	    line->keys > 0)
		print_head(p, plan, p->in.header.maps[line->map].name, true);
	start = out->len;
	plan_end_pass(plan, out);
	printer_end_state(p, line->map);
	printer_set_printed(p, start);
	if (line->keys == 0 || p->blank)
		return;
	start = out->len;
	plan_write_pass_separator(plan, out);
	printer_set_printed(p, start);
}

static void
print_record_or_control(struct printer *p, const struct stream_line *line)
{
	if (printer_hold_line(p, line))
		return;
	switch (line->kind) {
	case LINE_RECORD:
		print_record(p, line);
		break;
	case LINE_JSON:
		print_json_line(p, line);
		break;
	case LINE_LOST:
		show_lost(p, line->map, line->count);
		count_lost(p, line);
		break;
	case LINE_PASS:
		end_pass(p, line);
		break;
	case LINE_STACK:
	case LINE_SYMBOLS:
		add_symbols(p, line);
		break;
	case LINE_NAMES:
		add_names(p, line);
		break;
	case LINE_CLOCK:
		p->clocks[line->host] = line->clock;
		break;
	case LINE_ERROR:
		count_unread(p, line);
		break;
	case LINE_FINISH:
		count_lost_at_end(p, line);
		break;
	default:
		break;
	}
}

/* Print a record that was held, or do what a line behind it says. */
static void
print_held_line(struct printer *p, const struct held_record *r)
{
	unsigned long last = p->in.line;
	struct stream_line line = { .kind = (enum stream_line_kind)r->kind,
		.map = r->map,
		.time_ns = r->time_ns,
		.data = r->data,
		.len = r->len,
		.text = (const char *)r->data,
		.text_len = r->len };
	json_t *json = NULL;

	switch (r->kind) {
	case HELD_RECORD:
		print_record(p, &line);
		return;
	case LINE_PASS:
		line.keys = r->time_ns;
		end_pass(p, &line);
		return;
	case LINE_CLOCK:
		memcpy(&p->clocks[r->map], r->data, sizeof(*p->clocks));
		return;
	default:
		break;
	}
	p->in.line = (unsigned long)r->time_ns;
	if (r->kind == LINE_STACK) {
		json = json_doc_parse(
		    line.text, line.text_len, p->in.name, p->in.line - 1);
		line.value = json_object_iter_value(json_object_iter(json));
		if (line.value != NULL)
			add_symbols(p, &line);
		else
			p->out->failed = true;
		json_decref(json);
	} else {
		print_json_line(p, &line);
	}
	p->in.line = last;
}

/* Print what was held and need not wait longer than now.  Returns 0, or -1 if
 * the output failed. */
static int
print_held(struct printer *p, uint64_t now)
{
	struct held_record r;

	while (p->held != NULL && held_records_first(p->held, now, &r)) {
		print_held_line(p, &r);
		held_records_drop(p->held);
		if (output_flush_if_full(p->out) == -1)
			return -1;
	}
	return 0;
}

/* Whether a signal asks to end before the input does. */
static bool
must_stop(const struct printer *p)
{
	return signals_stop_at_once() || (signals_stop() && !p->is_pipe) ||
	       (p->watch != NULL && p->watch->over);
}

/* Wait as output_wait() does, and for keys. */
static int
wait_ready(struct printer *p, int fd, int timeout_ms)
{
	return p->watch != NULL ? watch_wait(p->watch, fd, timeout_ms)
				: output_wait(p->out, fd, timeout_ms);
}

/*
 * Wait for input, after writing out what was printed.  Returns 1; 0 if a signal
 * asks to end; or -1 if the output failed or its reader left.
 */
static int
wait_for_input(struct printer *p, int fd)
{
	int wait_ms = 0, ready = wait_ready(p, fd, 0);

	held_clock_note_wait(&p->held_clock, wait_ms);
	while (!(ready & OUTPUT_READY)) {
		if (print_held(p, p->held_clock.now) == -1)
			return -1;
		if (p->watch != NULL)
			watch_draw(p->watch);
		if (output_flush(p->out) == -1)
			return -1;
		if (must_stop(p))
			return 0;
		wait_ms = held_clock_wait_ms(&p->held_clock, p->held, -1);
		ready = wait_ready(p, fd, wait_ms);
		if (ready & OUTPUT_GONE) {
			p->out->gone = true;
			return -1;
		}
		held_clock_note_wait(&p->held_clock, wait_ms);
	}
	return must_stop(p) ? 0 : 1;
}

/* Wait for a whole line, or the end of the input.  Returns as above. */
static int
wait_for_line(struct printer *p)
{
	int got;

	while (!stream_reader_is_ready(&p->in)) {
		if (print_held(p, p->held_clock.now) == -1)
			return -1;
		if ((got = wait_for_input(p, p->in.input.fd)) != 1)
			return got;
		line_input_fill(&p->in.input);
		progress_note(&p->progress);
	}
	return 1;
}

/* Print the lines of a stream.  Returns 1 with the header of another one in
 * *line, 0 at the end of the input, or -1 if the output failed. */
static int
print_lines(struct printer *p, struct stream_line *line)
{
	struct stream_record records[STREAM_BATCH];
	uint64_t pid;
	size_t n;
	int got;

	do {
		if (print_held(p, 0) == -1)
			return -1;
		n = stream_reader_next_records(&p->in, records);
		print_records(p, records, n);
		if (n > 0)
			continue;
		if ((got = wait_for_line(p)) != 1)
			return got;
		switch (stream_reader_next(&p->in, line)) {
		case LINE_END:
			return 0;
		case LINE_HEADER:
			return 1;
		case LINE_SYMBOLS:
			/* The held records need the names as they are. */
			if (p->held != NULL &&
			    symbol_store_takes_away(line->value, &pid) &&
			    held_records_need(p->held, pid) &&
			    print_held(p, UINT64_MAX) == -1)
				return -1;
			print_record_or_control(p, line);
			break;
		default:
			print_record_or_control(p, line);
		}
	} while (output_flush_if_full(p->out) == 0);
	return -1;
}

/* Report, when a stream ends, which records could not be read and that its end
 * is missing; if another one follows, its header was read last. */
static void
report_stream_end(struct printer *p, bool followed)
{
	const struct stream_reader *in = &p->in;
	const struct stream_header *h = &in->header;

	for (size_t i = 0; i < h->nmaps; i++)
		if (p->unread[i] > 1 && p->incomplete <= STREAM_BAD_SHOWN)
			report_error("%s: map %s: %" PRIu64 " records could "
				     "not be read, in total",
			    in->name, h->maps[i].name, p->unread[i]);
	if (!p->is_stream || in->ended || (!followed && !in->input.eof))
		return;
	p->origin.cut++;
	if (!count_fault(&p->cut))
		return;
	if (followed)
		report_notice("%s:%lu: another stream begins here, but the end "
			      "of the one before is missing: it was cut",
		    in->name, in->line);
	else
		report_notice(
		    "%s: the end is missing: the stream was cut", in->name);
}

/* Report, at the end of an input, what was bad.  Returns 0, or -1 if some of it
 * could not be printed. */
static int
report_input_end(const struct printer *p)
{
	const struct stream_reader *in = &p->in;

	if (p->lost > p->lost_reported)
		report_notice("%s: %" PRIu64 " record%s lost in total",
		    in->name, p->lost, p->lost == 1 ? "" : "s");
	if (p->cut > STREAM_BAD_SHOWN)
		report_notice(
		    "%s: %lu streams were cut, in total", in->name, p->cut);
	if (p->refused > 0 && p->followed > STREAM_BAD_SHOWN)
		report_error("%s: %lu streams could not be shown, in total",
		    in->name, p->refused);
	if (in->bad > STREAM_BAD_SHOWN)
		report_error("%s: %lu bad lines in total", in->name, in->bad);
	if (in->input.error != 0)
		report_error("%s: %s", in->name, line_input_error(&in->input));
	return in->bad > 0 || in->input.error != 0 ? -1 : 0;
}

/* Release what belongs to one stream. */
static void
close_stream(struct printer *p)
{
	if (p->watch != NULL)
		watch_end_stream(p->watch);
	printer_close_held(p);
	printer_close_plans(p);
	if (p->nheads > 0) {
		memcpy(p->last_heads, p->heads, p->nheads * sizeof(*p->heads));
		p->nlast_heads = p->nheads;
	}
	p->nheads = 0;
	p->waiting = false;
	p->stream_lost = 0;
	memset(p->unread, 0, sizeof(p->unread));
	free(p->clocks);
	p->clocks = NULL;
	p->plan.clocks = NULL;
}

/* Print the header lines that come before any record, unless rows of the same
 * columns just go on, or wait for what JSON records add to them. */
static void
print_heads(struct printer *p)
{
	bool same = true;

	for (size_t i = 0; i < p->nplans; i++) {
		if (p->plans[i] == NULL)
			continue;
		if (p->in.header.encoding == STREAM_JSON &&
		    plan_takes_members(p->plans[i]))
			p->waiting = true;
		else
			note_head(p, p->plans[i]);
	}
	same =
	    p->nheads == p->nlast_heads &&
	    memcmp(p->heads, p->last_heads, p->nheads * sizeof(*p->heads)) == 0;
	if (!p->waiting && !(same && p->printed))
		print_first_heads(p);
}

/* Show only the maps that have passes. */
static int
watch_stream(struct printer *p)
{
	int n =
	    watch_begin_stream(p->watch, &p->in.header, p->plans, p->in.name);

	p->shown = n == -1 ? 0 : (size_t)n;
	return n == -1 ? -1 : 0;
}

/* Keep the clocks of the header, which follows what is read. */
static int
copy_clocks(struct printer *p)
{
	const struct stream_header *h = &p->in.header;
	size_t n = h->nhosts > 0 ? h->nhosts : 1;

	p->clocks = calloc(n, sizeof(*p->clocks));
	if (p->clocks == NULL)
		return report_nomem();
	memcpy(p->clocks, stream_header_clocks(h), n * sizeof(*p->clocks));
	p->plan.clocks = p->clocks;
	return 0;
}

/* Make what is needed to print a stream, and print the header lines that come
 * before any record.  Returns 0, or -1 after reporting that it cannot be shown.
 */
static int
begin_stream(struct printer *p, enum stream_opening what)
{
	const struct plan_traits *form = plan_traits(p->plan.form);
	const struct stream_header *h = &p->in.header;

	p->is_stream = what == STREAM_OPENED;
	p->stream_line = p->is_stream ? p->in.line : 1;
	printer_begin_state(p);
	if (what == STREAM_SESSION)
		report_error("%s: this is a session; poll it first: skel-poll",
		    p->in.name);
	if (what != STREAM_OPENED && what != STREAM_NDJSON)
		return -1;
	if (form->binary_only &&
	    (what == STREAM_NDJSON || h->encoding != STREAM_BINARY)) {
		report_error("%s: JSON records have no raw bytes", p->in.name);
		return -1;
	}
	if (what == STREAM_NDJSON && p->watch != NULL) {
		report_error("%s: --watch: JSON records without the header of "
			     "a stream have no passes",
		    p->in.name);
		return -1;
	}
	if (what == STREAM_NDJSON && form->histograms_only)
		return printer_report_no_histograms(p);
	if (what == STREAM_NDJSON)
		return 0;
	if (h->nhosts > 0)
		report_info("%s: records of %zu hosts, since %s", p->in.name,
		    h->nhosts, h->started);
	else
		report_info("%s: records of %s, from %s, since %s", p->in.name,
		    h->name, h->host, h->started);
	if (member_notes_apply_options(&p->in.header, p->as, p->nas) == -1 ||
	    copy_clocks(p) == -1 || printer_open_plans(p) == -1 ||
	    printer_open_held(p) == -1)
		return -1;
	origin_add(&p->origin, h);
	if (p->watch != NULL)
		return watch_stream(p);
	printer_lay_out(p);
	print_heads(p);
	if (form->one_table && p->others_reported) {
		report_error("%s:%lu: this stream is left out: its rows have "
			     "other columns",
		    p->in.name, p->stream_line);
		return -1;
	}
	return 0;
}

/* End a stream: write what was collected for passes that were cut, and report.
 * Returns 0, or -1 after reporting that there was nothing to show. */
static int
end_stream(struct printer *p, bool followed)
{
	int ret = print_held(p, UINT64_MAX) | printer_check_untyped(p);

	if (p->waiting)
		print_waiting_heads(p);
	for (size_t i = 0; i < p->nplans && p->watch == NULL; i++)
		if (p->plans[i] != NULL && plan_collects(p->plans[i]))
			write_pass(p, p->plans[i], p->in.header.maps[i].name);
	report_stream_end(p, followed);
	close_stream(p);
	return ret;
}

/* Begin the stream whose header is in line.  One that cannot be shown is left
 * out.  Returns 0, or -1 after reporting. */
static int
begin_next_stream(struct printer *p, const struct stream_line *line)
{
	bool shown = ++p->followed <= STREAM_BAD_SHOWN;
	struct report_held held;
	int ret;

	if (!shown)
		report_hold(&held);
	ret = begin_stream(p, stream_reader_next_stream(&p->in, line));
	if (!shown)
		report_release_held(&held, "");
	if (ret == 0)
		return 0;
	p->refused++;
	p->is_stream = false;
	close_stream(p);
	stream_reader_leave_out(&p->in);
	return -1;
}

static int
print_input(struct printer *p, enum stream_opening what)
{
	struct stream_line line;
	int got, ret = 0;

	const struct plan_traits *form = plan_traits(p->plan.form);

	if ((form->stacks_only || form->histograms_only) &&
	    p->sources == NULL &&
	    (p->sources = p->plan.sources = plan_sources_new()) == NULL)
		return -1;
	if (form->stacks_only && p->folded == NULL &&
	    (p->folded = p->plan.folded = flame_new()) == NULL)
		return -1;
	if (p->plan.form == PLAN_PPROF && p->profile == NULL &&
	    (p->profile = p->plan.profile = profile_new()) == NULL)
		return -1;
	if (form->histograms_only && p->heat == NULL &&
	    (p->heat = p->plan.heat = heat_new()) == NULL)
		return -1;
	if (printer_open_state(p) == -1)
		return -1;
	if (what == STREAM_EMPTY)
		return 0;
	if (begin_stream(p, what) == -1)
		return -1;
	while ((got = print_lines(p, &line)) == 1) {
		ret |= end_stream(p, true);
		ret |= begin_next_stream(p, &line);
	}
	if (got == -1)
		return -1;
	ret |= end_stream(p, false);
	return ret | report_input_end(p);
}

int
printer_run(struct printer *p, int fd, const char *name)
{
	struct stat st;
	int ret;

	if (fstat(fd, &st) == -1)
		st.st_mode = 0;
	p->is_pipe = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode);
	p->held_clock.stopped = S_ISREG(st.st_mode);
	/* While the first line is read the output is not watched. */
	if ((ret = wait_for_input(p, fd)) != 1)
		return ret;
	progress_begin(&p->progress, fd, name);
	ret = print_input(p, stream_reader_open(&p->in, fd, name));
	progress_end(&p->progress);
	close_stream(p);
	p->lost = p->lost_reported = p->lost_time = 0;
	p->cut = p->refused = p->incomplete = p->followed = 0;
	stream_reader_close(&p->in);
	return ret;
}

/* Report, at the end of all inputs, which weights could not be added.  Returns
 * 0, or -1 if sums are wrong because of that. */
static int
report_weights(const struct printer *p)
{
	static const char *const faults[FLAME_FAULTS] = {
		[FLAME_NO_WEIGHT] = "without such an integer",
		[FLAME_NEGATIVE_WEIGHT] = "with a negative one",
	};

	for (int i = 0; i < FLAME_FAULTS; i++) {
		uint64_t n = flame_faults(p->folded, (enum flame_fault)i);

		if (n > 0)
			report_notice("weight %s: %" PRIu64 " record%s %s "
				      "weigh%s nothing",
			    p->plan.weight, n, n == 1 ? "" : "s", faults[i],
			    n == 1 ? "s" : "");
	}
	if (!flame_overflowed(p->folded))
		return 0;
	report_error("%s: the sum of a stack does not fit 64 bits: it is shown "
		     "as %" PRIu64,
	    plan_traits(p->plan.form)->option, UINT64_MAX);
	return -1;
}

int
printer_finish(struct printer *p, bool failed)
{
	struct buf *out = &p->out->buf;

	if (p->out->gone || p->out->failed)
		return 0;
	if (p->heat != NULL && !(failed && heat_is_empty(p->heat)))
		heat_picture_write(p->heat, &p->origin, out);
	if (p->plan.form == PLAN_TRACE &&
	    !(failed && trace_events_is_empty(p->plan.trace)))
		trace_events_finish(p->plan.trace, out);
	printer_write_state(p);
	if (p->folded == NULL ||
	    (failed && (p->profile != NULL ? profile_is_empty(p->profile)
					   : flame_is_empty(p->folded))))
		return 0;
	if (p->profile != NULL)
		profile_write(p->profile, out);
	else if (p->plan.form == PLAN_FLAME)
		flame_picture_write(p->folded, &p->origin, p->plan.weight, out);
	else
		flame_write(p->folded, out);
	return report_weights(p);
}

void
printer_close(struct printer *p)
{
	flame_free(p->folded);
	profile_free(p->profile);
	heat_free(p->heat);
	plan_sources_free(p->sources);
	trace_events_free(p->plan.trace);
	origin_free(&p->origin);
	printer_close_state(p);
	buf_free(&p->head);
	buf_free(&p->next_head);
	buf_free(&p->map);
	buf_free(&p->type);
}
