#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "base/signals.h"
#include "filter-held.h"
#include "filter.h"
#include "record/member-notes.h"
#include "stream/json-record.h"
#include "stream/writer.h"

/* How long the names of the last records are waited for, in ns. */
#define NAMES_NS (2 * CLOCK_SECOND)

/* Why the reading of a stream ended. */
enum filter_end {
	FILTER_ON,     /* it did not */
	FILTER_NEXT,   /* another stream begins */
	FILTER_INPUT,  /* at the end of the input */
	FILTER_CHOSEN, /* by -m, -q or a signal */
	FILTER_FAILED, /* the output failed, or its reader left */
};

static bool
writes_records(const struct filter *f)
{
	return !f->counts && !f->quiet;
}

static void
copy_text(struct filter *f, const char *text, size_t len)
{
	if (!writes_records(f))
		return;
	buf_add(&f->out->buf, text, len);
	buf_chr(&f->out->buf, '\n');
}

static bool
is_full(const struct filter *f)
{
	return (f->quiet && f->found) ||
	       (f->most != 0 && f->selected >= f->most);
}

static void
count_selected(struct filter *f, unsigned int map)
{
	f->found = true;
	f->selected++;
	f->records++;
	f->pass[map]++;
}

/* The first entry of the map of an entry, which control lines are about. */
static unsigned int
first_entry(const struct filter *f, unsigned int map)
{
	const struct stream_header *h = &f->in.header;

	if (h->nmaps == 0 || h->maps[map].label == NULL)
		return map;
	return stream_header_first_entry(h, map);
}

bool
filter_selects(struct filter *f, unsigned int map, uint64_t time_ns,
    const unsigned char *data, size_t len)
{
	return !is_full(f) &&
	       query_plan_run(f->plans.v[map], time_ns, data, len) != f->invert;
}

void
filter_pass_on(struct filter *f, unsigned int map, const char *text, size_t len)
{
	count_selected(f, first_entry(f, map));
	copy_text(f, text, len);
}

/* Filter or hold n records, one after the other. */
static void
filter_each(struct filter *f, const struct stream_record *r, size_t n)
{
	const char *end;

	for (size_t i = 0; i < n; i++) {
		end = i + 1 < n ? r[i + 1].text : line_input_text(&f->in.input);
		/* Without the newline. */
		end--;
		if (!filter_hold_record(
			f, &r[i], r[i].text, (size_t)(end - r[i].text)) &&
		    filter_selects(
			f, r[i].map, r[i].time_ns, r[i].data, r[i].len))
			filter_pass_on(
			    f, r[i].map, r[i].text, (size_t)(end - r[i].text));
	}
}

/* Filter n records.  The lines of those that follow each other are copied as
 * one. */
static void
filter_records(struct filter *f, const struct stream_record *r, size_t n)
{
	const char *end = line_input_text(&f->in.input), *from = NULL;
	size_t i;

	if (f->held != NULL) {
		filter_each(f, r, n);
		return;
	}
	for (i = 0; i < n && !is_full(f); i++) {
		if (filter_selects(
			f, r[i].map, r[i].time_ns, r[i].data, r[i].len)) {
			count_selected(f, first_entry(f, r[i].map));
			from = from == NULL ? r[i].text : from;
			continue;
		}
		if (from != NULL && writes_records(f))
			buf_add(&f->out->buf, from, (size_t)(r[i].text - from));
		from = NULL;
	}
	if (i < n)
		end = r[i].text;
	if (from != NULL && writes_records(f))
		buf_add(&f->out->buf, from, (size_t)(end - from));
}

static void
filter_record(struct filter *f, const struct stream_line *line)
{
	const struct stream_record r = { .data = line->data,
		.len = line->len,
		.time_ns = line->time_ns,
		.map = line->map };

	if (!filter_hold_record(f, &r, line->text, line->text_len) &&
	    filter_selects(f, r.map, r.time_ns, r.data, r.len))
		filter_pass_on(f, r.map, line->text, line->text_len);
}

/* The plan for a JSON record, or NULL after reporting. */
static struct query_plan *
find_json_plan(
    struct filter *f, const struct stream_line *line, unsigned int *map)
{
	int i;

	*map = 0;
	if (f->in.header.nmaps == 0) {
		if (f->untyped == NULL)
			f->untyped = query_plan_new_untyped(f->query);
		if (f->untyped == NULL)
			f->out->buf.failed = true;
		return f->untyped;
	}
	if (stream_json_string(&f->in, line, "@map", &f->map) == -1) {
		f->out->buf.failed |= f->map.failed;
		return NULL;
	}
	i = stream_json_entry(&f->in, line, f->map.data, &f->type);
	if (i == -1)
		return NULL;
	*map = (unsigned int)i;
	return f->plans.v[i];
}

static void
filter_json(struct filter *f, const struct stream_line *line)
{
	unsigned int map;
	struct query_plan *plan = find_json_plan(f, line, &map);
	size_t wrong_at;
	int got;

	if (plan == NULL)
		return;
	got = query_plan_run_json(plan, line->text, line->text_len, &wrong_at);
	if (got == -1)
		stream_reader_bad(
		    &f->in, "not JSON from column %zu on", wrong_at);
	f->json_read |= got != -1;
	if (got == -1 || (got == 1) == f->invert)
		return;
	filter_pass_on(f, map, line->text, line->text_len);
}

/* Copy "@sampled", with the number of records that were selected. */
static void
copy_pass(struct filter *f, const struct stream_line *line)
{
	uint64_t keys = f->pass[line->map];

	f->pass[line->map] = 0;
	if (keys == line->keys || !writes_records(f))
		copy_text(f, line->text, line->text_len);
	else
		stream_write_pass(
		    &f->out->buf, &f->in.header, line->map, line->pass, keys);
}

/* Copy "@end", with the number of records that were selected. */
static void
copy_end(struct filter *f, const struct stream_line *line)
{
	json_t *value, *end;

	if (!writes_records(f))
		return;
	value = json_copy((json_t *)line->value);
	end = json_pack("{so}", "@end", value);
	if (end == NULL ||
	    json_object_set_new(
		value, "records", json_doc_u64_new(f->records)) == -1 ||
	    json_doc_write(end, &f->out->buf) == -1)
		f->out->buf.failed = true;
	buf_chr(&f->out->buf, '\n');
	json_decref(end);
}

static bool
is_about_names(const struct stream_line *line)
{
	return line->kind == LINE_SYMBOLS || line->kind == LINE_STACK ||
	       line->kind == LINE_NAMES;
}

/* Take the names that the host tells, and copy them. */
static void
take_names(struct filter *f, const struct stream_line *line)
{
	char where[1024];

	copy_text(f, line->text, line->text_len);
	if (!f->needs_names)
		return;
	snprintf(
	    where, sizeof(where), "%s:%lu: @names", f->in.name, f->in.line);
	stream_reader_try(&f->in);
	stream_reader_tried(
	    &f->in, name_store_parse(f->names, line->value, where));
}

/* The times in the plans are those of other clocks from here on. */
static void
take_clock(struct filter *f)
{
	if (f->has_times && query_plans_renew(&f->plans, f->query,
				&f->in.header, f->names, f->in.name) == -1)
		f->out->buf.failed = true;
}

void
filter_line(struct filter *f, const struct stream_line *line)
{
	if (is_full(f) && !is_about_names(line))
		return;
	switch (line->kind) {
	case LINE_RECORD:
		filter_record(f, line);
		break;
	case LINE_JSON:
		filter_json(f, line);
		break;
	case LINE_PASS:
		copy_pass(f, line);
		break;
	case LINE_FINISH:
		copy_end(f, line);
		break;
	case LINE_BAD:
		break;
	case LINE_NAMES:
		take_names(f, line);
		break;
	default:
		if (line->kind == LINE_LOST)
			f->lost += line->count;
		if (line->kind == LINE_CLOCK)
			take_clock(f);
		copy_text(f, line->text, line->text_len);
	}
}

static bool
must_stop(const struct filter *f)
{
	return signals_stop_at_once() || (signals_stop() && !f->is_pipe);
}

/* Whether the names of the last records have been waited for long enough. */
static bool
is_late(const struct filter *f)
{
	return f->deadline != 0 && clock_elapsed() >= f->deadline;
}

static bool
has_names_behind(const struct stream_header *h)
{
	return h->symbols_follow || h->names_follow;
}

/* Whether the selected records are complete, and their names too. */
static bool
is_done(struct filter *f)
{
	if (!is_full(f))
		return false;
	if (!f->is_stream || !writes_records(f) ||
	    !has_names_behind(&f->in.header))
		return true;
	if (f->deadline == 0)
		f->deadline = clock_elapsed() + NAMES_NS;
	return is_late(f);
}

/* For how many ms the input may be waited for; -1: without a limit. */
static int
get_wait_ms(const struct filter *f)
{
	int most = held_clock_wait_ms(&f->held_clock, f->held, -1), left;
	uint64_t now = clock_elapsed();

	if (f->deadline == 0)
		return most;
	left = f->deadline > now ? (int)((f->deadline - now) / 1000000) + 1 : 0;
	return most < 0 || left < most ? left : most;
}

/* Wait for input, after writing out what there is. */
static enum filter_end
wait_for_input(struct filter *f, int fd)
{
	int wait_ms = 0, ready = output_wait(f->out, fd, 0);

	held_clock_note_wait(&f->held_clock, wait_ms);
	while (!(ready & (OUTPUT_READY | OUTPUT_GONE))) {
		if (filter_release(f, f->held_clock.now) == -1 ||
		    output_flush(f->out) == -1)
			return FILTER_FAILED;
		if (must_stop(f) || is_done(f))
			return FILTER_CHOSEN;
		wait_ms = get_wait_ms(f);
		ready = output_wait(f->out, fd, wait_ms);
		held_clock_note_wait(&f->held_clock, wait_ms);
	}
	/* Where no record is selected, no write tells that the reader left. */
	if (ready & OUTPUT_GONE) {
		f->out->gone = true;
		return FILTER_FAILED;
	}
	return must_stop(f) ? FILTER_CHOSEN : FILTER_ON;
}

/* Read and filter the lines of a stream.  *line is the header of the next one
 * where that is why it ends. */
static enum filter_end
filter_lines(struct filter *f, struct stream_line *line)
{
	struct stream_record records[STREAM_BATCH];
	enum filter_end end;
	size_t n;

	do {
		if (filter_release(f, 0) == -1)
			return FILTER_FAILED;
		if (is_done(f))
			return FILTER_CHOSEN;
		n = stream_reader_next_records(&f->in, records);
		filter_records(f, records, n);
		if (n > 0)
			continue;
		while (!stream_reader_is_ready(&f->in)) {
			if (filter_release(f, f->held_clock.now) == -1)
				return FILTER_FAILED;
			end = wait_for_input(f, f->in.input.fd);
			if (end != FILTER_ON)
				return end;
			line_input_fill(&f->in.input);
		}
		switch (stream_reader_next(&f->in, line)) {
		case LINE_END:
			return FILTER_INPUT;
		case LINE_HEADER:
			return is_full(f) ? FILTER_CHOSEN : FILTER_NEXT;
		case LINE_FINISH:
			if (filter_release(f, UINT64_MAX) == -1)
				return FILTER_FAILED;
			if (is_full(f))
				return FILTER_CHOSEN;
			filter_line(f, line);
			break;
		case LINE_RECORD:
		case LINE_NAMES:
			filter_line(f, line);
			break;
		default:
			if (!filter_hold_line(f, line))
				filter_line(f, line);
		}
	} while (output_flush_if_full(f->out) == 0);
	return FILTER_FAILED;
}

/* Begin a stream: compile the query for its maps, and copy the header.  Returns
 * 0, or -1 after reporting. */
static int
begin_stream(struct filter *f, enum stream_opening what)
{
	struct stream_header *h = &f->in.header;

	f->is_stream = f->json_read = false;
	f->records = f->lost = 0;
	memset(f->pass, 0, sizeof(f->pass));
	if (what == STREAM_SESSION)
		report_error("%s: this is a session; poll it first: skel-poll",
		    f->in.name);
	if (what == STREAM_NDJSON)
		return 0;
	if (what != STREAM_OPENED ||
	    (f->nas > 0 &&
		member_notes_apply_options(h, f->as, f->nas) == -1) ||
	    (f->names = name_store_new()) == NULL ||
	    name_store_set_hosts(f->names, h->nhosts) == -1 ||
	    query_plans_open(&f->plans, f->query, h, f->names, f->in.name) ==
		-1 ||
	    filter_open_held(f) == -1)
		return -1;
	f->has_times = query_has_times(f->query);
	if (writes_records(f) &&
	    stream_check_terminal(h->encoding, f->out->fd) == -1)
		return -1;
	f->is_stream = true;
	if (writes_records(f) && f->nas > 0)
		return stream_header_write(h, &f->out->buf);
	copy_text(f, f->in.header_text, f->in.header_len);
	return 0;
}

static void
close_stream(struct filter *f)
{
	filter_close_held(f);
	query_plans_close(&f->plans);
	name_store_free(f->names);
	f->names = NULL;
}

static void
end_stream(struct filter *f, enum filter_end end)
{
	const struct stream_reader *in = &f->in;

	if (end != FILTER_FAILED && filter_release(f, UINT64_MAX) == -1)
		end = FILTER_FAILED;
	if (f->json_read)
		query_plans_report_unseen(
		    f->plans.v, f->plans.n, f->query, in->name);
	close_stream(f);
	if (!f->is_stream || end == FILTER_FAILED)
		return;
	if (end == FILTER_CHOSEN && writes_records(f))
		stream_write_end(&f->out->buf, f->records, f->lost);
	else if (end == FILTER_NEXT && !in->ended)
		report_notice("%s:%lu: another stream begins here, but the end "
			      "of the one before is missing: it was cut",
		    in->name, in->line);
	else if (end == FILTER_INPUT && !in->ended && in->input.eof)
		report_notice(
		    "%s: the end is missing: the stream was cut", in->name);
}

static void
write_count(struct filter *f, const char *name)
{
	if (!f->counts || f->quiet)
		return;
	if (f->with_name)
		buf_printf(&f->out->buf, "%s:", name);
	buf_printf(&f->out->buf, "%" PRIu64 "\n", f->selected);
}

/* Report what was wrong with an input.  Returns 0 or -1. */
static int
report_input_end(const struct filter *f)
{
	const struct stream_reader *in = &f->in;

	if (in->bad > STREAM_BAD_SHOWN)
		report_error("%s: %lu bad lines in total", in->name, in->bad);
	if (in->input.error != 0)
		report_error("%s: %s", in->name, line_input_error(&in->input));
	return in->bad > 0 || in->input.error != 0 ? -1 : 0;
}

static int
filter_input(struct filter *f, enum stream_opening what)
{
	struct stream_line line;
	enum filter_end end;
	int ret = 0;

	if (what == STREAM_EMPTY)
		return 0;
	if (begin_stream(f, what) == -1)
		return -1;
	while ((end = filter_lines(f, &line)) == FILTER_NEXT) {
		end_stream(f, end);
		what = stream_reader_next_stream(&f->in, &line);
		if (begin_stream(f, what) == -1) {
			close_stream(f);
			stream_reader_leave_out(&f->in);
			ret = -1;
		}
	}
	end_stream(f, end);
	if (end == FILTER_FAILED)
		return ret;
	if (f->untyped != NULL)
		query_plans_report_unseen(&f->untyped, 1, f->query, f->in.name);
	return ret | report_input_end(f);
}

int
filter_run(struct filter *f, int fd, const char *name)
{
	enum filter_end end;
	struct stat st;
	int ret = 0;

	if (fstat(fd, &st) == -1)
		st.st_mode = 0;
	f->held_clock = (struct held_clock){ .stopped = S_ISREG(st.st_mode) };
	f->is_pipe = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode);
	f->selected = f->deadline = 0;
	if ((end = wait_for_input(f, fd)) == FILTER_ON) {
		ret = filter_input(f, stream_reader_open(&f->in, fd, name));
		close_stream(f);
		stream_reader_close(&f->in);
	}
	query_plan_free(f->untyped);
	f->untyped = NULL;
	buf_free(&f->map);
	buf_free(&f->type);
	if (end != FILTER_FAILED && !f->out->gone && !f->out->failed)
		write_count(f, name);
	return ret;
}
