#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "base/signals.h"
#include "base/util.h"
#include "command.h"
#include "encode-name.h"
#include "encode-record.h"
#include "encode-stack.h"
#include "format/plan.h"
#include "kinds/name-store.h"
#include "pass-stream.h"
#include "record/fields.h"
#include "record/held-records.h"
#include "record/member-notes.h"
#include "record/symbol-store.h"
#include "stream/json-record.h"
#include "stream/writer.h"

enum {
	WHERE_MAX = 1024,
	ADDED_SHOWN = 16, /* added members that are reported */
};

/* Why the copying ended. */
enum pass_end {
	PASS_NONE,   /* it goes on */
	PASS_NEXT,   /* of this stream: another one begins */
	PASS_INPUT,  /* by the end of the input */
	PASS_CHOSEN, /* by a signal, -n or -t */
	PASS_GONE,   /* because the reader of the output left */
	PASS_FAILED, /* after a report, or with reader->error set */
};

struct stream_pass {
	struct stream_reader *reader;            /* borrowed */
	const struct skel_poll_options *options; /* borrowed */
	struct output *out;                      /* borrowed */
	struct buf bytes;     /* a record that was JSON, as bytes */
	struct buf map, type; /* the names of the map and type of a record */
	uint64_t deadline;    /* CLOCK_MONOTONIC, ns; 0: none */
	struct held_clock held_clock;
	struct buf behind; /* the output that a line behind held ones gives */

	/* The stream that is being copied. */
	bool begun;                    /* its header was written */
	bool keep[STREAM_ENTRIES_MAX]; /* the maps to copy */
	struct plan
	    *plans[STREAM_ENTRIES_MAX]; /* owned, compiled when needed */
	struct symbol_store *symbols;   /* owned; to write JSON, else NULL */
	struct name_store *names;       /* likewise */
	struct stack_encoder *stacks;   /* owned; to write binary, else NULL */
	struct name_encoder *encoder;   /* likewise */
	json_t *members[STREAM_ENTRIES_MAX]; /* owned: objects whose keys are
					     the members of JSON records, or
					     null for one that was reported */
	/* Owned: records whose names follow, and lines behind them; NULL: the
	 * names of all come first.  If the output is binary they have been
	 * written, and are here only so that the stream does not end before
	 * their names. */
	struct held_records *held;
	uint64_t records, lost;                       /* for "@end" */
	struct stream_ring rings[STREAM_ENTRIES_MAX]; /* likewise */
	size_t nrings;

	/* All streams of the input. */
	uint64_t counted; /* records for -n: also those of "@error" lines */
	uint64_t all_lost;
	unsigned int added;     /* members that were reported as added */
	unsigned long cut;      /* streams without an end */
	unsigned long refused;  /* streams that could not be copied */
	unsigned long followed; /* streams after the first; reports about the
				   headers of many are held back */
};

/* Converts what an output function returned. */
static enum pass_end
get_output_end(const struct stream_pass *p, int ret)
{
	if (ret == 0)
		return PASS_NONE;
	return p->out->gone ? PASS_GONE : PASS_FAILED;
}

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
		.names = p->names,
		.clocks = stream_header_clocks(&p->reader->header),
	};
	const struct stream_header *h = &p->reader->header;
	struct plan **plan = &p->plans[line->map];

	if (*plan == NULL && (*plan = plan_new(h, line->map, &o)) == NULL)
		return -1;
	return plan_short_record(
	    *plan, &p->out->buf, line->time_ns, line->data, line->len);
}

/* Keeps text behind the records that wait.  Returns 0, or -1 after reporting.
 */
static int
hold_text(struct stream_pass *p, unsigned int kind, const char *text, size_t n)
{
	const struct held_record r = {
		.kind = kind,
		.time_ns = p->reader->line,
		.data = (const unsigned char *)text,
		.len = n,
	};

	return held_records_put(p->held, &r, p->held_clock.now);
}

static enum pass_end release_held(struct stream_pass *p, uint64_t now);

/* Copies a line about stacks; or, since JSON has the frames in the records,
 * only stores it.  Returns 0, or -1 after reporting. */
static int
copy_symbols(struct stream_pass *p, const struct stream_line *line)
{
	bool is_stack = line->kind == LINE_STACK;
	char where[WHERE_MAX];
	uint64_t pid;

	if (!wants_json(p))
		copy_line_text(p, line);
	if (p->symbols == NULL)
		return 0;
	/* The held records need the names as they are. */
	if (!is_stack && p->held != NULL &&
	    symbol_store_takes_away(line->value, &pid) &&
	    held_records_need(p->held, pid))
		release_held(p, UINT64_MAX);
	/* A record before it may have another stack of this id. */
	if (is_stack && p->held != NULL && held_records_count(p->held) > 0)
		return hold_text(p, LINE_STACK, line->text, line->text_len);
	snprintf(where, sizeof(where), "%s:%lu: %s", p->reader->name,
	    p->reader->line, is_stack ? "@stack" : "@symbols");
	return is_stack
		   ? symbol_store_parse_stack(p->symbols, line->value, where)
		   : symbol_store_parse(p->symbols, line->value, where);
}

/* Copies a line about the names of numbers, and stores it as above. */
static int
copy_names(struct stream_pass *p, const struct stream_line *line)
{
	char where[WHERE_MAX];

	if (!wants_json(p))
		copy_line_text(p, line);
	if (p->names == NULL)
		return 0;
	snprintf(where, sizeof(where), "%s:%lu: @names", p->reader->name,
	    p->reader->line);
	return name_store_parse(p->names, line->value, where);
}

static int
hold_record(struct stream_pass *p, const struct stream_line *line)
{
	const struct held_record r = {
		.kind = HELD_RECORD,
		.map = line->map,
		.time_ns = line->time_ns,
		.data = line->data,
		.len = line->len,
	};

	return held_records_put(p->held, &r, p->held_clock.now);
}

/* Stores the stack of a line "@stack" that was held. */
static int
store_held_stack(struct stream_pass *p, const struct held_record *r)
{
	unsigned long line = (unsigned long)r->time_ns;
	char where[WHERE_MAX];
	json_t *json = json_doc_parse(
	    (const char *)r->data, r->len, p->reader->name, line - 1);
	int ret;

	if (json == NULL)
		return -1;
	snprintf(where, sizeof(where), "%s:%lu: @stack", p->reader->name, line);
	ret = symbol_store_parse_stack(
	    p->symbols, json_object_iter_value(json_object_iter(json)), where);
	json_decref(json);
	return ret;
}

/* Writes what was held, unless it has been written.  Returns 0, or -1 after
 * reporting. */
static int
write_held(struct stream_pass *p, const struct held_record *r)
{
	const struct stream_line line = {
		.map = r->map,
		.time_ns = r->time_ns,
		.data = r->data,
		.len = r->len,
	};

	if (r->kind == LINE_STACK)
		return store_held_stack(p, r);
	if (!wants_json(p))
		return 0;
	if (r->kind == HELD_RECORD)
		return write_as_json(p, &line);
	buf_add(&p->out->buf, r->data, r->len);
	return 0;
}

/* Writes what was held and need not wait longer than now. */
static enum pass_end
release_held(struct stream_pass *p, uint64_t now)
{
	struct held_record r;
	enum pass_end end = PASS_NONE;

	while (end == PASS_NONE && p->held != NULL &&
	       held_records_first(p->held, now, &r)) {
		stream_reader_try(p->reader);
		stream_reader_tried(p->reader, write_held(p, &r));
		held_records_drop(p->held);
		end = get_output_end(p, output_flush_if_full(p->out));
	}
	return end;
}

/* Writes a binary record.  Returns 0, or -1 after reporting. */
static int
copy_binary_record(struct stream_pass *p, const struct stream_line *line)
{
	if (!wants_json(p))
		copy_line_text(p, line);
	if (p->held != NULL &&
	    held_records_must_wait(p->held, line->map, line->data, line->len)) {
		if (hold_record(p, line) == -1)
			return -1;
	} else if (wants_json(p) && write_as_json(p, line) == -1) {
		return -1;
	}
	p->records++;
	p->counted++;
	return 0;
}

/* Have the text beside a value left out, which is made of it again. */
static int
forget_text(json_t *known, const struct field *f)
{
	char *name;
	int ret;

	if (!f->place.has_text || f->place.text_is_hidden)
		return 0;
	if (asprintf(&name, "%s" FIELD_TEXT_SUFFIX, f->name) == -1)
		return -1;
	ret = json_object_set_new_nocheck(known, name, json_null());
	free(name);
	return ret;
}

/* Returns the object of the members of the map, or NULL after reporting. */
static json_t *
find_members(struct stream_pass *p, unsigned int map)
{
	struct fields roots = { 0 };
	json_t **known = &p->members[map];

	if (*known != NULL)
		return *known;
	fields_add_roots(&roots, &p->reader->header, map);
	*known = json_object();
	for (size_t i = 0; i < roots.n; i++)
		roots.failed |= json_object_set_new_nocheck(*known,
				    roots.v[i].name, json_true()) == -1 ||
				forget_text(*known, &roots.v[i]) == -1;
	if (roots.failed) {
		json_decref(*known);
		*known = NULL;
		report_nomem();
	}
	fields_free(&roots);
	return *known;
}

/* Takes members out of a record that its type does not have, as a filter may
 * have added them.  The first of each name are reported. */
static int
remove_added_members(struct stream_pass *p, json_t *record, unsigned int map)
{
	json_t *known = find_members(p, map), *value;
	const char *name;
	void *next;

	if (known == NULL)
		return -1;
	json_object_foreach_safe(record, next, name, value)
	{
		const json_t *at = json_object_get(known, name);

		if (*name == '@' || json_is_true(at))
			continue;
		if (at == NULL && p->added < ADDED_SHOWN) {
			report_notice("%s:%lu: the type of the record does not "
				      "have %s: binary records are without it",
			    p->reader->name, p->reader->line, name);
			json_object_set_new_nocheck(known, name, json_null());
			p->added++;
		}
		json_object_del(record, name);
	}
	return 0;
}

/* Writes a JSON record of the map as a binary one.  Returns 0, or -1 after
 * reporting. */
static int
write_as_binary(
    struct stream_pass *p, const struct stream_line *line, unsigned int map)
{
	const struct stream_header *h = &p->reader->header;
	char where[WHERE_MAX];
	uint64_t time_ns;
	json_t *record;
	int ret = -1;

	record = json_doc_parse(
	    line->text, line->text_len, p->reader->name, p->reader->line - 1);
	if (record == NULL)
		return -1;
	snprintf(
	    where, sizeof(where), "%s:%lu", p->reader->name, p->reader->line);
	if (name_encoder_record(p->encoder, map, record, &p->out->buf) == 0 &&
	    remove_added_members(p, record, map) == 0 &&
	    stack_encoder_record(p->stacks, map, record, where, &p->out->buf) ==
		0 &&
	    encode_record(h, map, record, where, &p->bytes, &time_ns) == 0) {
		stream_write_record(&p->out->buf, map, time_ns, NULL, 0,
		    p->bytes.data, p->bytes.len);
		ret = 0;
	}
	json_decref(record);
	return ret;
}

/* Writes a JSON record, unless it is none or its map is left out. */
static void
copy_json_record(struct stream_pass *p, const struct stream_line *line)
{
	struct stream_reader *r = p->reader;
	int map, ret = 0;

	if (!stream_json_check(r, line) ||
	    stream_json_string(r, line, "@map", &p->map) == -1)
		return;
	map = stream_json_entry(r, line, p->map.data, &p->type);
	if (map == -1 || !p->keep[map])
		return;
	stream_reader_try(r);
	if (wants_json(p))
		copy_line_text(p, line);
	else
		ret = write_as_binary(p, line, (unsigned int)map);
	stream_reader_tried(r, ret);
	p->records += ret == 0;
	p->counted += ret == 0;
}

static void
copy_lost(struct stream_pass *p, const struct stream_line *line)
{
	if (!p->keep[line->map])
		return;
	p->lost += line->count;
	copy_line_text(p, line);
}

static void
copy_unread(struct stream_pass *p, const struct stream_line *line)
{
	if (!p->keep[line->map])
		return;
	if (__builtin_add_overflow(p->counted, line->count, &p->counted))
		p->counted = UINT64_MAX;
	copy_line_text(p, line);
}

/* Takes over from "@end" how full the ring buffers were whose records are
 * copied.  What is no such entry is left out. */
static void
keep_rings(struct stream_pass *p, const json_t *end)
{
	const struct stream_header *h = &p->reader->header;
	const json_t *entry;
	size_t i;

	p->nrings = 0;
	json_array_foreach (json_object_get(end, "rings"), i, entry) {
		json_int_t size =
		    json_integer_value(json_object_get(entry, "size"));
		json_int_t most =
		    json_integer_value(json_object_get(entry, "most"));
		const char *name =
		    json_doc_string(json_object_get(entry, "map"));
		json_int_t host =
		    json_integer_value(json_object_get(entry, "host"));
		int map = -1;

		if (name != NULL && host >= 0 &&
		    (host == 0 || (size_t)host < h->nhosts))
			map =
			    stream_header_find_map_of(h, name, (uint32_t)host);
		if (map == -1 || !p->keep[map] || size <= 0 || most < 0 ||
		    p->nrings == nitems(p->rings))
			continue;
		p->rings[p->nrings++] = (struct stream_ring){
			.map = h->maps[map].name,
			.has_host = h->nhosts > 0,
			.host = (uint32_t)host,
			.size = (uint64_t)size,
			.most = (uint64_t)most,
		};
	}
}

/* Copies a line other than a header.  Those after "@end" belong to the same
 * stream, up to the next header. */
static void
copy_line(struct stream_pass *p, const struct stream_line *line)
{
	struct stream_reader *r = p->reader;

	switch (line->kind) {
	case LINE_RECORD:
		if (!p->keep[line->map])
			break;
		stream_reader_try(r);
		stream_reader_tried(r, copy_binary_record(p, line));
		break;
	case LINE_JSON:
		copy_json_record(p, line);
		break;
	case LINE_LOST:
		copy_lost(p, line);
		break;
	case LINE_ERROR:
		copy_unread(p, line);
		break;
	case LINE_PASS:
		copy_map_line(p, line);
		break;
	case LINE_STACK:
	case LINE_SYMBOLS:
		stream_reader_try(r);
		stream_reader_tried(r, copy_symbols(p, line));
		break;
	case LINE_NAMES:
		stream_reader_try(r);
		stream_reader_tried(r, copy_names(p, line));
		break;
	case LINE_CLOCK:
	case LINE_OTHER:
		copy_line_text(p, line);
		break;
	case LINE_FINISH:
		if (p->options->nmaps == 0 && line->lost > p->lost)
			p->lost = line->lost;
		keep_rings(p, line->value);
		break;
	default: /* a bad line: reported and counted by the reader */
		break;
	}
}

/*
 * Copies a line, or keeps what it gives behind the records that wait.  Binary
 * records and lines about stacks are not kept here, and if the output is binary
 * nothing has to be.
 */
static void
copy_line_in_order(struct stream_pass *p, const struct stream_line *line)
{
	struct buf out = p->out->buf;

	if (p->held == NULL || held_records_count(p->held) == 0 ||
	    !wants_json(p) || line->kind == LINE_RECORD ||
	    line->kind == LINE_STACK || line->kind == LINE_SYMBOLS ||
	    line->kind == LINE_NAMES) {
		copy_line(p, line);
		return;
	}
	p->out->buf = p->behind;
	p->out->buf.len = 0;
	copy_line(p, line);
	p->behind = p->out->buf;
	p->out->buf = out;
	if (p->behind.failed ||
	    (p->behind.len > 0 &&
		hold_text(p, LINE_OTHER, p->behind.data, p->behind.len) == -1))
		p->out->buf.failed = true;
}

/* Returns how long to wait for input, in ms; -1: without a limit. */
static int
get_wait_ms(const struct stream_pass *p)
{
	int most = held_clock_wait_ms(&p->held_clock, p->held, -1);
	uint64_t t = clock_elapsed(), left;

	if (p->deadline == 0)
		return most;
	left = p->deadline > t ? (p->deadline - t) / 1000000 + 1 : 0;
	if (left > INT_MAX)
		left = INT_MAX;
	return most < 0 || left < (uint64_t)most ? (int)left : most;
}

/* Whether a signal or -t ends the copying. */
static bool
must_stop(const struct stream_pass *p)
{
	return signals_stop() ||
	       (p->deadline != 0 && clock_elapsed() >= p->deadline);
}

/* Flushes the output, then waits for more input and reads it. */
static enum pass_end
read_more_input(struct stream_pass *p)
{
	enum pass_end end = release_held(p, p->held_clock.now);
	int wait_ms, ready;

	if (end == PASS_NONE)
		end = get_output_end(p, output_flush(p->out));
	if (end != PASS_NONE)
		return end;
	wait_ms = get_wait_ms(p);
	ready = output_wait(p->out, p->reader->input.fd, wait_ms);
	held_clock_note_wait(&p->held_clock, wait_ms);
	if (ready & OUTPUT_GONE)
		return PASS_GONE;
	if (ready & OUTPUT_READY)
		line_input_fill(&p->reader->input);
	return PASS_NONE;
}

/* Copies what has been read of the input, up to the header of another stream,
 * which is in *line. */
static enum pass_end
copy_ready_lines(struct stream_pass *p, struct stream_line *line)
{
	while (stream_reader_is_ready(p->reader)) {
		enum pass_end end;

		switch (stream_reader_next(p->reader, line)) {
		case LINE_HEADER:
			return PASS_NEXT;
		case LINE_END:
			return p->reader->input.error == 0 ? PASS_INPUT
							   : PASS_FAILED;
		default:
			copy_line_in_order(p, line);
		}
		if (p->options->count != 0 && p->counted >= p->options->count)
			return PASS_CHOSEN;
		if (must_stop(p))
			return PASS_CHOSEN;
		end = release_held(p, 0);
		if (end == PASS_NONE)
			end = get_output_end(p, output_flush_if_full(p->out));
		if (end != PASS_NONE)
			return end;
	}
	return PASS_NONE;
}

static enum pass_end
copy_lines(struct stream_pass *p, struct stream_line *line)
{
	enum pass_end end = PASS_NONE;

	while (end == PASS_NONE) {
		if (must_stop(p))
			return PASS_CHOSEN;
		end = copy_ready_lines(p, line);
		if (end == PASS_NONE)
			end = read_more_input(p);
	}
	return end;
}

/* Whether the end was chosen, but names of what was copied are to come. */
static bool
lacks_names(const struct stream_pass *p)
{
	return p->held != NULL && held_records_count(p->held) > 0 &&
	       !signals_stop();
}

/* Reads on, for a second at most, but copies only names, when -n or -t has
 * ended the stream. */
static enum pass_end
copy_last_names(struct stream_pass *p)
{
	struct stream_line line;
	enum pass_end end = PASS_NONE;

	p->deadline = 0;
	/* Whoever asks for a part of a file does not want all of it read. */
	p->held_clock.stopped = false;
	while (end == PASS_NONE &&
	       (end = release_held(p, p->held_clock.now)) == PASS_NONE &&
	       lacks_names(p)) {
		if (!stream_reader_is_ready(p->reader)) {
			end = read_more_input(p);
			continue;
		}
		switch (stream_reader_next(p->reader, &line)) {
		case LINE_SYMBOLS:
		case LINE_NAMES:
			copy_line(p, &line);
			end = release_held(p, 0);
			break;
		case LINE_HEADER:
		case LINE_FINISH:
		case LINE_END:
			return PASS_CHOSEN;
		default:
			break;
		}
	}
	return end == PASS_NONE ? PASS_CHOSEN : end;
}

/*
 * Ends the copying of a stream: -n or -t is not to cut off names, and what
 * waits for names is written as it is when no more can come.
 */
static enum pass_end
finish_held(struct stream_pass *p, enum pass_end end)
{
	enum pass_end failed = PASS_NONE;

	if (end == PASS_CHOSEN && lacks_names(p))
		end = copy_last_names(p);
	if (end != PASS_FAILED && end != PASS_GONE)
		failed = release_held(p, UINT64_MAX);
	return failed != PASS_NONE ? failed : end;
}

static int
open_names(struct stream_pass *p)
{
	p->names = name_store_new();
	return p->names == NULL
		   ? -1
		   : name_store_set_hosts(p->names, p->reader->header.nhosts);
}

static int
open_symbols(struct stream_pass *p)
{
	p->symbols = symbol_store_new();
	return p->symbols == NULL ? -1
				  : symbol_store_set_hosts(
					p->symbols, p->reader->header.nhosts);
}

/* Opens what converting names to the other encoding needs. */
static int
open_conversion(struct stream_pass *p)
{
	const struct stream_header *h = &p->reader->header;

	if (!wants_json(p))
		return (p->stacks = stack_encoder_new(h)) != NULL &&
			       (p->encoder = name_encoder_new(h)) != NULL
			   ? 0
			   : -1;
	if (open_names(p) == -1)
		return -1;
	for (size_t i = 0; i < h->nmaps; i++)
		if (h->maps[i].interpreter != NULL)
			return open_symbols(p);
	return 0;
}

/* Opens what keeps records until their names come: for JSON, which has them in
 * the records; or, if the output may end before the input, to pass on the names
 * of all that was passed on.  Returns 0, or -1 after reporting. */
static int
open_held(struct stream_pass *p)
{
	const struct stream_header *h = &p->reader->header;
	struct stat st;

	if (!wants_json(p) && p->options->count == 0 && p->deadline == 0)
		return 0;
	p->held_clock.stopped =
	    fstat(p->reader->input.fd, &st) == 0 && S_ISREG(st.st_mode);
	if ((p->symbols == NULL && open_symbols(p) == -1) ||
	    (p->names == NULL && open_names(p) == -1))
		return -1;
	p->held = held_records_new_all(h, h->symbols_follow ? p->symbols : NULL,
	    h->names_follow ? p->names : NULL);
	return p->held == NULL ? -1 : 0;
}

/* Writes the header of the stream whose header was read.  Returns 0, or -1
 * after reporting that it cannot be copied. */
static int
begin_stream(struct stream_pass *p, enum stream_opening what)
{
	const struct skel_poll_options *o = p->options;
	struct stream_header *h = &p->reader->header;
	bool binary = h->encoding == STREAM_BINARY;
	bool follow = binary && (h->symbols_follow || h->names_follow);

	if (what == STREAM_SESSION)
		report_error("%s:%lu: this is a session after a stream; poll "
			     "it on its own",
		    p->reader->name, p->reader->line);
	if (what != STREAM_OPENED ||
	    skel_poll_check_maps(o, h, p->reader->name) == -1 ||
	    member_notes_apply_options(h, o->as, o->nas) == -1)
		return -1;
	for (size_t i = 0; i < h->nmaps; i++)
		p->keep[i] = skel_poll_wants_map(o, h->maps[i].name);
	if (o->has_encoding)
		h->encoding = o->encoding;
	if (stream_check_terminal(h->encoding, p->out->fd) == -1 ||
	    open_conversion(p) == -1 || (follow && open_held(p) == -1))
		return -1;
	/* JSON records have their names with them. */
	h->symbols_follow &= binary && !wants_json(p);
	h->names_follow &= binary && !wants_json(p);
	for (size_t i = 0; i < h->nhosts && !(binary && !wants_json(p)); i++)
		h->hosts[i].symbols_follow = h->hosts[i].names_follow = false;
	if (stream_header_write(h, &p->out->buf) == -1)
		return -1;
	p->begun = true;
	return 0;
}

/* Reports that a stream has no end; if another one follows, its header was read
 * last. */
static void
report_cut(struct stream_pass *p, bool followed)
{
	const struct stream_reader *r = p->reader;

	if (++p->cut > STREAM_BAD_SHOWN)
		return;
	if (followed)
		report_notice("%s:%lu: another stream begins here, but the end "
			      "of the one before is missing: it was cut",
		    r->name, r->line);
	else
		report_notice(
		    "%s: the end is missing: the stream was cut", r->name);
}

/* Writes "@end", unless the stream was cut, and releases what belongs to the
 * stream. */
static void
end_stream(struct stream_pass *p, enum pass_end end)
{
	const struct stream_header *h = &p->reader->header;

	if (p->begun && (end == PASS_CHOSEN || p->reader->ended))
		stream_write_end_rings(
		    &p->out->buf, p->records, p->lost, p->rings, p->nrings);
	else if (p->begun && (end == PASS_NEXT || end == PASS_INPUT))
		report_cut(p, end == PASS_NEXT);
	for (size_t i = 0; i < h->nmaps; i++) {
		plan_free(p->plans[i]);
		p->plans[i] = NULL;
		json_decref(p->members[i]);
		p->members[i] = NULL;
	}
	held_records_free(p->held);
	p->held = NULL;
	symbol_store_free(p->symbols);
	name_store_free(p->names);
	p->names = NULL;
	stack_encoder_free(p->stacks);
	name_encoder_free(p->encoder);
	p->encoder = NULL;
	p->symbols = NULL;
	p->stacks = NULL;
	p->all_lost += p->lost;
	p->records = p->lost = p->nrings = 0;
	p->begun = false;
}

/* Begins the stream whose header is in line.  One that cannot be copied is left
 * out. */
static void
begin_next_stream(struct stream_pass *p, const struct stream_line *line)
{
	bool shown = ++p->followed <= STREAM_BAD_SHOWN;
	struct report_held held;
	int ret;

	if (!shown)
		report_hold(&held);
	ret = begin_stream(p, stream_reader_next_stream(p->reader, line));
	if (!shown)
		report_release_held(&held, "");
	if (ret == 0)
		return;
	p->refused++;
	end_stream(p, PASS_NONE);
	stream_reader_leave_out(p->reader);
}

/* Copies all streams.  Returns why that ended. */
static enum pass_end
copy_streams(struct stream_pass *p)
{
	struct stream_line line;
	enum pass_end end;

	while ((end = finish_held(p, copy_lines(p, &line))) == PASS_NEXT) {
		end_stream(p, end);
		begin_next_stream(p, &line);
	}
	end_stream(p, end);
	return end;
}

/* Reports what was lost or wrong.  Returns the exit status. */
static int
finish_input(struct stream_pass *p, enum pass_end end)
{
	const struct stream_reader *r = p->reader;

	if (end == PASS_FAILED) {
		if (r->input.error != 0)
			report_error(
			    "%s: %s", r->name, line_input_error(&r->input));
		return EXIT_FAILURE;
	}
	if (p->cut > STREAM_BAD_SHOWN)
		report_notice(
		    "%s: %lu streams were cut, in total", r->name, p->cut);
	if (p->refused > 0 && p->followed > STREAM_BAD_SHOWN)
		report_error("%s: %lu streams could not be copied, in total",
		    r->name, p->refused);
	if (r->bad > STREAM_BAD_SHOWN)
		report_error("%s: %lu bad lines in total", r->name, r->bad);
	if (p->all_lost > 0)
		report_notice("%llu record%s lost",
		    (unsigned long long)p->all_lost,
		    p->all_lost == 1 ? " was" : "s were");
	if (get_output_end(p, output_flush(p->out)) == PASS_FAILED ||
	    p->refused > 0 || r->bad > 0)
		return EXIT_FAILURE;
	return p->all_lost > 0 ? EXIT_LOST : EXIT_SUCCESS;
}

int
skel_poll_pass_stream(struct stream_reader *r,
    const struct skel_poll_options *o, struct output *out)
{
	struct stream_pass p = { .reader = r, .options = o, .out = out };
	int status = EXIT_FAILURE;

	if (o->timeout_ns != 0)
		p.deadline = clock_elapsed() + o->timeout_ns;
	if (begin_stream(&p, STREAM_OPENED) == 0)
		status = finish_input(&p, copy_streams(&p));
	else
		end_stream(&p, PASS_NONE);
	buf_free(&p.bytes);
	buf_free(&p.behind);
	buf_free(&p.map);
	buf_free(&p.type);
	return status;
}
