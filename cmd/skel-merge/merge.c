#include "merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/report.h"
#include "base/signals.h"
#include "merge-order.h"
#include "merge-write.h"
#include "stream/json-record.h"
#include "stream/writer.h"

enum {
	/* Bytes that are read at once of all inputs together, and of each. */
	READ_ALL = 32 << 20,
	READ_LEAST = 16 << 10,
	READ_MOST = 64 << 10,
};

/* How long the first header waits for those of slow inputs, in ns. */
#define GRACE_NS (3 * CLOCK_SECOND)

/*
 * Streams.
 */

static void
free_stream(struct merge_stream *s)
{
	merge_source_close(&s->source);
	buf_free(&s->told);
	free(s);
}

/* Free the streams that no input is within any more. */
static void
sweep_streams(struct merge *m)
{
	struct merge_stream **at = &m->streams, *s;

	while ((s = *at) != NULL) {
		if (s->users > 0 || s->in_header) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		free_stream(s);
	}
}

/* The stream that begins with this header, or NULL. */
static struct merge_stream *
find_stream(const struct merge *m, const char *text, size_t len)
{
	struct merge_stream *s = m->streams;

	while (s != NULL &&
	       (s->source.len != len || memcmp(s->source.text, text, len) != 0))
		s = s->next;
	return s;
}

/* Returns NULL after reporting. */
static struct merge_stream *
add_stream(struct merge *m, const struct merge_input *in)
{
	struct merge_stream *s = calloc(1, sizeof(*s)), **at = &m->streams;

	if (s == NULL) {
		report_nomem();
		return NULL;
	}
	if (merge_source_open(&s->source, &in->in.header, in->in.header_text,
		in->in.header_len) == -1) {
		free(s);
		return NULL;
	}
	while (*at != NULL)
		at = &(*at)->next;
	return *at = s;
}

/* Whether the records of the streams that are merged have another encoding. */
static bool
has_other_encoding(const struct merge *m, const struct merge_input *in)
{
	const struct stream_header *h = &in->in.header;
	static const char *const words[] = { "binary", "JSON" };

	for (const struct merge_stream *s = m->streams; s != NULL; s = s->next)
		if ((s->users > 0 || s->in_header) &&
		    s->source.encoding != h->encoding) {
			report_error("%s: its records are %s, those of other "
				     "inputs %s; make them alike before: "
				     "skel-poll -f json",
			    in->name, words[h->encoding],
			    words[s->source.encoding]);
			return true;
		}
	return false;
}

/* Leave out what an input has up to its next header. */
static void
leave_out(struct merge *m, struct merge_input *in)
{
	m->failed = true;
	in->stream = NULL;
	stream_reader_leave_out(&in->in);
	in->state = MERGE_RUNNING;
}

/* An input has read a header.  Returns 0, or -1 if memory ran out. */
static int
take_header(struct merge *m, struct merge_input *in, enum stream_opening what)
{
	struct merge_stream *s;

	in->at_header = false;
	if (what == STREAM_SESSION)
		report_error("%s: this is a session; poll it first: skel-poll",
		    in->name);
	if (what == STREAM_NDJSON)
		report_error("%s: these records have no header, which says "
			     "what host they are of",
		    in->name);
	if (what != STREAM_OPENED || has_other_encoding(m, in)) {
		leave_out(m, in);
		return 0;
	}
	s = find_stream(m, in->in.header_text, in->in.header_len);
	if (s == NULL && (s = add_stream(m, in)) == NULL)
		return -1;
	s->users++;
	in->stream = s;
	in->state = s->in_header ? MERGE_RUNNING : MERGE_PENDING;
	return 0;
}

/* An input is over. */
static void
close_input(struct merge *m, struct merge_input *in)
{
	if (in->in.bad > STREAM_BAD_SHOWN)
		report_error(
		    "%s: %lu bad lines in total", in->name, in->in.bad);
	if (in->in.input.error != 0)
		report_error(
		    "%s: %s", in->name, line_input_error(&in->in.input));
	m->failed |= in->in.bad > 0 || in->in.input.error != 0;
	merge_input_close(in);
}

/* A stream of an input is over, or the part of it that the input has. */
static void
end_stream(struct merge *m, struct merge_input *in)
{
	struct merge_stream *s = in->stream;

	if (s == NULL)
		return;
	if (!in->in.ended && in->at_end && in->in.input.error == 0)
		report_notice(
		    "%s: the end is missing: the stream was cut", in->name);
	else if (!in->in.ended && in->at_header)
		report_notice("%s:%lu: another stream begins here, but the end "
			      "of the one before is missing: it was cut",
		    in->name, in->in.line);
	if (in->number >= s->last_input) {
		s->last_input = in->number;
		s->last_ended = in->in.ended;
	}
	in->stream = NULL;
	if (--s->users > 0 || s->last_ended)
		return;
	m->cut = true;
	if (s->in_header)
		merge_write_cut(m, s);
}

/* Go on behind the end of an input's stream.  Returns 0, or -1. */
static int
go_on(struct merge *m, struct merge_input *in)
{
	end_stream(m, in);
	if (in->at_header)
		return take_header(
		    m, in, stream_reader_next_stream(&in->in, &in->line));
	close_input(m, in);
	return 0;
}

/* An input has its first line, or will not have one.  Returns 0, or -1. */
static int
open_input(struct merge *m, struct merge_input *in)
{
	enum stream_opening what = stream_reader_open_started(&in->in);

	if (what == STREAM_EMPTY) {
		report_notice("%s: empty: no stream has come", in->name);
		m->cut = true;
		close_input(m, in);
		return 0;
	}
	if (what == STREAM_OPENED)
		return take_header(m, in, what);
	if (what != STREAM_REFUSED)
		take_header(m, in, what);
	m->failed = true;
	close_input(m, in);
	return 0;
}

/*
 * The header of the output.
 */

/* List the streams that inputs are within, in the order of these.  Returns how
 * many; or 0 after reporting that memory ran out. */
static size_t
list_streams(const struct merge *m, struct merge_stream ***list)
{
	size_t n = 0;

	*list = calloc(m->n + 1, sizeof(**list));
	if (*list == NULL) {
		report_nomem();
		return 0;
	}
	for (struct merge_stream *s = m->streams; s != NULL; s = s->next)
		if (s->users > 0)
			(*list)[n++] = s;
	return n;
}

/* Leave out the streams that do not fit into the output. */
static void
leave_out_pending(struct merge *m)
{
	for (size_t i = 0; i < m->n; i++) {
		struct merge_input *in = &m->inputs[i];

		if (in->state != MERGE_PENDING)
			continue;
		in->stream->users--;
		leave_out(m, in);
	}
}

/* Write the header of all streams that inputs are within.  Returns 0; or -1
 * after reporting, if nothing can be merged. */
static int
begin_output(struct merge *m)
{
	struct merge_stream **list;
	size_t n = list_streams(m, &list);
	bool first = !m->begun;
	int ret = -1;

	if (n > 0 && (!first || stream_check_terminal(
				    list[0]->source.encoding, m->out->fd) == 0))
		ret = merge_write_header(m, list, n);
	free(list);
	if (ret == -1 && !first) {
		leave_out_pending(m);
		ret = 0;
	}
	sweep_streams(m);
	for (size_t i = 0; i < m->n && ret == 0; i++)
		if (m->inputs[i].state == MERGE_PENDING)
			m->inputs[i].state = MERGE_RUNNING;
	return ret;
}

static bool
has_state(const struct merge *m, enum merge_state state)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->inputs[i].state == state)
			return true;
	return false;
}

/* How long the first header waits for others, in ns; 0: not, or no more. */
static uint64_t
grace_left(const struct merge *m)
{
	uint64_t end = m->started + GRACE_NS, now = clock_elapsed();

	return m->begun || !has_state(m, MERGE_OPENING) || now >= end
		   ? 0
		   : end - now;
}

/*
 * Lines.
 */

static bool
is_told(enum stream_line_kind kind)
{
	return kind == LINE_SYMBOLS || kind == LINE_STACK ||
	       kind == LINE_NAMES || kind == LINE_CLOCK;
}

/* The time of a JSON record, or that of the one before if it has none. */
static uint64_t
read_time(
    struct merge *m, struct merge_input *in, const struct stream_line *line)
{
	uint64_t time_ns;

	if (stream_json_string(&in->in, line, "@time", &m->map) == -1 ||
	    clock_parse(m->map.data, strlen(m->map.data), &time_ns) == -1)
		return merge_queue_latest(in->queue);
	return time_ns;
}

static int
put_line(struct merge *m, struct merge_input *in, const struct stream_line *l)
{
	struct merge_item item = { .time_ns = l->time_ns,
		.came = m->now,
		.kind = MERGE_CONTROL,
		.map = (uint16_t)l->map,
		.len = (uint32_t)l->text_len };

	switch (l->kind) {
	case LINE_RECORD:
		item.kind = MERGE_RECORD;
		break;
	case LINE_JSON:
		item.kind = MERGE_JSON;
		item.time_ns = read_time(m, in, l);
		break;
	case LINE_SYMBOLS:
	case LINE_STACK:
	case LINE_NAMES:
		item.kind = MERGE_NAMES;
		break;
	case LINE_CLOCK:
		item.kind = MERGE_CLOCK;
		break;
	default:
		break;
	}
	if (merge_queue_put(in->queue, &item, l->text) == -1)
		return -1;
	merge_order_note_full(m, in);
	return 0;
}

static void
write_line(struct merge *m, struct merge_input *in, const struct stream_line *l)
{
	switch (l->kind) {
	case LINE_RECORD:
		merge_write_record(m, in, l->map, l->text, l->text_len);
		break;
	case LINE_JSON:
		merge_write_json(m, in, l->text, l->text_len);
		break;
	default:
		merge_write_control(
		    m, in, l->text, l->text_len, in->in.control);
	}
}

/* Write a line, or have it wait for its time.  Returns 0 or -1. */
static int
take_line(struct merge *m, struct merge_input *in, const struct stream_line *l)
{
	switch (l->kind) {
	case LINE_BAD:
		return 0;
	case LINE_FINISH:
		merge_take_end(m, in, l);
		return 0;
	case LINE_LOST:
		in->stream->lost_lines += l->count;
		break;
	default:
		break;
	}
	if (m->ordered)
		return put_line(m, in, l);
	if (is_told(l->kind))
		merge_keep_told(m, in->stream, l->text, l->text_len);
	write_line(m, in, l);
	return 0;
}

static int
take_records(struct merge *m, struct merge_input *in,
    const struct stream_record *r, size_t n)
{
	const char *last = line_input_text(&in->in.input), *end;
	struct merge_item item = { .kind = MERGE_RECORD, .came = m->now };

	for (size_t i = 0; i < n; i++, r++) {
		/* Without the newline. */
		end = (i + 1 < n ? r[1].text : last) - 1;
		if (!m->ordered) {
			merge_write_record(
			    m, in, r->map, r->text, (size_t)(end - r->text));
			continue;
		}
		item.time_ns = r->time_ns;
		item.map = (uint16_t)r->map;
		item.len = (uint32_t)(end - r->text);
		if (merge_queue_put(in->queue, &item, r->text) == -1)
			return -1;
	}
	if (m->ordered)
		merge_order_note_full(m, in);
	return 0;
}

/* Take the lines that have been read of an input.  Returns 0 or -1. */
static int
take_lines(struct merge *m, struct merge_input *in)
{
	struct stream_record records[STREAM_BATCH];
	size_t n;

	while (merge_input_reads(in) && !in->full) {
		if (in->stream != NULL &&
		    (n = stream_reader_next_records(&in->in, records)) > 0) {
			if (take_records(m, in, records, n) == -1 ||
			    output_flush_if_full(m->out) == -1)
				return -1;
			continue;
		}
		if (!stream_reader_is_ready(&in->in))
			return 0;
		switch (stream_reader_next(&in->in, &in->line)) {
		case LINE_END:
			in->at_end = true;
			break;
		case LINE_HEADER:
			in->at_header = true;
			break;
		default:
			if (take_line(m, in, &in->line) == -1 ||
			    output_flush_if_full(m->out) == -1)
				return -1;
		}
	}
	return 0;
}

/* Read more of an input, once, and take its lines.  Returns 0 or -1. */
static int
read_input(struct merge *m, struct merge_input *in)
{
	m->now = in->came = clock_elapsed();
	line_input_fill(&in->in.input);
	if (in->state == MERGE_OPENING)
		return stream_reader_is_ready(&in->in) ? open_input(m, in) : 0;
	return take_lines(m, in);
}

/*
 * The loop.
 */

/* Whether an input that is no file is to be waited for. */
static bool
is_awaited(const struct merge *m, const struct merge_input *in)
{
	if (!in->live)
		return false;
	return in->state == MERGE_OPENING ||
	       (merge_input_reads(in) && !(m->ordered && in->full));
}

static bool
must_stop(const struct merge *m)
{
	if (signals_stop_at_once() || m->out->gone || m->out->failed)
		return true;
	if (!signals_stop())
		return false;
	/* The commands that write to the inputs end by the signal too. */
	for (size_t i = 0; i < m->n; i++)
		if (m->inputs[i].live && m->inputs[i].state != MERGE_DONE)
			return false;
	return true;
}

/* Wait for inputs that are no files, for ms at most, and read those that can
 * be.  Returns 0 or -1. */
static int
read_live(struct merge *m, int ms)
{
	struct pollfd *p = m->polls;
	size_t n = m->n, i;

	for (i = 0; i < n; i++)
		p[i] = (struct pollfd){ .fd = is_awaited(m, &m->inputs[i])
						  ? m->inputs[i].fd
						  : -1,
			.events = POLLIN };
	p[n] = (struct pollfd){ .fd = m->out->fd };
	p[n + 1] = (struct pollfd){ .fd = signals_wake_fd(), .events = POLLIN };
	if (poll(p, n + 2, ms) <= 0)
		return 0;
	if (p[n + 1].revents != 0)
		signals_clear_wake();
	if (p[n].revents & (POLLERR | POLLHUP | POLLNVAL)) {
		m->out->gone = true;
		return -1;
	}
	/* Each has its turn, and another one is the first each time. */
	m->turn++;
	for (i = 0; i < n; i++) {
		size_t k = (i + m->turn) % n;

		if (p[k].fd != -1 && p[k].revents != 0 &&
		    read_input(m, &m->inputs[k]) == -1)
			return -1;
	}
	return 0;
}

/* Whether it is the turn of an input: with an order those files are read that
 * others wait for, else the first one that is not read to its end. */
static bool
has_turn(const struct merge *m, const struct merge_input *in)
{
	if (!merge_input_reads(in))
		return false;
	if (m->ordered)
		return merge_order_needs(m, in);
	for (const struct merge_input *k = m->inputs; k < in && !in->live; k++)
		if (!k->live && k->state == MERGE_RUNNING)
			return false;
	return true;
}

/* Read files.  Returns how many were read, or -1. */
static int
read_files(struct merge *m)
{
	int n = 0;

	for (size_t i = 0; i < m->n; i++) {
		struct merge_input *in = &m->inputs[i];

		if (in->live || !has_turn(m, in))
			continue;
		if (read_input(m, in) == -1)
			return -1;
		n++;
		if (!m->ordered)
			break;
	}
	return n;
}

/* Take what is left of lines, and go on behind streams that are over.  Returns
 * 1 if there may be more of it at once, 0, or -1. */
static int
finish_streams(struct merge *m)
{
	struct merge_input *in;
	int got = 0;

	for (size_t i = 0; i < m->n; i++) {
		in = &m->inputs[i];
		if (has_turn(m, in) && take_lines(m, in) == -1)
			return -1;
		if (in->state == MERGE_RUNNING && !merge_input_reads(in) &&
		    (!m->ordered || in->stream == NULL)) {
			if (go_on(m, in) == -1)
				return -1;
			got = 1;
		}
	}
	if (!m->ordered || got == 1)
		return got;
	got = merge_order_write(m, &in);
	if (got == 1 && go_on(m, in) == -1)
		return -1;
	return got;
}

/* For how many ms to wait for inputs, -1: for ever. */
static int
wait_ms(const struct merge *m, bool has_read)
{
	uint64_t ns = grace_left(m), order;

	if (has_read)
		return 0;
	if (ns == 0)
		ns = UINT64_MAX;
	if (m->ordered && (order = merge_order_wait(m)) < ns)
		ns = order;
	if (ns == UINT64_MAX)
		return -1;
	return ns / 1000000 > INT32_MAX - 1 ? INT32_MAX
					    : (int)(ns / 1000000) + 1;
}

/* Read the headers of files, and wait for those of others for a while.  Returns
 * 0 or -1. */
static int
open_files(struct merge *m)
{
	for (size_t i = 0; i < m->n; i++) {
		struct merge_input *in = &m->inputs[i];

		if (!in->live && in->state == MERGE_OPENING &&
		    open_input(m, in) == -1)
			return -1;
	}
	return 0;
}

/* Returns 0; or -1 if it failed, or the reader of the output left. */
static int
merge_all(struct merge *m)
{
	int got;

	if (open_files(m) == -1)
		return -1;
	while (!must_stop(m)) {
		while ((got = finish_streams(m)) == 1 &&
		       !has_state(m, MERGE_PENDING))
			;
		if (got == -1)
			return -1;
		if (has_state(m, MERGE_PENDING) && grace_left(m) == 0) {
			if (begin_output(m) == -1)
				return -1;
			continue;
		}
		if (got == 1)
			continue;
		if (!has_state(m, MERGE_OPENING) &&
		    !has_state(m, MERGE_RUNNING))
			return 0;
		if ((got = m->begun ? read_files(m) : 0) == -1)
			return -1;
		if (got == 0 && output_flush(m->out) == -1)
			return -1;
		if (read_live(m, wait_ms(m, got > 0)) == -1)
			return -1;
	}
	return m->out->gone || m->out->failed ? -1 : 0;
}

int
merge_run(struct merge *m)
{
	size_t share = READ_ALL / m->n;
	int ret = 0;

	m->started = m->now = clock_elapsed();
	m->polls = calloc(m->n + 2, sizeof(*m->polls));
	if (m->polls == NULL)
		return report_nomem();
	for (size_t i = 0; i < m->n; i++)
		m->inputs[i].in.input.read_size =
		    share < READ_LEAST  ? READ_LEAST
		    : share > READ_MOST ? READ_MOST
					: share;
	if (m->ordered)
		ret = merge_order_open(m);
	if (ret == 0)
		ret = merge_all(m);
	for (size_t i = 0; i < m->n; i++)
		if (m->inputs[i].state != MERGE_DONE) {
			m->inputs[i].at_end = m->inputs[i].in.input.eof;
			end_stream(m, &m->inputs[i]);
			close_input(m, &m->inputs[i]);
		}
	if (ret == 0)
		merge_write_end(m);
	if (m->late > 0)
		report_notice("%llu records came too late for their place, and "
			      "are out of order; a larger --order may help",
		    (unsigned long long)m->late);
	return ret == 0 && m->failed ? -1 : ret;
}

void
merge_close(struct merge *m)
{
	struct merge_stream *next;

	for (struct merge_stream *s = m->streams; s != NULL; s = next) {
		next = s->next;
		free_stream(s);
	}
	stream_header_free(&m->header);
	json_decref(m->end);
	json_decref(m->last_end);
	buf_free(&m->last_line);
	free(m->heap.v);
	merge_pool_free(m->pool);
	free(m->polls);
	buf_free(&m->scratch);
	buf_free(&m->map);
}
