#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json-cursor.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "base/utf8.h"
#include "stream/cobs.h"
#include "stream/reader.h"

bool
stream_reader_is_ready(struct stream_reader *r)
{
	struct line_input *in = &r->input;

	while (line_input_has_more(in) && line_input_find(in) == NULL &&
	       line_input_len(in) <= STREAM_LINE_MAX)
		line_input_fill(in);
	return in->eof || in->error != 0 || line_input_find(in) != NULL ||
	       line_input_len(in) > STREAM_LINE_MAX;
}

bool
stream_reader_count_bad(struct stream_reader *r)
{
	if (++r->bad == STREAM_BAD_SHOWN + 1)
		report_error("%s:%lu: more than %d bad lines; from here on "
			     "they are only counted",
		    r->name, r->line, STREAM_BAD_SHOWN);
	return r->bad <= STREAM_BAD_SHOWN;
}

enum stream_line_kind
stream_reader_bad(struct stream_reader *r, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	if (r->left_out || !stream_reader_count_bad(r))
		return LINE_BAD;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	report_error("%s:%lu: %s", r->name, r->line, what);
	return LINE_BAD;
}

void
stream_reader_try(struct stream_reader *r)
{
	r->holding = r->bad >= STREAM_BAD_SHOWN;
	if (r->holding)
		report_hold(&r->held);
}

void
stream_reader_tried(struct stream_reader *r, int ret)
{
	if (r->holding)
		report_release_held(&r->held, "");
	r->holding = false;
	if (ret == -1)
		stream_reader_count_bad(r);
}

/* Parses the unstuffed body of a binary record.  Returns whether it is as long
 * as its type; if not, sets only the members that the body was long enough for.
 */
static inline bool
parse_body(const struct stream_header *h, struct stream_record *record,
    const unsigned char *body, size_t len)
{
	uint64_t time_ns;

	if (len < STREAM_BODY_HEAD)
		return false;
	record->map = body[0];
	memcpy(&time_ns, body + 1, sizeof(time_ns));
	record->time_ns = le64toh(time_ns);
	record->data = body + STREAM_BODY_HEAD;
	record->len = len - STREAM_BODY_HEAD;
	return record->map < h->nmaps &&
	       record->len >= h->maps[record->map].record_size;
}

/* Whether a body of len bytes, for which parse_body() returned false, is a
 * record that ends within its last array. */
static bool
is_short_body(const struct stream_header *h, const struct stream_record *record,
    size_t len)
{
	return len >= STREAM_BODY_HEAD && record->map < h->nmaps &&
	       record->len >= h->maps[record->map].least_size;
}

/* Reports what is wrong with a body of len bytes. */
static enum stream_line_kind
bad_body(
    struct stream_reader *r, const struct stream_record *record, size_t len)
{
	const struct stream_map *m;

	if (len < STREAM_BODY_HEAD)
		return stream_reader_bad(
		    r, "a record of %zu bytes is too short for a time", len);
	if (record->map >= r->header.nmaps)
		return stream_reader_bad(r,
		    "a record of map number %u, which the header does not have",
		    record->map);
	m = &r->header.maps[record->map];
	return stream_reader_bad(r,
	    "record of map %s is %zu bytes, its type needs %zu", m->name,
	    record->len, m->least_size);
}

/*
 * Unstuffs n bytes, which are not a single block, after what is in r->body, and
 * returns the result with its length in *len.  Returns NULL with *len -1 if the
 * bytes are malformed, and NULL with 0 if memory runs out.
 */
static const unsigned char *
unstuff_body(
    struct stream_reader *r, const unsigned char *src, size_t n, ssize_t *len)
{
	unsigned char *body = (unsigned char *)buf_room(&r->body, n + 1);

	*len = 0;
	if (body == NULL || (*len = cobs_unstuff(body, src, n)) == -1)
		return NULL;
	r->body.len += (size_t)*len;
	return body;
}

/* Splits a line, which was consumed, before the header of another stream in it.
 * Returns whether there is one: it is the next line. */
static bool
split_at_header(struct stream_reader *r, struct stream_line *line, bool newline)
{
	const char *header =
	    stream_line_find_header(line->text, line->text_len);
	size_t rest;

	if (header == NULL)
		return false;
	rest = (size_t)(line->text + line->text_len - header);
	line_input_restore(&r->input, rest + newline);
	line->text_len -= rest;
	r->split = true;
	return true;
}

/*
 * Parses a binary record.  Only one that is malformed is searched for a header
 * that follows what was cut: what is in a whole record, a process may have
 * chosen.
 */
static enum stream_line_kind
parse_record(struct stream_reader *r, struct stream_line *line)
{
	const unsigned char *src = (const unsigned char *)line->text + 1;
	const unsigned char *body = src + 1;
	size_t n = line->text_len - 1;
	ssize_t len = (ssize_t)n - 1;
	struct stream_record record = { .map = 0 };
	bool good;

	r->body.len = 0;
	if (!cobs_is_block(src, n))
		body = unstuff_body(r, src, n, &len);
	if (body == NULL && len != -1) {
		report_nomem();
		r->input.error = ENOMEM;
		return LINE_END;
	}
	good = body != NULL &&
	       (parse_body(&r->header, &record, body, (size_t)len) ||
		   is_short_body(&r->header, &record, (size_t)len));
	if (!good && split_at_header(r, line, true))
		return stream_reader_bad(
		    r, "the stream was cut within this record");
	if (r->header.nmaps == 0)
		return stream_reader_bad(
		    r, "a binary record, but no header before it");
	if (body == NULL)
		return stream_reader_bad(
		    r, "a record that is not encoded right (COBS)");
	if (!good)
		return bad_body(r, &record, (size_t)len);
	line->map = record.map;
	line->time_ns = record.time_ns;
	line->data = record.data;
	line->len = record.len;
	return LINE_RECORD;
}

/* Parses an object that may be a control line, whose only key begins with "@".
 * Does not count a bad line. */
static enum stream_line_kind
parse_control(struct stream_reader *r, struct stream_line *line)
{
	const char *name;
	char where[1024];
	void *first;

	json_decref(r->control);
	r->control =
	    json_doc_parse(line->text, line->text_len, r->name, r->line - 1);
	if (r->control == NULL)
		return LINE_BAD;
	first = json_object_iter(r->control);
	name = json_object_iter_key(first);
	if (json_object_size(r->control) != 1 || name[0] != '@')
		return LINE_JSON;
	snprintf(where, sizeof(where), "%s:%lu: %s", r->name, r->line, name);
	return stream_line_parse_control(
	    line, &r->header, name, json_object_iter_value(first), where);
}

/* Reports, once, that the stream of a host was cut before it was merged. */
static void
note_cut(const struct stream_reader *r, struct stream_host *host)
{
	if (!host->cut)
		report_notice("%s:%lu: the stream of host %s was cut here",
		    r->name, r->line, host->host);
	host->cut = true;
}

/* The same as parse_control(), and counts. */
static enum stream_line_kind
parse_counted_control(struct stream_reader *r, struct stream_line *line)
{
	enum stream_line_kind kind;

	stream_reader_try(r);
	kind = parse_control(r, line);
	stream_reader_tried(r, kind == LINE_BAD ? -1 : 0);
	r->ended |= kind == LINE_FINISH;
	if (kind == LINE_CLOCK && r->header.nhosts > 0)
		r->header.clocks[line->host] = line->clock;
	else if (kind == LINE_CLOCK)
		r->header.clock = line->clock;
	if (kind == LINE_CUT)
		note_cut(r, &r->header.hosts[line->host]);
	return kind;
}

/* Whether an object whose first key is not "skel" has that key nevertheless, as
 * a header has whose keys were sorted. */
static bool
has_skel_key(const char *text, size_t len)
{
	static const char quoted[] = "\"skel\"";
	struct json_value key, value;
	struct json_cursor c;

	if (memmem(text, len, quoted, sizeof(quoted) - 1) == NULL)
		return false;
	json_cursor_open(&c, text, len);
	json_cursor_enter(&c);
	while (json_cursor_next_member(&c, &key) == 1 &&
	       json_cursor_read(&c, &value))
		if (json_value_is(&key, "skel"))
			return value.kind == JSON_VALUE_STRING;
	return false;
}

/* Of a JSON record only the encoding of its text is checked. */
static enum stream_line_kind
parse_json_record(struct stream_reader *r, const struct stream_line *line)
{
	size_t valid = utf8_valid_len(line->text, line->text_len);

	if (valid == line->text_len)
		return LINE_JSON;
	return stream_reader_bad(r, "not UTF-8 from column %zu on", valid + 1);
}

/* Tells the kind of an object by its first key, without parsing records. */
static enum stream_line_kind
parse_object_line(struct stream_reader *r, struct stream_line *line)
{
	struct json_value key;
	struct json_cursor c;

	json_cursor_open(&c, line->text, line->text_len);
	json_cursor_enter(&c);
	if (json_cursor_next_member(&c, &key) != 1)
		return parse_json_record(r, line);
	/* A backslash may stand for any character. */
	if (key.text[1] != '@' && key.text[1] != '\\')
		return json_value_is(&key, "skel") ||
			       has_skel_key(line->text, line->text_len)
			   ? LINE_HEADER
			   : parse_json_record(r, line);
	if (json_value_is(&key, "@map") || json_value_is(&key, "@time") ||
	    json_value_is(&key, "@host"))
		return parse_json_record(r, line);
	return r->left_out ? LINE_BAD : parse_counted_control(r, line);
}

static enum stream_line_kind
parse_line(struct stream_reader *r, struct stream_line *line, bool newline)
{
	const char *p = line->text, *end = p + line->text_len;

	if (r->skipping) {
		r->skipping = false;
		return stream_reader_bad(
		    r, "a line longer than %d bytes", STREAM_LINE_MAX);
	}
	if (p < end && *p == STREAM_TAG && newline)
		return parse_record(r, line);
	while (p < end && isspace((unsigned char)*p))
		p++;
	if (p == end)
		return stream_reader_bad(r, "an empty line");
	if (split_at_header(r, line, newline)) {
		newline = false;
		end = line->text + line->text_len;
	}
	if (!newline && (*p != '{' || stream_line_is_cut(p, (size_t)(end - p))))
		return stream_reader_bad(r, "the stream ends within this line");
	if (*p == '{')
		return parse_object_line(r, line);
	return stream_reader_bad(r, "neither a record nor a JSON object");
}

enum stream_line_kind
stream_reader_next(struct stream_reader *r, struct stream_line *line)
{
	struct line_input *in = &r->input;
	const char *end;

	*line = (struct stream_line){ .kind = LINE_END };
	/* What is there of a line that is too long is dropped, and at the end
	 * of it the line is reported. */
	while ((end = line_input_read(in, r->skipping ? 0 : STREAM_LINE_MAX)) ==
		   NULL &&
	       !in->eof && in->error == 0) {
		r->skipping = true;
		line_input_consume(in, line_input_len(in));
	}
	if (in->error != 0 ||
	    (end == NULL && line_input_len(in) == 0 && !r->skipping))
		return LINE_END;
	line->text = line_input_text(in);
	line->text_len =
	    end != NULL ? (size_t)(end - line->text) : line_input_len(in);
	line_input_consume(in, line->text_len + (end != NULL));
	r->line += !r->split;
	r->split = false;
	line->kind = parse_line(r, line, end != NULL);
	if (r->left_out && line->kind != LINE_HEADER && line->kind != LINE_END)
		line->kind = LINE_BAD;
	return line->kind;
}

/* Parses the body in n bytes that are several blocks, or none.  Returns false
 * also if r->body would have to move, which other records of the batch use. */
static bool __attribute__((noinline)) parse_stuffed(struct stream_reader *r,
    struct stream_record *record, const unsigned char *src, size_t n)
{
	const unsigned char *body;
	ssize_t len;

	if (r->body.cap - r->body.len < n + 1)
		return false;
	body = unstuff_body(r, src, n, &len);
	return body != NULL &&
	       parse_body(&r->header, record, body, (size_t)len);
}

/* Parses the record whose line begins at text and ends before limit.  Returns
 * where its newline is, or NULL. */
static inline const char *
parse_batch_line(struct stream_reader *r, struct stream_record *record,
    const char *text, const char *limit)
{
	const unsigned char *src = (const unsigned char *)text + 1;
	size_t n = cobs_find_block(src, (size_t)(limit - text) - 1);
	const char *end;
	bool good;

	if (n != 0) {
		end = text + 1 + n;
		good = parse_body(&r->header, record, src + 1, n - 1);
	} else {
		end = memchr(text, '\n', (size_t)(limit - text));
		good = end != NULL &&
		       parse_stuffed(r, record, src, (size_t)(end - text) - 1);
	}
	return good ? end : NULL;
}

size_t
stream_reader_next_records(
    struct stream_reader *r, struct stream_record records[STREAM_BATCH])
{
	struct line_input *in = &r->input;
	struct stream_record *record = records, *last = records + STREAM_BATCH;
	const char *start = line_input_text(in), *text = start, *end;
	const char *limit = text + line_input_len(in), *stop = limit;

	if (r->skipping || r->split || r->left_out || in->error != 0)
		return 0;
	/* What was searched for a newline before is not searched again. */
	if (in->scanned > 0 && line_input_find(in) == NULL)
		return 0;
	r->body.len = 0;
	if (buf_room(&r->body, 2 * STREAM_BATCH_BYTES) == NULL)
		return 0;
	if (limit - text > STREAM_BATCH_BYTES)
		stop = text + STREAM_BATCH_BYTES;
	while (record < last && text < stop && *text == STREAM_TAG &&
	       (end = parse_batch_line(r, record, text, limit)) != NULL) {
		record->text = text;
		record++;
		text = end + 1;
	}
	if (record == records)
		return 0;
	r->line += (unsigned long)(record - records);
	line_input_consume(in, (size_t)(text - start));
	return (size_t)(record - records);
}

void
stream_reader_close(struct stream_reader *r)
{
	stream_header_free(&r->header);
	line_input_close(&r->input);
	buf_free(&r->body);
	json_decref(r->control);
	*r = (struct stream_reader){ .input.fd = -1 };
}
