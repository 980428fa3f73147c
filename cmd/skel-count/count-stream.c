#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "base/signals.h"
#include "count-stream.h"
#include "kinds/name-store.h"
#include "record/member-notes.h"
#include "record/symbol-store.h"
#include "stream/json-record.h"
#include "stream/writer.h"

/* Records of several CPUs may be out of order by this. */
#define DISORDER_NS (2 * CLOCK_SECOND)

/* A record is on its way for this long at most, in ns; one that is older comes
 * from a recording, whose passes end by their records alone. */
#define LATE_NS (CLOCK_SECOND / 5)
#define LIVE_NS (2 * CLOCK_SECOND)

/* Note which names the rows need. */
static void
note_needs(struct count_stream *s, const struct stream_header *h)
{
	memset(s->kinds, 0, sizeof(s->kinds));
	for (size_t i = 0; i < h->types.n; i++)
		for (size_t j = 0; j < h->types.v[i].nmembers; j++)
			s->kinds[h->types.v[i].members[j].as.kind] = true;
	s->stacks = h->maps[0].interpreter != NULL;
}

/* Where lines that are not rows go: behind the header, also before that is
 * written. */
static struct buf *
lines(struct count_stream *s)
{
	return s->written ? &s->out->buf : &s->early;
}

/* Make what writes rows as JSON. */
static int
open_plan(struct count_stream *s, const struct stream_header *h)
{
	struct plan_options o = { .form = PLAN_JSON,
		.clocks = &h->clock,
		.symbols = s->symbols,
		.names = s->names };

	return (s->plan = plan_new(h, 0, &o)) == NULL ? -1 : 0;
}

/* Write the header of the rows, unless that was done, and what has waited for
 * it. */
static int
write_header(struct count_stream *s)
{
	struct stream_header *h = counter_header(s->counter);

	if (s->written)
		return 0;
	counter_show_other(s->counter, !s->one_pass);
	note_needs(s, h);
	if (s->encoding == STREAM_JSON && open_plan(s, h) == -1)
		return -1;
	s->written = true;
	if (stream_header_write(h, &s->out->buf) == -1)
		return -1;
	buf_add(&s->out->buf, s->early.data, s->early.len);
	s->out->buf.failed |= s->early.failed;
	s->early.len = 0;
	return 0;
}

/* Begin a stream of rows.  If its only pass is at the end, it is known only
 * then whether there is a row of all other keys. */
static int
begin_rows(struct count_stream *s)
{
	note_needs(s, counter_header(s->counter));
	if (s->encoding == STREAM_JSON && s->symbols == NULL &&
	    (s->symbols = symbol_store_new()) == NULL)
		return -1;
	if (s->names == NULL && (s->names = name_store_new()) == NULL)
		return -1;
	s->one_pass = s->q->every_ns == 0 && counter_has_one_pass(s->counter);
	return s->one_pass ? 0 : write_header(s);
}

/* Write the end of the stream of rows. */
static void
write_end(struct count_stream *s)
{
	stream_write_end(&s->out->buf, s->rows, s->lost);
	s->rows = s->lost = s->pass = 0;
	s->written = false;
	plan_free(s->plan);
	s->plan = NULL;
}

static bool
write_row(void *ctx, const unsigned char *row, size_t len)
{
	struct count_stream *s = ctx;
	struct buf *out = &s->out->buf;

	s->rows++;
	if (s->plan != NULL)
		plan_record(s->plan, out, s->end, row, len);
	else
		stream_write_record(out, 0, s->end, NULL, 0, row, len);
	return output_flush_if_full(s->out) == 0;
}

/* Write the rows as they are.  Returns 0, or -1 if the output failed. */
static int
write_pass(struct count_stream *s)
{
	uint64_t every = s->q->every_ns;
	int64_t rows;

	/* The last pass ends with its last record. */
	if (every == 0 || s->time < s->end)
		s->end = s->time;
	if (counter_show_other(s->counter, !s->one_pass) && s->written)
		write_end(s);
	if (write_header(s) == -1)
		return -1;
	if ((rows = counter_rows(s->counter, write_row, s)) == -1)
		return -1;
	stream_write_pass(&s->out->buf, counter_header(s->counter), 0,
	    ++s->pass, (uint64_t)rows);
	if (s->q->delta)
		counter_clear(s->counter);
	s->counted = s->complete = false;
	s->end = 0;
	return output_flush_if_full(s->out);
}

/* Whether a record is so much older than the pass that it does not belong
 * there: an older recording follows, or the clock was set. */
static bool
is_much_older(const struct count_stream *s, uint64_t time)
{
	uint64_t slack = 2 * s->q->every_ns;

	if (slack < DISORDER_NS)
		slack = DISORDER_NS;
	return s->end > slack && time < s->end - slack;
}

/* Begin the pass that a record belongs to, after the end of the one before. */
static int
note_time(struct count_stream *s, uint64_t time)
{
	uint64_t every = s->q->every_ns, end = s->end;
	bool older = every != 0 && is_much_older(s, time);

	if (every != 0 && end != 0 && (time >= end || older) && s->counted &&
	    !counter_is_replaced(s->counter)) {
		if (!older)
			s->time = end;
		if (write_pass(s) == -1)
			return -1;
	}
	if (older)
		s->end = 0;
	if (older || time > s->time)
		s->time = time;
	if (every != 0 && s->end == 0)
		s->end = s->time > UINT64_MAX - every
			     ? UINT64_MAX
			     : (s->time / every + 1) * every;
	return 0;
}

static int
count_record(struct count_stream *s, unsigned int map, uint64_t time,
    const unsigned char *data, size_t len)
{
	if (!counter_counts(s->counter, map))
		return 0;
	if (s->complete) {
		/* This pass takes the place of the one before. */
		counter_clear(s->counter);
		s->complete = false;
	}
	if (note_time(s, time) == -1)
		return -1;
	s->counted = true;
	return counter_add(s->counter, map, data, len);
}

static int
count_records(
    struct count_stream *s, const struct stream_record *records, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (count_record(s, records[i].map, records[i].time_ns,
			records[i].data, records[i].len) == -1)
			return -1;
	return 0;
}

/* A pass over a sampled map of the input has ended. */
static int
end_input_pass(struct count_stream *s, const struct stream_line *line)
{
	const struct stream_map *m = &s->in.header.maps[line->map];
	bool due = s->q->every_ns == 0 || s->time >= s->end;

	if (!counter_counts(s->counter, line->map) ||
	    (m->source != STREAM_SAMPLE && !counter_is_replaced(s->counter)))
		return 0;
	if (s->counted && due && write_pass(s) == -1)
		return -1;
	s->complete = counter_is_replaced(s->counter);
	return 0;
}

static void
copy_line(struct count_stream *s, const struct stream_line *line)
{
	buf_add(lines(s), line->text, line->text_len);
	buf_chr(lines(s), '\n');
}

static void
count_lost(struct count_stream *s, unsigned int map, uint64_t count)
{
	s->stream_lost += count;
	if (!counter_counts(s->counter, map))
		return;
	s->lost += count;
	stream_write_lost(lines(s), counter_header(s->counter), 0, count);
}

/* Whether an "@names" line is about a kind that the rows have. */
static bool
has_wanted_names(const struct count_stream *s, const json_t *value)
{
	const char *name;

	if (json_doc_get_string(value, "kind", &name, s->in.name) != 1)
		return false;
	for (int kind = KIND_NONE + 1; kind < KIND_COUNT; kind++)
		if (strcmp(kind_name((enum kind)kind), name) == 0)
			return s->kinds[kind];
	return false;
}

/* Keep what a line tells for records in JSON, which have names in them. */
static void
keep_names(struct count_stream *s, const struct stream_line *line)
{
	char where[1024];
	int ret = 0;

	if (s->encoding != STREAM_JSON)
		return;
	if (line->kind == LINE_CLOCK) {
		counter_header(s->counter)->clock = line->clock;
		return;
	}
	snprintf(where, sizeof(where), "%s:%lu", s->in.name, s->in.line);
	stream_reader_try(&s->in);
	if (line->kind == LINE_STACK)
		ret = symbol_store_parse_stack(s->symbols, line->value, where);
	else if (line->kind == LINE_SYMBOLS)
		ret = symbol_store_parse(s->symbols, line->value, where);
	else
		ret = name_store_parse(s->names, line->value, where);
	stream_reader_tried(&s->in, ret);
}

/* Pass on what the rows need to be shown: names are of addresses and numbers,
 * not of a map. */
static void
count_other(struct count_stream *s, const struct stream_line *line)
{
	bool wanted = false;

	/* Rows count numbers of several hosts together, which each host gives
	 * another name. */
	if (s->in.header.nhosts > 0)
		return;
	switch (line->kind) {
	case LINE_SYMBOLS:
	case LINE_STACK:
		wanted = s->stacks;
		break;
	case LINE_CLOCK:
		/* The header has the clock, too. */
		wanted = true;
		break;
	case LINE_NAMES:
		wanted = has_wanted_names(s, line->value);
		break;
	default:
		break;
	}
	if (!wanted)
		return;
	copy_line(s, line);
	keep_names(s, line);
}

/* Find the map of a record in JSON.  Returns false after reporting. */
static bool
find_map(
    struct count_stream *s, const struct stream_line *line, unsigned int *map)
{
	int i;

	*map = 0;
	if (s->untyped)
		return true;
	if (stream_json_string(&s->in, line, "@map", &s->map) == -1)
		return false;
	i = stream_json_entry(&s->in, line, s->map.data, &s->label);
	if (i == -1)
		return false;
	*map = (unsigned int)i;
	return true;
}

static int
count_json(struct count_stream *s, const struct stream_line *line)
{
	struct counter_json json = { .time_ns = s->time };
	unsigned int map;

	if (!s->untyped && s->in.header.encoding != STREAM_JSON) {
		stream_reader_bad(&s->in, "a JSON record among binary ones");
		return 0;
	}
	if (!find_map(s, line, &map) || !counter_counts(s->counter, map))
		return s->map.failed || s->label.failed ? report_nomem() : 0;
	/* Records without a time are counted when they arrive. */
	if (s->untyped)
		json.time_ns = clock_now();
	stream_reader_try(&s->in);
	counter_read_json(s->counter, map, line->text, line->text_len, &json);
	stream_reader_tried(
	    &s->in, json.got == JSON_WRONG && json.wanted == NULL ? -1 : 0);
	s->json_read |= json.got != JSON_NOT;
	if (json.changed && s->written)
		write_end(s);
	switch (json.got) {
	case JSON_GOOD:
		if (!s->untyped && s->in.header.nhosts == 0 &&
		    counter_tell_names(s->counter, map, s->names, lines(s)) ==
			-1)
			return -1;
		return count_record(s, map, json.time_ns, json.data, json.len);
	case JSON_LACKS:
		s->lacking++;
		return 0;
	case JSON_WRONG:
		if (json.wanted != NULL)
			stream_reader_bad(
			    &s->in, "%s is not %s", json.name, json.wanted);
		return 0;
	case JSON_NOT:
		stream_reader_bad(
		    &s->in, "not JSON from column %zu on", json.wrong_at);
		return 0;
	default:
		return -1;
	}
}

/* Records are looked at as the header says that they are. */
static int
count_binary(struct count_stream *s, const struct stream_line *line)
{
	if (s->in.header.encoding != STREAM_JSON)
		return count_record(
		    s, line->map, line->time_ns, line->data, line->len);
	stream_reader_bad(&s->in, "a binary record among JSON ones");
	return 0;
}

static int
count_line(struct count_stream *s, const struct stream_line *line)
{
	switch (line->kind) {
	case LINE_RECORD:
		return count_binary(s, line);
	case LINE_PASS:
		return end_input_pass(s, line);
	case LINE_LOST:
		count_lost(s, line->map, line->count);
		return 0;
	case LINE_ERROR:
		if (counter_counts(s->counter, line->map))
			stream_write_error(lines(s), counter_header(s->counter),
			    0, line->message, line->count);
		return 0;
	case LINE_FINISH:
		if (line->lost > s->stream_lost)
			s->lost += line->lost - s->stream_lost;
		return 0;
	case LINE_JSON:
		return count_json(s, line);
	default:
		count_other(s, line);
		return 0;
	}
}

static bool
must_stop(const struct count_stream *s)
{
	return signals_stop_at_once() || (signals_stop() && !s->is_pipe);
}

/* For how many ms the input may be waited for: -1, without a limit; 0 if the
 * pass is over. */
static int
wait_ms(const struct count_stream *s)
{
	uint64_t now = clock_now(), end = s->end, left;

	if (s->q->every_ns == 0 || !s->counted || end == 0 ||
	    counter_is_replaced(s->counter) || now > end + LIVE_NS)
		return -1;
	if (now >= end + LATE_NS)
		return 0;
	left = (end + LATE_NS - now) / 1000000 + 1;
	return left < INT_MAX ? (int)left : INT_MAX;
}

/* Wait for input, after writing out what there is, and end passes that the
 * clock ends.  Returns 1, 0 if a signal asks to end, or -1. */
static int
wait_for_input(struct count_stream *s, int fd)
{
	int ready = output_wait(s->out, fd, 0), ms;

	while (!(ready & OUTPUT_READY)) {
		if (ready & OUTPUT_GONE) {
			s->out->gone = true;
			return -1;
		}
		if (must_stop(s))
			return 0;
		if ((ms = wait_ms(s)) == 0) {
			s->time = s->end;
			if (write_pass(s) == -1)
				return -1;
			ms = -1;
		}
		if (output_flush(s->out) == -1)
			return -1;
		ready = output_wait(s->out, fd, ms);
	}
	return must_stop(s) ? 0 : 1;
}

/* Returns 1 with the header of another stream in line, 0 at the end, or -1. */
static int
count_lines(struct count_stream *s, struct stream_line *line)
{
	struct stream_record records[STREAM_BATCH];
	size_t n;
	int got;

	do {
		n = s->in.header.encoding == STREAM_JSON
			? 0
			: stream_reader_next_records(&s->in, records);
		if (count_records(s, records, n) == -1)
			return -1;
		if (n > 0)
			continue;
		while (!stream_reader_is_ready(&s->in)) {
			if ((got = wait_for_input(s, s->in.input.fd)) != 1)
				return got;
			line_input_fill(&s->in.input);
		}
		if (stream_reader_next(&s->in, line) == LINE_END)
			return 0;
		if (line->kind == LINE_HEADER)
			return 1;
		if (count_line(s, line) == -1)
			return -1;
	} while (output_flush_if_full(s->out) == 0);
	return -1;
}

static void
set_wanted(struct count_stream *s)
{
	const struct stream_header *h = &s->in.header;

	for (size_t i = 0; i < h->nmaps; i++) {
		s->wanted[i] = s->nmaps == 0;
		for (size_t j = 0; j < s->nmaps; j++)
			s->wanted[i] |=
			    strcmp(s->maps[j], h->maps[i].name) == 0;
	}
}

static int
check_maps(const struct count_stream *s)
{
	for (size_t i = 0; i < s->nmaps; i++)
		if (stream_header_find_map(&s->in.header, s->maps[i]) == -1) {
			report_error(
			    "%s: no map \"%s\"", s->in.name, s->maps[i]);
			return -1;
		}
	return 0;
}

/* Write what is counted, and the end of the stream of rows. */
static int
end_rows(struct count_stream *s)
{
	int ret = 0;

	if (counter_header(s->counter) == NULL)
		return 0;
	if (s->counted || (s->pass == 0 && s->complete))
		ret = write_pass(s);
	if (ret == 0 && (s->written || !s->untyped))
		ret = write_header(s);
	if (s->written)
		write_end(s);
	s->time = s->end = 0;
	s->counted = s->complete = false;
	counter_report_rows(s->counter);
	counter_reset(s->counter);
	return ret;
}

/* Begin to count JSON without a header. */
static int
begin_untyped(struct count_stream *s)
{
	int got;

	if (s->nmaps > 0 || s->nas > 0) {
		report_error("%s: these records have no header, so there is "
			     "nothing for -m and --as",
		    s->in.name);
		return -1;
	}
	got = counter_begin_untyped(s->counter, s->encoding);
	if (got == 0) {
		if (end_rows(s) == -1)
			return -1;
		got = counter_begin_untyped(s->counter, s->encoding);
	}
	s->one_pass = s->q->every_ns == 0;
	return got == 1 ? 0 : -1;
}

/* Report what is known at the end of a stream.  Returns 0, or -1 after an
 * error. */
static int
end_stream(const struct count_stream *s)
{
	counter_report_maps(s->counter, s->in.name);
	if (s->json_read && counter_report_unseen(s->counter, s->in.name))
		return -1;
	if (s->lacking > 0)
		report_notice("%s: %" PRIu64 " records were left out: they "
			      "lack a member of the question",
		    s->in.name, s->lacking);
	return 0;
}

static int
begin_stream(struct count_stream *s, enum stream_opening what)
{
	int got;

	if (what == STREAM_SESSION)
		report_error("%s: this is a session; poll it first: skel-poll",
		    s->in.name);
	s->json_read = false;
	s->lacking = s->stream_lost = 0;
	s->untyped = what == STREAM_NDJSON;
	if (s->untyped)
		return begin_untyped(s);
	if (what != STREAM_OPENED || check_maps(s) == -1 ||
	    (s->nas > 0 &&
		member_notes_apply_options(&s->in.header, s->as, s->nas) == -1))
		return -1;
	set_wanted(s);
	got = counter_begin(s->counter, &s->in.header, s->wanted, s->in.name);
	if (got == 0) {
		if (end_rows(s) == -1)
			return -1;
		got = counter_begin(
		    s->counter, &s->in.header, s->wanted, s->in.name);
	}
	if (got != 1)
		return -1;
	if (counter_header(s->counter) == NULL)
		return counter_make_header(
			   s->counter, &s->in.header, s->encoding) == -1
			   ? -1
			   : begin_rows(s);
	if ((s->kinds[KIND_KTIME] || s->kinds[KIND_BOOTTIME]) &&
	    s->in.header.nhosts == 0)
		stream_write_clock(lines(s), &s->in.header.clock);
	return 0;
}

static int
count_input(struct count_stream *s, enum stream_opening what)
{
	struct stream_line line;
	int got, ret = 0;

	if (what == STREAM_EMPTY)
		return 0;
	if (begin_stream(s, what) == -1)
		return -1;
	while ((got = count_lines(s, &line)) == 1) {
		ret |= end_stream(s);
		what = stream_reader_next_stream(&s->in, &line);
		if (begin_stream(s, what) == -1) {
			stream_reader_leave_out(&s->in);
			ret = -1;
		}
	}
	if (got == -1)
		return -1;
	ret |= end_stream(s);
	if (!s->untyped && !s->in.ended && s->in.input.eof)
		report_notice(
		    "%s: the end is missing: the stream was cut", s->in.name);
	if (s->in.input.error != 0)
		report_error(
		    "%s: %s", s->in.name, line_input_error(&s->in.input));
	return s->in.bad > 0 || s->in.input.error != 0 ? -1 : ret;
}

int
count_stream_run(struct count_stream *s, int fd, const char *name)
{
	struct stat st;
	int ret;

	if (fstat(fd, &st) == -1)
		st.st_mode = 0;
	s->is_pipe = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode);
	if ((ret = wait_for_input(s, fd)) != 1)
		return ret;
	ret = count_input(s, stream_reader_open(&s->in, fd, name));
	/* Types of the rows may be those of the input. */
	counter_end_input(s->counter);
	stream_reader_close(&s->in);
	return ret;
}

int
count_stream_finish(struct count_stream *s)
{
	return end_rows(s);
}

void
count_stream_close(struct count_stream *s)
{
	plan_free(s->plan);
	symbol_store_free(s->symbols);
	name_store_free(s->names);
	counter_free(s->counter);
	buf_free(&s->early);
	buf_free(&s->map);
	buf_free(&s->label);
}
