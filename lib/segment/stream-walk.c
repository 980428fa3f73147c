#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/report.h"
#include "base/signals.h"
#include "segment/stream-walk.h"
#include "stream/json-record.h"

/* What becomes of the walk. */
enum walk_step {
	STEP_ON,
	STEP_NEXT,    /* the line is the header of another stream */
	STEP_INPUT,   /* the input is over */
	STEP_STOPPED, /* by a signal, or no more is wanted */
	STEP_FAILED,  /* by a function, or the reader of the output left */
};

/* Note what a function returned.  Returns that. */
static int
note(struct stream_walk *w, int ret)
{
	w->failed |= ret == -1;
	return ret;
}

static bool
must_stop(const struct stream_walk *w)
{
	return signals_stop_at_once() || (signals_stop() && !w->is_pipe);
}

static bool
is_over(const struct stream_walk *w)
{
	return w->ops->is_over != NULL && w->ops->is_over(w->ctx);
}

/* As output_wait() takes it; UINT64_MAX ns: no limit. */
static int
to_ms(uint64_t ns)
{
	return ns / 1000000 < INT_MAX ? (int)(ns / 1000000) + 1 : -1;
}

/* Wait for input, after writing out what there is. */
static enum walk_step
wait_for_input(struct stream_walk *w, int fd)
{
	int wait_ms = 0, ready = output_wait(w->out, fd, 0);
	uint64_t ns;

	held_clock_note_wait(&w->clock, wait_ms);
	while (!(ready & (OUTPUT_READY | OUTPUT_GONE))) {
		ns = UINT64_MAX;
		if (note(w, w->ops->idle(w->ctx, &ns)) == -1)
			return STEP_FAILED;
		wait_ms = to_ms(ns);
		if (must_stop(w) || is_over(w))
			return STEP_STOPPED;
		ready = output_wait(w->out, fd, wait_ms);
		held_clock_note_wait(&w->clock, wait_ms);
	}
	if (ready & OUTPUT_GONE) {
		w->out->gone = true;
		return STEP_FAILED;
	}
	return must_stop(w) ? STEP_STOPPED : STEP_ON;
}

static int
walk_record(struct stream_walk *w, const struct stream_line *line)
{
	const struct stream_record r = { .data = line->data,
		.len = line->len,
		.time_ns = line->time_ns,
		.map = line->map,
		.text = line->text };

	return note(
	    w, w->ops->records(w->ctx, &r, 1, line->text + line->text_len + 1));
}

static int
walk_line(struct stream_walk *w, const struct stream_line *line)
{
	if (line->kind == LINE_BAD)
		return 0;
	if (line->kind == LINE_RECORD)
		return walk_record(w, line);
	return note(w, w->ops->line(w->ctx, line));
}

/* Read the lines of a stream.  *line is the header of the next one where that
 * is why it ends. */
static enum walk_step
walk_lines(struct stream_walk *w, struct stream_line *line)
{
	struct stream_record records[STREAM_BATCH];
	enum walk_step step;
	size_t n;

	while (!is_over(w)) {
		n = w->untyped ? 0
			       : stream_reader_next_records(&w->in, records);
		if (n > 0 && note(w, w->ops->records(w->ctx, records, n,
					 line_input_text(&w->in.input))) == -1)
			return STEP_FAILED;
		if (n > 0)
			continue;
		while (!stream_reader_is_ready(&w->in)) {
			step = wait_for_input(w, w->in.input.fd);
			if (step != STEP_ON)
				return step;
			line_input_fill(&w->in.input);
		}
		if (stream_reader_next(&w->in, line) == LINE_END)
			return STEP_INPUT;
		if (line->kind == LINE_HEADER)
			return STEP_NEXT;
		if (walk_line(w, line) == -1)
			return STEP_FAILED;
	}
	return STEP_STOPPED;
}

/* Returns 0, 1 if the stream is to be left out, or -1. */
static int
begin_stream(struct stream_walk *w, enum stream_opening what)
{
	w->untyped = what == STREAM_NDJSON;
	if (what == STREAM_SESSION)
		report_error("%s: this is a session; poll it first: skel-poll",
		    w->in.name);
	if (what != STREAM_OPENED && what != STREAM_NDJSON)
		return 1;
	return note(
	    w, w->ops->begin(w->ctx, w->untyped ? NULL : &w->in.header));
}

static void
report_cut(const struct stream_walk *w, enum walk_step step)
{
	const struct stream_reader *in = &w->in;

	if (w->untyped || in->ended || in->left_out)
		return;
	if (step == STEP_NEXT)
		report_notice("%s:%lu: another stream begins here, but the end "
			      "of the one before is missing: it was cut",
		    in->name, in->line);
	else if (step == STEP_INPUT && in->input.eof)
		report_notice(
		    "%s: the end is missing: the stream was cut", in->name);
}

/* Report what was wrong with an input.  Returns 0 or -1. */
static int
report_input_end(const struct stream_walk *w)
{
	const struct stream_reader *in = &w->in;

	if (in->bad > STREAM_BAD_SHOWN)
		report_error("%s: %lu bad lines in total", in->name, in->bad);
	if (in->input.error != 0)
		report_error("%s: %s", in->name, line_input_error(&in->input));
	return in->bad > 0 || in->input.error != 0 ? -1 : 0;
}

static int
walk_streams(struct stream_walk *w, enum stream_opening what)
{
	static const enum walk_end ends[] = { [STEP_NEXT] = WALK_NEXT,
		[STEP_INPUT] = WALK_INPUT,
		[STEP_STOPPED] = WALK_STOPPED };
	struct stream_line line;
	enum walk_step step;
	int ret = 0, got;

	if (what == STREAM_EMPTY)
		return 0;
	if ((got = begin_stream(w, what)) != 0)
		return -1;
	for (;;) {
		step = walk_lines(w, &line);
		if (step == STEP_FAILED && got == 0 && w->out->gone)
			note(w, w->ops->end(w->ctx, WALK_STOPPED));
		if (step == STEP_FAILED)
			return -1;
		report_cut(w, step);
		if (got == 0 && note(w, w->ops->end(w->ctx, ends[step])) == -1)
			return -1;
		if (step != STEP_NEXT || is_over(w))
			break;
		what = stream_reader_next_stream(&w->in, &line);
		if ((got = begin_stream(w, what)) == -1)
			return -1;
		if (got == 1) {
			stream_reader_leave_out(&w->in);
			ret = -1;
		}
	}
	return ret | report_input_end(w);
}

int
stream_walk_run(struct stream_walk *w, int fd, const char *name)
{
	enum walk_step step;
	struct stat st;
	int ret = 0;

	if (fstat(fd, &st) == -1)
		st.st_mode = 0;
	w->clock = (struct held_clock){ .stopped = S_ISREG(st.st_mode) };
	w->is_pipe = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode);
	if ((step = wait_for_input(w, fd)) == STEP_ON) {
		ret = walk_streams(w, stream_reader_open(&w->in, fd, name));
		stream_reader_close(&w->in);
	}
	buf_free(&w->scratch);
	buf_free(&w->type);
	return step == STEP_FAILED ? -1 : ret;
}

int
stream_walk_json_map(
    struct stream_walk *w, const struct stream_line *line, unsigned int *map)
{
	struct buf *text = &w->scratch;
	int i;

	*map = 0;
	if (w->untyped)
		return 0;
	if (stream_json_string(&w->in, line, "@map", text) == -1)
		return text->failed ? report_nomem() : -1;
	if ((i = stream_json_entry(&w->in, line, text->data, &w->type)) == -1)
		return w->type.failed ? report_nomem() : -1;
	*map = (unsigned int)i;
	return 0;
}

int
stream_walk_json_time(struct stream_walk *w, const struct stream_line *line,
    uint64_t *time_ns, bool *has_time)
{
	struct buf *text = &w->scratch;

	if (stream_json_string(&w->in, line, "@time", text) == -1)
		return text->failed ? report_nomem() : -1;
	*has_time = clock_parse(text->data, strlen(text->data), time_ns) == 0;
	return 0;
}

struct clock_offsets *
stream_walk_copy_clocks(const struct stream_header *h)
{
	const size_t n = h->nhosts > 0 ? h->nhosts : 1;
	struct clock_offsets *clocks = calloc(n, sizeof(*clocks));

	if (clocks == NULL)
		report_nomem();
	else
		memcpy(clocks, stream_header_clocks(h), n * sizeof(*clocks));
	return clocks;
}
