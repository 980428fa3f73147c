#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "base/signals.h"
#include "command.h"
#include "encode-record.h"
#include "encode-stack.h"
#include "format/plan.h"
#include "pass-stream.h"
#include "record/symbol-store.h"
#include "stream/writer.h"

enum {
	WAIT_MS = 1000, /* how late a signal may be noticed */
	WHERE_MAX = 1024,
};

/* Why the copying ended. */
enum pass_end {
	PASS_NONE,   /* it goes on */
	PASS_SEEN,   /* by the "@end" line of the stream */
	PASS_CHOSEN, /* by a signal, -n or -t */
	PASS_CUT,    /* by the end of the input, without "@end" */
	PASS_GONE,   /* because the reader of the output left */
	PASS_FAILED, /* after a report, or with reader->error set */
};

struct stream_pass {
	struct stream_reader *reader;            /* borrowed */
	const struct skel_poll_options *options; /* borrowed */
	struct output *out;                      /* borrowed */
	bool keep[STREAM_MAPS_MAX];              /* the maps to copy */
	struct plan *plans[STREAM_MAPS_MAX]; /* owned, compiled when needed */
	struct buf bytes;             /* a record that was JSON, as bytes */
	struct symbol_store *symbols; /* owned; to write JSON, else NULL */
	struct stack_encoder *stacks; /* owned; to write binary, else NULL */
	uint64_t deadline;            /* CLOCK_MONOTONIC, ns; 0: none */
	uint64_t records, lost;       /* for "@end" */
	uint64_t unread;              /* records that "@error" lines count */
	uint64_t bad;                 /* records that could not be converted */
};

static void
copy_line_text(struct stream_pass *p, const struct stream_line *line)
{
	buf_add(&p->out->buf, line->text, line->text_len);
	buf_chr(&p->out->buf, '\n');
}

/* Copies a control line about a map, unless the map is left out. */
static void
copy_map_line(struct stream_pass *p, const struct stream_line *line)
{
	if (p->keep[line->map])
		copy_line_text(p, line);
}

static bool
wants_json(const struct stream_pass *p)
{
	return p->reader->header.encoding == STREAM_JSON;
}

/* Writes a binary record as JSON.  Returns 0, or -1 after reporting. */
static int
write_as_json(struct stream_pass *p, const struct stream_line *line)
{
	const struct plan_options o = {
		.form = PLAN_JSON,
		.symbols = p->symbols,
	};
	const struct stream_header *h = &p->reader->header;
	struct plan **plan = &p->plans[line->map];

	if (*plan == NULL && (*plan = plan_new(h, line->map, &o)) == NULL)
		return -1;
	return plan_short_record(
	    *plan, &p->out->buf, line->time_ns, line->data, line->len);
}

/* Copies a line about stacks; or, since JSON has the frames in the records,
 * only stores it.  Returns 0, or -1 after reporting. */
static int
copy_symbols(struct stream_pass *p, const struct stream_line *line)
{
	bool is_stack = line->kind == LINE_STACK;
	char where[WHERE_MAX];

	if (!wants_json(p)) {
		copy_line_text(p, line);
		return 0;
	}
	if (p->symbols == NULL)
		return 0;
	snprintf(where, sizeof(where), "%s:%lu: %s", p->reader->name,
	    p->reader->line, is_stack ? "@stack" : "@symbols");
	return is_stack
		   ? symbol_store_parse_stack(p->symbols, line->value, where)
		   : symbol_store_parse(p->symbols, line->value, where);
}

/* Writes a binary record.  Returns 0, or -1 after reporting. */
static int
copy_binary_record(struct stream_pass *p, const struct stream_line *line)
{
	if (!p->keep[line->map])
		return 0;
	if (!wants_json(p))
		copy_line_text(p, line);
	else if (write_as_json(p, line) == -1)
		return -1;
	p->records++;
	return 0;
}

/* Writes the record of line, which was parsed, unless its map is left out. */
static int
copy_parsed_record(struct stream_pass *p, const struct stream_line *line,
    json_t *record, const char *where)
{
	const struct stream_header *h = &p->reader->header;
	int map = encode_find_map(h, record, where);
	uint64_t time_ns;

	if (map == -1)
		return -1;
	if (!p->keep[map])
		return 0;
	if (wants_json(p)) {
		copy_line_text(p, line);
	} else {
		if (stack_encoder_record(p->stacks, (unsigned int)map, record,
			where, &p->out->buf) == -1 ||
		    encode_record(h, (unsigned int)map, record, where,
			&p->bytes, &time_ns) == -1)
			return -1;
		stream_write_record(&p->out->buf, (unsigned int)map, time_ns,
		    NULL, 0, p->bytes.data, p->bytes.len);
	}
	p->records++;
	return 0;
}

/* Writes a JSON record.  Returns 0, or -1 after reporting. */
static int
copy_json_record(struct stream_pass *p, const struct stream_line *line)
{
	char where[WHERE_MAX];
	json_t *record;
	int ret;

	/* Every record is copied as it is, so none needs to be parsed. */
	if (wants_json(p) && p->options->nmaps == 0) {
		copy_line_text(p, line);
		p->records++;
		return 0;
	}
	record = json_doc_parse(
	    line->text, line->text_len, p->reader->name, p->reader->line - 1);
	if (record == NULL)
		return -1;
	snprintf(
	    where, sizeof(where), "%s:%lu", p->reader->name, p->reader->line);
	ret = copy_parsed_record(p, line, record, where);
	json_decref(record);
	return ret;
}

static enum pass_end
copy_line(struct stream_pass *p, const struct stream_line *line)
{
	switch (line->kind) {
	case LINE_RECORD:
		p->bad += copy_binary_record(p, line) == -1;
		break;
	case LINE_JSON:
		p->bad += copy_json_record(p, line) == -1;
		break;
	case LINE_LOST:
		p->lost += p->keep[line->map] ? line->count : 0;
		copy_map_line(p, line);
		break;
	case LINE_ERROR:
		p->unread += p->keep[line->map] ? line->count : 0;
		copy_map_line(p, line);
		break;
	case LINE_PASS:
		copy_map_line(p, line);
		break;
	case LINE_STACK:
	case LINE_SYMBOLS:
		p->bad += copy_symbols(p, line) == -1;
		break;
	case LINE_OTHER:
		copy_line_text(p, line);
		break;
	case LINE_BAD: /* reported and counted by the reader */
		break;
	case LINE_FINISH:
		if (p->options->nmaps == 0 && line->lost > p->lost)
			p->lost = line->lost;
		return PASS_SEEN;
	case LINE_END:
		return p->reader->input.error == 0 ? PASS_CUT : PASS_FAILED;
	}
	if (p->options->count != 0 &&
	    p->records + p->unread >= p->options->count)
		return PASS_CHOSEN;
	return PASS_NONE;
}

/* Converts what an output function returned. */
static enum pass_end
get_output_end(const struct stream_pass *p, int ret)
{
	if (ret == 0)
		return PASS_NONE;
	return p->out->gone ? PASS_GONE : PASS_FAILED;
}

/* Returns how long to wait for input, in ms. */
static int
get_wait_ms(const struct stream_pass *p)
{
	uint64_t t = clock_elapsed(), left;

	if (p->deadline == 0)
		return WAIT_MS;
	left = p->deadline > t ? (p->deadline - t) / 1000000 + 1 : 0;
	return left < WAIT_MS ? (int)left : WAIT_MS;
}

/* Flushes the output, then waits for more input and reads it. */
static enum pass_end
read_more_input(struct stream_pass *p)
{
	enum pass_end end = get_output_end(p, output_flush(p->out));
	int ready;

	if (end != PASS_NONE)
		return end;
	ready = output_wait(p->out, p->reader->input.fd, get_wait_ms(p));
	if (ready & OUTPUT_GONE)
		return PASS_GONE;
	if (ready & OUTPUT_READY)
		line_input_fill(&p->reader->input);
	return PASS_NONE;
}

static enum pass_end
copy_lines(struct stream_pass *p)
{
	struct stream_line line;
	enum pass_end end = PASS_NONE;

	while (end == PASS_NONE) {
		if (signals_stop() ||
		    (p->deadline != 0 && clock_elapsed() >= p->deadline))
			end = PASS_CHOSEN;
		else if (!stream_reader_is_ready(p->reader))
			end = read_more_input(p);
		else {
			stream_reader_next(p->reader, &line);
			end = copy_line(p, &line);
			if (end == PASS_NONE)
				end = get_output_end(
				    p, output_flush_if_full(p->out));
		}
	}
	return end;
}

/* Writes "@end", unless the stream was truncated, and reports losses.  Returns
 * the exit status. */
static int
finish_stream(struct stream_pass *p, enum pass_end end)
{
	const struct stream_reader *r = p->reader;

	switch (end) {
	case PASS_FAILED:
		if (r->input.error != 0)
			report_error(
			    "%s: %s", r->name, strerror(r->input.error));
		return 1;
	case PASS_CUT:
		report_notice(
		    "%s: the end is missing: the stream was cut", r->name);
		break;
	case PASS_GONE:
		break;
	default:
		stream_write_end(&p->out->buf, p->records, p->lost);
		break;
	}
	if (p->lost > 0)
		report_notice("%llu record%s lost", (unsigned long long)p->lost,
		    p->lost == 1 ? " was" : "s were");
	if (get_output_end(p, output_flush(p->out)) == PASS_FAILED ||
	    p->bad > 0 || r->bad > 0)
		return 1;
	return p->lost > 0 ? EXIT_LOST : 0;
}

/* Opens what converting stacks to the other encoding needs. */
static int
open_stack_conversion(struct stream_pass *p)
{
	const struct stream_header *h = &p->reader->header;

	if (!wants_json(p))
		return (p->stacks = stack_encoder_new(h)) != NULL ? 0 : -1;
	for (size_t i = 0; i < h->nmaps; i++)
		if (h->maps[i].interpreter != NULL)
			return (p->symbols = symbol_store_new()) != NULL ? 0
									 : -1;
	return 0;
}

int
skel_poll_pass_stream(struct stream_reader *r,
    const struct skel_poll_options *o, struct output *out)
{
	struct stream_header *h = &r->header;
	struct stream_pass p = { .reader = r, .options = o, .out = out };
	int status = EXIT_FAILURE;

	if (skel_poll_check_maps(o, h, r->name) == -1)
		return EXIT_FAILURE;
	for (size_t i = 0; i < h->nmaps; i++)
		p.keep[i] = skel_poll_wants_map(o, h->maps[i].name);
	if (o->has_encoding)
		h->encoding = o->encoding;
	if (o->timeout_ns != 0)
		p.deadline = clock_elapsed() + o->timeout_ns;
	if (open_stack_conversion(&p) == 0 &&
	    stream_header_write(h, &out->buf) == 0)
		status = finish_stream(&p, copy_lines(&p));
	for (size_t i = 0; i < h->nmaps; i++)
		plan_free(p.plans[i]);
	symbol_store_free(p.symbols);
	stack_encoder_free(p.stacks);
	buf_free(&p.bytes);
	return status;
}
