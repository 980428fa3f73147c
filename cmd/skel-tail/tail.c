#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "base/signals.h"
#include "stream/json-record.h"
#include "stream/writer.h"
#include "tail.h"

enum { FULL = 64 << 10 }; /* bytes that are written at once */

/* Records come so much later than their times, at most. */
#define LATE_NS (CLOCK_SECOND / 5)

/*
 * Which parts of the memory may be taken by something else than the window: the
 * names that records need, of which most are those that were told, and the rest
 * what a dump has; the names that the query compares with; and the records that
 * wait for these.
 */
enum {
	NAMES_PART = 4,
	DUMP_PART = 16,
	QUERY_PART = 16,
	HELD_PART = 8,
	DUMP_ID_BYTES = 96
};

static bool
is_record(const struct window_line *line)
{
	return line->n > 0;
}

static bool
is_sampled(const struct tail *t, unsigned int map)
{
	return t->header != NULL && map < t->header->nmaps &&
	       (t->header->maps[map].source == STREAM_SAMPLE ||
		   t->header->maps[map].source == STREAM_ITER);
}

/*
 * What control lines say, when the window begins behind them.
 */

/* Take over what a line says of names and clocks, and note it for the dump that
 * it is a line of, if into_dump is set.  Returns 0, or -1 after reporting. */
static int
apply_parsed(struct tail *t, const struct stream_line *line, bool into_dump)
{
	switch (line->kind) {
	case LINE_CLOCK:
		t->clocks[line->host] = line->clock;
		return 0;
	case LINE_LOST:
		if (into_dump)
			t->dump.segment.lost += line->count;
		else
			t->left_out_lost += line->count;
		return 0;
	case LINE_SYMBOLS:
	case LINE_STACK:
	case LINE_NAMES:
		break;
	default:
		return 0;
	}
	/* What is wrong with it was reported when it came. */
	if (!t->has_told || told_names_take(&t->told, line, "") == -1)
		return 0;
	if (into_dump)
		segment_note_line(&t->dump.segment, line);
	return 0;
}

/* The same for a line of len bytes with its newline. */
static int
apply(struct tail *t, const struct window_line *w, const char *text,
    bool into_dump)
{
	struct stream_line line = { .kind = LINE_BAD };
	struct report_held reports;
	json_t *json;
	void *at;

	if (t->header == NULL ||
	    (w->kind != LINE_CLOCK && w->kind != LINE_LOST &&
		w->kind != LINE_SYMBOLS && w->kind != LINE_STACK &&
		w->kind != LINE_NAMES))
		return 0;
	report_hold(&reports);
	json = json_doc_parse(text, w->len - 1, "", 0);
	at = json_object_iter(json);
	if (at != NULL)
		line.kind = stream_line_parse_control(&line, t->header,
		    json_object_iter_key(at), json_object_iter_value(at), "");
	if (line.kind != LINE_BAD)
		apply_parsed(t, &line, into_dump);
	report_release_held(&reports, "");
	json_decref(json);
	return 0;
}

/* Let the oldest record go, and the lines up to the next one. */
static void
let_go(struct tail *t)
{
	const struct window_line *line;
	const char *text;

	do {
		line = window_first(&t->window, &text);
		if (is_record(line)) {
			t->records -= line->n;
			t->left_out += line->n;
			if (is_sampled(t, line->map))
				t->partial[line->map] = true;
		} else if (line->kind == LINE_PASS) {
			t->passes[line->map]--;
			t->partial[line->map] = false;
		} else {
			apply(t, line, text, false);
		}
		window_drop(&t->window);
	} while (
	    t->window.n > 0 && !is_record(window_first(&t->window, &text)));
}

/* Let go what the limits do not allow any more, but for runs of which a part is
 * allowed. */
static inline void
let_go_old(struct tail *t)
{
	const struct segment_limits *l = &t->limits;
	const char *text;

	while (l->records != 0 && t->records > l->records &&
	       t->records - window_first(&t->window, &text)->n >= l->records)
		let_go(t);
	if (l->time_ns == 0 || t->newest_ns < l->time_ns)
		return;
	while (t->window.n > 1 && window_first(&t->window, &text)->time_ns <
				      t->newest_ns - l->time_ns)
		let_go(t);
}

/* Keep a line or a run in the window. */
static inline void
keep(struct tail *t, const struct window_line *line, const char *text)
{
	while (!window_add(&t->window, line, text)) {
		if (t->window.n > 0) {
			let_go(t);
			continue;
		}
		/* It is too long for the window. */
		if (is_record(line))
			t->left_out += line->n;
		else if (line->kind != LINE_PASS)
			apply(t, line, text, false);
		return;
	}
	if (is_record(line)) {
		t->records += line->n;
		if (line->time_ns > t->newest_ns)
			t->newest_ns = line->time_ns;
		let_go_old(t);
	} else if (line->kind == LINE_PASS) {
		t->passes[line->map]++;
	}
}

/*
 * Dumps.
 */

static struct buf *
lines_of(struct tail *t)
{
	return t->dir != NULL ? &t->dump.lines : &t->out->buf;
}

static int
flush(struct tail *t)
{
	if (t->dir == NULL)
		return output_flush(t->out);
	return t->dump.open
		   ? segment_output_write(&t->dump.output, &t->dump.lines)
		   : 0;
}

/* Begin a dump whose first record is of a time. */
static int
open_dump(struct tail *t, uint64_t time_ns)
{
	struct tail_dump *d = &t->dump;

	if (d->open)
		return 0;
	if (t->dir != NULL) {
		d->path =
		    segment_dir_create(t->dir, &d->file, t->prefix, time_ns);
		if (d->path == NULL || segment_output_open(&d->output,
					   d->file.fd, d->path, false) == -1)
			return -1;
	}
	d->open = t->any = true;
	if (t->header == NULL) {
		d->segment.records = d->segment.lost = d->segment.lacking = 0;
		return 0;
	}
	segment_begin(&d->segment, t->has_told ? &t->told : NULL, lines_of(t),
	    t->header_text.data, t->header_text.len, t->header, t->clocks,
	    t->header_clocks);
	d->segment.ids_max = t->limits.bytes / DUMP_PART / DUMP_ID_BYTES + 1;
	return 0;
}

/* Release what a dump has. */
static void
free_dump(struct tail *t)
{
	struct tail_dump *d = &t->dump;

	if (d->open && t->header != NULL)
		segment_free(&d->segment);
	segment_output_free(&d->output);
	output_file_discard(&d->file);
	free(d->path);
	d->path = NULL;
	d->open = d->takes = false;
	d->lines.len = 0;
}

/* Append "@end", if the stream has one, with what all of it says if last is
 * set. */
static int
write_end(struct tail *t, bool last)
{
	const struct segment *s = &t->dump.segment;
	uint64_t lost = s->lost;
	json_t *value, *line;
	int ret = 0;

	if (t->header == NULL)
		return 0;
	/* Losses of which no "@lost" line told. */
	if (last && t->end_lost > t->all_lost)
		lost += t->end_lost - t->all_lost;
	value = last && t->end != NULL ? json_copy(t->end) : json_object();
	line = json_pack("{sO}", "@end", value);
	if (line == NULL ||
	    json_object_set_new(
		value, "records", json_doc_u64_new(s->records)) == -1 ||
	    json_object_set_new(value, "lost", json_doc_u64_new(lost)) == -1 ||
	    (t->left_out > 0 && json_object_set_new(value, "left_out",
				    json_doc_u64_new(t->left_out)) == -1) ||
	    (t->left_out_lost > 0 &&
		json_object_set_new(value, "left_out_lost",
		    json_doc_u64_new(t->left_out_lost)) == -1) ||
	    json_doc_write(line, lines_of(t)) == -1)
		ret = report_nomem();
	buf_chr(lines_of(t), '\n');
	json_decref(value);
	json_decref(line);
	return ret;
}

/* The dump is complete; has_end says whether its stream has an end. */
static int
close_dump(struct tail *t, bool has_end, bool last)
{
	struct tail_dump *d = &t->dump;
	int ret = has_end ? write_end(t, last) : 0;

	if (ret == 0)
		ret = flush(t);
	if (ret == 0 && t->dir != NULL) {
		ret = segment_output_end(&d->output);
		if (ret == 0)
			ret = output_file_publish(&d->file, false);
		if (ret == 0) {
			buf_str(&t->out->buf, d->path);
			buf_chr(&t->out->buf, '\n');
			ret = output_flush(t->out);
		}
	}
	t->left_out = t->left_out_lost = 0;
	free_dump(t);
	return ret;
}

/* Add a line to the dump. */
static int
write_line(struct tail *t, const struct window_line *line, const char *text)
{
	struct buf *out = lines_of(t);

	if (is_record(line)) {
		if (line->kind == LINE_RECORD && t->has_needs)
			segment_add_names_of(&t->dump.segment, text, line->len);
		t->dump.segment.records++;
		t->within[line->map] = is_sampled(t, line->map);
	}
	if (line->kind == LINE_PASS)
		t->within[line->map] = false;
	buf_add(out, text, line->len);
	if (!is_record(line))
		apply(t, line, text, true);
	return out->len < FULL && !out->failed ? 0 : flush(t);
}

/* The time of a binary record, of which len bytes are the line. */
static uint64_t
time_of(const char *text, size_t len)
{
	unsigned char head[STREAM_BODY_HEAD] = { 0 };
	const unsigned char *p = (const unsigned char *)text + 1;
	const unsigned char *end = (const unsigned char *)text + len - 1;
	size_t n = 0;
	uint64_t time_ns;

	/* As much of the body as has the time, without the stuffing. */
	while (p < end && n < sizeof(head)) {
		unsigned int code = *p++ ^ '\n';

		for (; code > 1 && p < end && n < sizeof(head); code--)
			head[n++] = *p++;
		if (n < sizeof(head))
			head[n++] = '\n';
	}
	memcpy(&time_ns, head + 1, sizeof(time_ns));
	return le64toh(time_ns);
}

/* Whether a record of the oldest run, which has the line of len bytes, is not
 * to be kept, when so many records of the window are left with it. */
static bool
is_let_go(const struct tail *t, uint64_t records, const char *text, size_t len)
{
	const struct segment_limits *l = &t->limits;

	return (l->records != 0 && records > l->records) ||
	       (l->time_ns != 0 && t->newest_ns > l->time_ns &&
		   time_of(text, len) < t->newest_ns - l->time_ns);
}

/* The bytes of the first line of a run, with its newline. */
static size_t
first_len(const char *text, const char *end)
{
	const char *newline = memchr(text, '\n', (size_t)(end - text));

	return (size_t)(newline - text) + 1;
}

/* Write the records of a run, but for those that are not to be kept. */
static int
write_run(struct tail *t, const struct window_line *run, const char *text)
{
	const char *end = text + run->len;
	struct window_line line = *run;

	line.n = 1;
	for (; text < end; text += line.len, t->records--) {
		line.len = (uint32_t)first_len(text, end);
		if (is_let_go(t, t->records, text, line.len))
			t->left_out++;
		else if (write_line(t, &line, text) == -1)
			return -1;
	}
	return 0;
}

/* The time of the first record that a dump of the window has, or of none. */
static uint64_t
first_ns(const struct tail *t, uint64_t none)
{
	const struct window_line *line;
	uint64_t records = t->records;
	const char *text, *end;
	size_t len;

	if (t->window.n == 0)
		return none;
	line = window_first(&t->window, &text);
	if (line->n <= 1)
		return line->time_ns;
	for (end = text + line->len; text < end; text += len, records--) {
		len = first_len(text, end);
		if (!is_let_go(t, records, text, len))
			return time_of(text, len);
	}
	return line->time_ns;
}

/*
 * Write the window into the dump, and empty it.  What is left of a pass whose
 * beginning was let go, or written before, is left out if another one follows.
 */
static int
drain(struct tail *t)
{
	const struct window_line *line;
	const char *text;
	int ret = 0;

	for (; t->window.n > 0 && ret == 0; window_drop(&t->window)) {
		bool skip;

		line = window_first(&t->window, &text);
		if (line->n > 1) {
			ret = write_run(t, line, text);
			continue;
		}
		skip = (line->kind == LINE_PASS || is_record(line)) &&
		       t->partial[line->map] && t->passes[line->map] > 1;
		if (line->kind == LINE_PASS) {
			/* The next pass is a whole one. */
			t->partial[line->map] = false;
			t->passes[line->map]--;
		}
		t->records -= line->n;
		if (!skip)
			ret = write_line(t, line, text);
		else
			t->left_out += line->n;
	}
	t->records = 0;
	return ret;
}

/* The dump has its records: end it, or wait for the names that it lacks. */
static int
end_dump(struct tail *t)
{
	t->dump.takes = false;
	memcpy(t->partial, t->within, sizeof(t->partial));
	if (t->dump.segment.lacking == 0)
		return close_dump(t, true, false);
	t->dump.deadline = t->walk.clock.now + HELD_RECORDS_NS;
	return flush(t);
}

/* Write the window, and the record behind it if line is not NULL. */
static int
trigger(struct tail *t, const struct window_line *line, const char *text)
{
	struct tail_dump *d = &t->dump;
	uint64_t now = line != NULL ? line->time_ns : t->newest_ns;

	if (open_dump(t, first_ns(t, now != 0 ? now : clock_now())) == -1 ||
	    drain(t) == -1 || (line != NULL && write_line(t, line, text) == -1))
		return -1;
	if (line != NULL && line->time_ns > t->newest_ns)
		t->newest_ns = line->time_ns;
	d->takes = t->after_ns > 0;
	if (!d->takes)
		return end_dump(t);
	d->until_ns = now + t->after_ns;
	d->until_elapsed = clock_elapsed() + t->after_ns;
	return 0;
}

/* SIGUSR1 has come: write the window, unless nothing has come since the dump
 * before. */
static int
answer_request(struct tail *t)
{
	if (t->any && !t->dump.open && t->window.n == 0 && t->left_out == 0 &&
	    t->left_out_lost == 0)
		return 0;
	return trigger(t, NULL, NULL);
}

/*
 * Lines as they come.
 */

/* Write or keep a record. */
static inline int
take_record(struct tail *t, const struct window_line *line, const char *text,
    bool matches)
{
	struct tail_dump *d = &t->dump;

	if (matches)
		return trigger(t, line, text);
	if (d->takes && line->time_ns < d->until_ns)
		return write_line(t, line, text);
	if (d->takes && end_dump(t) == -1)
		return -1;
	keep(t, line, text);
	return 0;
}

/* Whether a binary record is one that the query asks for, as far as that is
 * known: 0, 1, or -1 after reporting that memory ran out. */
static int
matches(struct tail *t, const struct stream_record *r)
{
	if (t->query == NULL)
		return 0;
	if (t->held != NULL &&
	    held_records_must_wait(t->held, r->map, r->data, r->len))
		return held_records_put(t->held,
		    &(struct held_record){
			HELD_RECORD, r->map, r->time_ns, r->data, r->len },
		    t->walk.clock.now);
	return query_plan_run(t->plans.v[r->map], r->time_ns, r->data, r->len);
}

/* Look at the records whose names have come. */
static int
release_held(struct tail *t, uint64_t now)
{
	struct held_record r;
	bool found = false;

	while (t->held != NULL && held_records_first(t->held, now, &r)) {
		found |=
		    query_plan_run(t->plans.v[r.map], r.time_ns, r.data, r.len);
		held_records_drop(t->held);
	}
	return found ? trigger(t, NULL, NULL) : 0;
}

/* Write or keep n records, one after the other. */
static int
take_each(struct tail *t, const struct stream_record *r, size_t n,
    const char *end, const bool *wanted)
{
	for (size_t i = 0; i < n; i++) {
		const char *next = i + 1 < n ? r[i + 1].text : end;
		const struct window_line line = { .time_ns = r[i].time_ns,
			.len = (uint32_t)(next - r[i].text),
			.map = (uint16_t)r[i].map,
			.kind = LINE_RECORD,
			.n = 1 };

		if (take_record(t, &line, r[i].text, wanted[i]) == -1)
			return -1;
	}
	return 0;
}

static int
take_records(
    void *ctx, const struct stream_record *r, size_t n, const char *end)
{
	struct tail *t = ctx;
	bool wanted[STREAM_BATCH] = { false }, any = false;
	struct window_line run = { .len = (uint32_t)(end - r[0].text),
		.kind = LINE_RECORD,
		.n = (uint32_t)n };
	int got;

	if (t->held != NULL && n > 1) {
		/* Never more than one waits that there is no room for. */
		for (size_t i = 0; i < n; i++)
			if (take_records(t, &r[i], 1,
				i + 1 < n ? r[i + 1].text : end) == -1)
				return -1;
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		if ((got = matches(t, &r[i])) == -1)
			return -1;
		any |= wanted[i] = got == 1;
		if (r[i].time_ns > run.time_ns)
			run.time_ns = r[i].time_ns;
	}
	if (any || t->dump.takes || t->has_passes || n == 1) {
		if (take_each(t, r, n, end, wanted) == -1)
			return -1;
	} else {
		keep(t, &run, r[0].text);
	}
	if (signals_take_request())
		return answer_request(t);
	return release_held(t, 0);
}

/* Whether a JSON record is one that the query asks for; -1 if it is no JSON,
 * which is reported. */
static int
json_matches(struct tail *t, const struct stream_line *line, unsigned int map)
{
	struct query_plan *plan;
	size_t wrong_at;
	int got;

	if (t->query == NULL)
		return 0;
	plan = t->header != NULL ? t->plans.v[map] : t->untyped;
	got = query_plan_run_json(plan, line->text, line->text_len, &wrong_at);
	if (got == -1)
		stream_reader_bad(
		    &t->walk.in, "not JSON from column %zu on", wrong_at);
	t->json_read |= got != -1;
	return got;
}

/* A line without its newline as the window has it. */
static struct window_line
window_line(const struct tail *t, const struct stream_line *line)
{
	return (struct window_line){ .time_ns = t->newest_ns,
		.len = (uint32_t)line->text_len + 1,
		.map = (uint16_t)line->map,
		.kind = (uint16_t)line->kind };
}

/* The text of a line with a newline: the last line of an input may have none.
 */
static const char *
whole_text(struct tail *t, const struct stream_line *line)
{
	struct buf *b = &t->walk.scratch;

	b->len = 0;
	buf_add(b, line->text, line->text_len);
	buf_chr(b, '\n');
	return b->failed ? NULL : b->data;
}

static int
take_json(struct tail *t, const struct stream_line *line)
{
	struct window_line w = window_line(t, line);
	const char *text;
	unsigned int map;
	uint64_t time_ns;
	bool has_time;
	int got;

	if (stream_walk_json_time(&t->walk, line, &time_ns, &has_time) == -1 ||
	    stream_walk_json_map(&t->walk, line, &map) == -1 ||
	    (got = json_matches(t, line, map)) == -1)
		return 0;
	w.time_ns = has_time ? time_ns : clock_now();
	w.map = (uint16_t)map;
	w.n = 1;
	if ((text = whole_text(t, line)) == NULL)
		return report_nomem();
	if (take_record(t, &w, text, got == 1) == -1)
		return -1;
	return signals_take_request() ? answer_request(t) : 0;
}

/* Write or keep a line that is no record. */
static int
take_line(struct tail *t, const struct stream_line *line)
{
	const struct window_line w = window_line(t, line);
	const char *text = whole_text(t, line);

	if (text == NULL)
		return report_nomem();
	if (t->dump.takes)
		return write_line(t, &w, text);
	keep(t, &w, text);
	return 0;
}

/* Take what the host tells of names.  Those that a dump waits for go to it. */
static int
take_names(struct tail *t, const struct stream_line *line)
{
	struct stream_reader *in = &t->walk.in;
	struct tail_dump *d = &t->dump;
	char where[1024];
	int ret = 0;

	snprintf(where, sizeof(where), "%s:%lu: names", in->name, in->line);
	if (line->kind == LINE_NAMES && t->needs_names) {
		stream_reader_try(in);
		ret = name_store_parse(t->names, line->value, where);
		stream_reader_tried(in, ret);
	}
	if (d->open && !d->takes && t->has_told) {
		if (ret == 0 && told_names_take(&t->told, line, where) == 0)
			segment_add_late(&d->segment, line);
		if (d->segment.lacking == 0 && close_dump(t, true, false) == -1)
			return -1;
	} else if (take_line(t, line) == -1) {
		return -1;
	}
	return release_held(t, 0);
}

static int
tail_line(void *ctx, const struct stream_line *line)
{
	struct tail *t = ctx;

	switch (line->kind) {
	case LINE_JSON:
		return take_json(t, line);
	case LINE_SYMBOLS:
	case LINE_STACK:
	case LINE_NAMES:
		return take_names(t, line);
	case LINE_FINISH:
		if (t->header == NULL)
			return 0;
		json_decref(t->end);
		t->end = json_copy((json_t *)line->value);
		t->end_lost = line->lost;
		return t->end != NULL ? 0 : report_nomem();
	case LINE_LOST:
		t->all_lost += line->count;
		return take_line(t, line);
	case LINE_CLOCK:
		if (t->has_times &&
		    query_plans_renew(&t->plans, t->query, t->header, t->names,
			t->walk.in.name) == -1)
			return -1;
		return take_line(t, line);
	default:
		return take_line(t, line);
	}
}

static void
close_stream(struct tail *t)
{
	free_dump(t);
	held_records_free(t->held);
	query_plans_close(&t->plans);
	query_plan_free(t->untyped);
	name_store_free(t->names);
	if (t->has_told)
		told_names_close(&t->told);
	json_decref(t->end);
	free(t->header_clocks);
	free(t->clocks);
	t->header_clocks = t->clocks = NULL;
	t->end = NULL;
	t->held = NULL;
	t->untyped = NULL;
	t->names = NULL;
	t->has_told = false;
	while (t->window.n > 0)
		window_drop(&t->window);
}

static int
end_stream(void *ctx, enum walk_end why)
{
	struct tail *t = ctx;
	/* A stream that was cut stays one. */
	const bool has_end = t->end != NULL || why == WALK_STOPPED;
	int ret = release_held(t, UINT64_MAX);
	bool rest =
	    t->records > 0 || t->left_out > 0 || t->left_out_lost > 0 ||
	    (t->header != NULL && (!t->any || t->end_lost > t->all_lost));

	if (t->query != NULL && t->json_read && t->header != NULL)
		query_plans_report_unseen(
		    t->plans.v, t->plans.n, t->query, t->walk.in.name);
	else if (t->query != NULL && t->json_read)
		query_plans_report_unseen(
		    &t->untyped, 1, t->query, t->walk.in.name);
	if (ret == 0 && !t->dump.open && rest)
		ret = open_dump(t, first_ns(t, clock_now()));
	if (ret == 0 && t->dump.open)
		ret = drain(t);
	if (ret == 0 && t->dump.open)
		ret = close_dump(t, has_end, true);
	close_stream(t);
	return ret;
}

/* Names that are told are kept in a part of the memory. */
static int
open_names(struct tail *t, const struct stream_header *h)
{
	const size_t names =
	    t->limits.bytes / NAMES_PART - t->limits.bytes / DUMP_PART;

	t->has_told = true;
	if (told_names_open(&t->told, h) == -1)
		return -1;
	for (unsigned int i = 0; i < h->nmaps; i++)
		t->has_needs |= told_names_needs(&t->told, i);
	symbol_store_limit(t->told.symbols, names / 4 * 3);
	name_store_limit(t->told.names, names / 4);
	return 0;
}

/* Compile the query for the maps of the stream. */
static int
open_query(struct tail *t, const struct stream_header *h)
{
	if (t->query == NULL)
		return 0;
	if (h == NULL)
		return (t->untyped = query_plan_new_untyped(t->query)) != NULL
			   ? 0
			   : -1;
	if ((t->names = name_store_new()) == NULL ||
	    name_store_set_hosts(t->names, h->nhosts) == -1)
		return -1;
	name_store_limit(t->names, t->limits.bytes / QUERY_PART);
	if (query_plans_open(
		&t->plans, t->query, h, t->names, t->walk.in.name) == -1)
		return 1;
	t->has_times = query_has_times(t->query);
	for (unsigned int i = 0; i < t->plans.n; i++)
		t->needs_names |= t->plans.v[i] != NULL &&
				  query_plan_needs_names(t->plans.v[i]);
	if (!t->needs_names || !h->names_follow || h->encoding != STREAM_BINARY)
		return 0;
	if ((t->held = held_records_new(h, NULL, t->names)) == NULL)
		return -1;
	held_records_limit(t->held, t->limits.bytes / HELD_PART);
	for (unsigned int i = 0; i < t->plans.n; i++)
		if (t->plans.v[i] != NULL &&
		    query_plan_needs_names(t->plans.v[i]) &&
		    held_records_add_map(t->held, i, HELD_NAMES) == -1)
			return -1;
	return 0;
}

/* Leave the window, which is empty, the memory that nothing else takes. */
static void
limit_window(struct tail *t)
{
	const size_t bytes = t->limits.bytes;
	size_t left = bytes;

	if (t->has_needs)
		left -= bytes / NAMES_PART;
	if (t->needs_names)
		left -= bytes / QUERY_PART;
	if (t->held != NULL)
		left -= bytes / HELD_PART;
	window_limit(&t->window, left);
}

static int
begin_stream(void *ctx, const struct stream_header *h)
{
	struct tail *t = ctx;
	const struct stream_reader *in = &t->walk.in;
	int got;

	t->header = h;
	t->any = t->json_read = t->has_times = false;
	t->has_needs = t->has_passes = t->needs_names = false;
	t->records = t->newest_ns = t->left_out = t->left_out_lost = 0;
	t->all_lost = t->end_lost = 0;
	memset(t->passes, 0, sizeof(t->passes));
	memset(t->partial, 0, sizeof(t->partial));
	memset(t->within, 0, sizeof(t->within));
	limit_window(t);
	segment_name_prefix(t->prefix, "", "ndjson");
	if (h == NULL)
		return open_query(t, h);
	segment_name_prefix(
	    t->prefix, h->nhosts > 0 ? "merged" : h->host, h->name);
	if (t->dir == NULL &&
	    stream_check_terminal(h->encoding, t->out->fd) == -1)
		return -1;
	t->header_text.len = 0;
	buf_add(&t->header_text, in->header_text, in->header_len);
	if (t->header_text.failed)
		return report_nomem();
	for (unsigned int i = 0; i < h->nmaps; i++)
		t->has_passes |= is_sampled(t, i);
	if ((t->header_clocks = stream_walk_copy_clocks(h)) == NULL ||
	    (t->clocks = stream_walk_copy_clocks(h)) == NULL ||
	    (h->encoding == STREAM_BINARY && open_names(t, h) == -1))
		return -1;
	if ((got = open_query(t, h)) != 0)
		close_stream(t);
	else
		limit_window(t);
	return got;
}

/* What is done when nothing more has come. */
static int
idle(void *ctx, uint64_t *ns)
{
	struct tail *t = ctx;
	struct tail_dump *d = &t->dump;
	const uint64_t now = clock_elapsed();

	if (t->walk.in.name != NULL && signals_take_request() &&
	    answer_request(t) == -1)
		return -1;
	if (release_held(t, t->walk.clock.now) == -1 || flush(t) == -1)
		return -1;
	if (t->held != NULL && held_records_count(t->held) > 0)
		*ns = held_records_deadline(t->held) - t->walk.clock.now;
	if (!d->open || t->walk.clock.stopped)
		return 0;
	if (d->takes && now >= d->until_elapsed + LATE_NS && end_dump(t) == -1)
		return -1;
	if (d->open && !d->takes && d->deadline <= t->walk.clock.now)
		return close_dump(t, true, false);
	if (d->open) {
		const uint64_t left = d->takes
					  ? d->until_elapsed + LATE_NS - now
					  : d->deadline - t->walk.clock.now;

		*ns = left < *ns ? left : *ns;
	}
	return 0;
}

static const struct walk_ops ops = { begin_stream, take_records, tail_line,
	end_stream, idle, NULL };

int
tail_run(struct tail *t, int fd, const char *name)
{
	t->walk.ops = &ops;
	t->walk.ctx = t;
	t->walk.out = t->out;
	return stream_walk_run(&t->walk, fd, name);
}

int
tail_open(struct tail *t)
{
	if (t->limits.bytes == 0)
		t->limits.bytes = TAIL_BYTES;
	t->dump.file = (struct output_file)OUTPUT_FILE_NONE;
	if (window_open(&t->window, t->limits.bytes) == 0)
		return 0;
	report_error("no memory for a window of %" PRIu64 " bytes: %s",
	    t->limits.bytes, strerror(errno));
	return -1;
}

void
tail_close(struct tail *t)
{
	close_stream(t);
	window_close(&t->window);
	buf_free(&t->dump.lines);
	buf_free(&t->header_text);
}
