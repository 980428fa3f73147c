#include "merge-streams.h"

#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "merge-write.h"
#include "stream/writer.h"

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

void
merge_close_input(struct merge *m, struct merge_input *in)
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

void
merge_end_stream(struct merge *m, struct merge_input *in)
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

int
merge_go_on(struct merge *m, struct merge_input *in)
{
	merge_end_stream(m, in);
	if (in->at_header)
		return take_header(
		    m, in, stream_reader_next_stream(&in->in, &in->line));
	merge_close_input(m, in);
	return 0;
}

int
merge_open_input(struct merge *m, struct merge_input *in)
{
	enum stream_opening what = stream_reader_open_started(&in->in);

	if (what == STREAM_EMPTY) {
		report_notice("%s: empty: no stream has come", in->name);
		m->cut = true;
		merge_close_input(m, in);
		return 0;
	}
	if (what == STREAM_OPENED)
		return take_header(m, in, what);
	if (what != STREAM_REFUSED)
		take_header(m, in, what);
	m->failed = true;
	merge_close_input(m, in);
	return 0;
}

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

int
merge_begin_output(struct merge *m)
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

void
merge_free_streams(struct merge *m)
{
	struct merge_stream *next;

	for (struct merge_stream *s = m->streams; s != NULL; s = next) {
		next = s->next;
		free_stream(s);
	}
	m->streams = NULL;
}
