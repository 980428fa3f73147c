#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json-cursor.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "base/util.h"
#include "stream/cobs.h"
#include "stream/stream.h"

enum { READ_SIZE = 256 << 10 }; /* bytes asked of a read(2) */

/*
 * Bytes.
 */

/* Bytes of the line that is not complete yet. */
static size_t
unparsed(const struct stream_reader *r)
{
	return r->in.len - r->start;
}

/* The next newline of what was read, or NULL.  Each byte is searched once,
 * however often this is asked. */
static const char *
find_newline(struct stream_reader *r)
{
	const char *line, *end;

	if (r->scanned == unparsed(r))
		return NULL;
	line = r->in.data + r->start;
	if (r->has_newline)
		return line + r->scanned;
	end = memchr(line + r->scanned, '\n', unparsed(r) - r->scanned);
	r->has_newline = end != NULL;
	r->scanned = end != NULL ? (size_t)(end - line) : unparsed(r);
	return end;
}

bool
stream_reader_is_ready(struct stream_reader *r)
{
	return r->eof || r->error != 0 || find_newline(r) != NULL ||
	       unparsed(r) > STREAM_LINE_MAX;
}

/* The line of so many bytes, newline included, is done with. */
static void
pass_line(struct stream_reader *r, size_t len)
{
	r->start += len;
	r->scanned = 0;
	r->has_newline = false;
}

/* Move what is unparsed to the front when the buffer's end is near. */
static void
compact(struct stream_reader *r)
{
	if (r->start == 0 ||
	    (unparsed(r) != 0 && r->in.cap - r->in.len >= READ_SIZE))
		return;
	memmove(r->in.data, r->in.data + r->start, unparsed(r));
	r->in.len -= r->start;
	r->start = 0;
}

int
stream_reader_fill(struct stream_reader *r)
{
	ssize_t n;
	char *p;

	compact(r);
	if ((p = buf_room(&r->in, READ_SIZE)) == NULL) {
		report_nomem();
		r->error = errno = ENOMEM;
		return -1;
	}
	n = read(r->fd, p, READ_SIZE);
	if (n > 0) {
		r->in.len += (size_t)n;
		return 1;
	}
	if (n == 0)
		r->eof = true;
	else if (errno != EINTR && errno != EAGAIN)
		r->error = errno;
	return (int)n;
}

/* stream_reader_fill() that waits.  Returns 1, or 0 when nothing more comes. */
static int
fill_wait(struct stream_reader *r)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	int got;

	while ((got = stream_reader_fill(r)) == -1 && r->error == 0)
		if (errno == EAGAIN)
			poll(&p, 1, -1);
	return got == 1;
}

/*
 * Read until the buffer holds a newline, more than max bytes without one, or
 * the last of the input.  Returns the newline, or NULL.
 */
static const char *
find_line(struct stream_reader *r, size_t max)
{
	const char *end;

	while ((end = find_newline(r)) == NULL && unparsed(r) <= max &&
	       !r->eof && r->error == 0)
		fill_wait(r);
	return end;
}

/* Drop what is there of a line that is too long to be one. */
static void
drop_long(struct stream_reader *r)
{
	r->skipping = true;
	pass_line(r, unparsed(r));
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

/* Report what is wrong with the line, and count it. */
static enum stream_line_kind __attribute__((format(printf, 2, 3)))
bad(struct stream_reader *r, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	if (!stream_reader_count_bad(r))
		return LINE_BAD;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	report_error("%s:%lu: %s", r->name, r->line, what);
	return LINE_BAD;
}

/*
 * The first line.
 */

/* Whether the text is not one whole JSON value but could become one, or
 * several, with what would follow behind its end. */
static bool
is_cut_off(const char *text, size_t len)
{
	struct json_cursor c;
	struct json_value v;

	json_cursor_open(&c, text, len);
	if (json_cursor_read(&c, &v))
		return !json_cursor_is_done(&c);
	return c.p == c.end;
}

/* Whether what was read looks like a package, be it indented or too long. */
static bool
shows_package(const struct stream_reader *r)
{
	static const char *const keys[] = { "\"bpf_object\"", "\"bpf_skel\"" };

	for (size_t i = 0; i < nitems(keys); i++)
		if (memmem(r->in.data + r->start, unparsed(r), keys[i],
			strlen(keys[i])) != NULL)
			return true;
	return false;
}

/* Refuse a first line that is no object on one line. */
static enum stream_opening
refuse_text(const struct stream_reader *r)
{
	const char *text = r->in.data + r->start;
	size_t len = unparsed(r);

	if (len >= 4 && memcmp(text, "\177ELF", 4) == 0)
		report_error(
		    "%s: this is an ELF object; pack it first: skel-pack",
		    r->name);
	else if (shows_package(r))
		report_error(
		    "%s: this is a package; load it first: skel-load", r->name);
	else if (text[0] == STREAM_TAG)
		report_error("%s:1: a record, and no header before it; put "
			     "the first line of its stream there",
		    r->name);
	else
		report_error("%s: this is not a stream: its first line is no "
			     "JSON object",
		    r->name);
	return STREAM_REFUSED;
}

static bool
is_package(const json_t *json)
{
	return json_object_get(json, "bpf_object") != NULL ||
	       json_object_get(json, "bpf_skel") != NULL ||
	       json_object_get(json_object_get(json, "meta"), "bpf_skel") !=
		   NULL;
}

/* Whether this is a header but for its first key: a damaged one, for nobody's
 * records are like that. */
static bool
shows_header(const json_t *json)
{
	return json_is_array(json_object_get(json, "maps")) &&
	       json_is_array(json_object_get(json, "types"));
}

static enum stream_opening
open_object(struct stream_reader *r, const json_t *json)
{
	struct buf where = { 0 };
	int ret;

	if (is_package(json)) {
		report_error(
		    "%s: this is a package; load it first: skel-load", r->name);
		return STREAM_REFUSED;
	}
	if (json_object_get(json, "skel") == NULL && !shows_header(json))
		return STREAM_NDJSON;
	buf_printf(&where, "%s:1", r->name);
	buf_chr(&where, '\0');
	if (where.failed)
		ret = report_nomem();
	else
		ret = stream_header_read(&r->header, json, where.data);
	buf_free(&where);
	if (ret == -1)
		return STREAM_REFUSED;
	return r->header.session ? STREAM_SESSION : STREAM_OPENED;
}

/* The first line ends at end, a newline or the end of the input. */
static enum stream_opening
open_line(struct stream_reader *r, const char *end, bool newline)
{
	const char *text = r->in.data + r->start;
	size_t len = (size_t)(end - text);
	enum stream_opening what;
	json_t *json;

	if (is_cut_off(text, len) && shows_package(r))
		return refuse_text(r);
	if ((json = doc_parse(text, len, r->name, 0)) == NULL)
		return STREAM_REFUSED;
	what = open_object(r, json);
	json_decref(json);
	if (what == STREAM_NDJSON)
		return what;
	r->line = 1;
	pass_line(r, len + newline);
	return what;
}

/* Refuse a first line that is longer than any header. */
static void
refuse_long(const struct stream_reader *r)
{
	if (shows_package(r))
		refuse_text(r);
	else
		report_error("%s:1: the header is longer than %d bytes",
		    r->name, STREAM_HEADER_MAX);
}

enum stream_opening
stream_reader_open(struct stream_reader *r, int fd, const char *name)
{
	const char *end;
	size_t blank = 0;

	*r = (struct stream_reader){ .fd = fd, .name = name };
	while (unparsed(r) == 0)
		if (fill_wait(r) == 0)
			break;
	if (r->error != 0) {
		report_error("%s: %s", name, strerror(r->error));
		return STREAM_REFUSED;
	}
	if (unparsed(r) == 0)
		return STREAM_EMPTY;
	/* What begins like none of ours is refused before its first newline. */
	while (blank < r->in.len && isblank((unsigned char)r->in.data[blank]))
		blank++;
	if (blank == r->in.len || r->in.data[blank] != '{')
		return refuse_text(r);
	if ((end = find_line(r, STREAM_HEADER_MAX)) != NULL)
		return open_line(r, end, true);
	if (r->eof)
		return open_line(r, r->in.data + r->in.len, false);
	if (r->error != 0)
		report_error("%s: %s", name, strerror(r->error));
	else
		refuse_long(r);
	return STREAM_REFUSED;
}

/*
 * The other lines.
 */

/* Take the unstuffed body of a binary record apart.  Returns whether it is
 * right; where it is not, of the record only what was long enough is set. */
static inline bool
take_body(const struct stream_header *h, struct stream_record *record,
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

/* Say what is wrong with a body of len bytes. */
static enum stream_line_kind
bad_body(
    struct stream_reader *r, const struct stream_record *record, size_t len)
{
	const struct stream_map *m;

	if (len < STREAM_BODY_HEAD)
		return bad(r, "a record of %zu bytes has no time", len);
	if (record->map >= r->header.nmaps)
		return bad(r, "a record of map number %u, and no such map",
		    record->map);
	m = &r->header.maps[record->map];
	return bad(r,
	    "record of map %s is %zu bytes, its type needs "
	    "%zu",
	    m->name, record->len, m->record_size);
}

/*
 * The body in n bytes that are no single block, behind what was unstuffed
 * before, and its length in *len.  NULL: there is no memory for it, or the
 * bytes are not stuffed right, and *len is -1.
 */
static const unsigned char *
unstuff(
    struct stream_reader *r, const unsigned char *src, size_t n, ssize_t *len)
{
	unsigned char *body = (unsigned char *)buf_room(&r->body, n + 1);

	*len = 0;
	if (body == NULL || (*len = cobs_unstuff(body, src, n)) == -1)
		return NULL;
	r->body.len += (size_t)*len;
	return body;
}

static enum stream_line_kind
parse_record(struct stream_reader *r, struct stream_line *line)
{
	const unsigned char *src = (const unsigned char *)line->text + 1;
	const unsigned char *body = src + 1;
	size_t n = line->text_len - 1;
	ssize_t len = (ssize_t)n - 1;
	struct stream_record record;

	if (r->header.nmaps == 0)
		return bad(r, "a binary record, and no header names its map");
	r->body.len = 0;
	if (!cobs_is_block(src, n))
		body = unstuff(r, src, n, &len);
	if (body == NULL && len == -1)
		return bad(r, "a record whose bytes are not stuffed right");
	if (body == NULL) {
		report_nomem();
		r->error = ENOMEM;
		return LINE_END;
	}
	if (!take_body(&r->header, &record, body, (size_t)len))
		return bad_body(r, &record, (size_t)len);
	line->map = record.map;
	line->time_ns = record.time_ns;
	line->data = record.data;
	line->len = record.len;
	return LINE_RECORD;
}

/* The map that a control line's value names.  Returns 0, or -1 after
 * reporting. */
static int
take_map(const struct stream_reader *r, struct stream_line *line,
    const json_t *value, const char *where)
{
	const char *name;
	int got = doc_get_string(value, "map", &name, where);

	if (got != 1)
		return got == 0 ? doc_missing("map", where) : -1;
	for (unsigned int i = 0; i < r->header.nmaps; i++)
		if (strcmp(r->header.maps[i].name, name) == 0) {
			line->map = i;
			return 0;
		}
	report_error("%s: no map \"%s\" in the header", where, name);
	return -1;
}

static int
take_lost(struct stream_line *line, const json_t *value, const char *where)
{
	return doc_get_u64(value, "count", UINT64_MAX, &line->count, where);
}

static int
take_sampled(struct stream_line *line, const json_t *value, const char *where)
{
	if (doc_get_u64(value, "round", UINT64_MAX, &line->round, where) == -1)
		return -1;
	return doc_get_u64(value, "keys", UINT64_MAX, &line->keys, where);
}

static int
take_error(struct stream_line *line, const json_t *value, const char *where)
{
	line->message = "";
	return doc_get_string(value, "message", &line->message, where);
}

static int
take_end(struct stream_line *line, const json_t *value, const char *where)
{
	if (doc_get_u64(value, "records", UINT64_MAX, &line->records, where) ==
	    -1)
		return -1;
	return doc_get_u64(value, "lost", UINT64_MAX, &line->lost, where);
}

/* Its value is for symbol_store_parse_stack() or symbol_store_parse(). */
static int
take_value(struct stream_line *line, const json_t *value, const char *where)
{
	(void)where;
	line->value = value;
	return 0;
}

static const struct control_line {
	const char *name;
	enum stream_line_kind kind;
	bool has_map;
	int (*take)(struct stream_line *, const json_t *, const char *);
} controls[] = {
	{ "@lost", LINE_LOST, true, take_lost },
	{ "@sampled", LINE_SAMPLED, true, take_sampled },
	{ "@error", LINE_ERROR, true, take_error },
	{ "@stack", LINE_STACK, false, take_value },
	{ "@symbols", LINE_SYMBOLS, false, take_value },
	{ "@end", LINE_FINISH, false, take_end },
};

static const struct control_line *
find_control(const char *name)
{
	for (size_t i = 0; i < nitems(controls); i++)
		if (strcmp(controls[i].name, name) == 0)
			return &controls[i];
	return NULL;
}

/* The control line {"@name": value}. */
static enum stream_line_kind
take_control(struct stream_reader *r, struct stream_line *line,
    const char *name, const json_t *value)
{
	const struct control_line *c = find_control(name);
	char where[1024];

	if (c == NULL || (c->has_map && r->header.nmaps == 0))
		return LINE_OTHER;
	snprintf(where, sizeof(where), "%s:%lu: %s", r->name, r->line, name);
	if (!json_is_object(value))
		return bad(r, "%s: expected an object, found %s", name,
		    doc_kind(value));
	if ((c->has_map && take_map(r, line, value, where) == -1) ||
	    c->take(line, value, where) == -1) {
		r->bad++;
		return LINE_BAD;
	}
	r->ended |= c->kind == LINE_FINISH;
	return c->kind;
}

/* Another header's records would be read by the wrong types: end here. */
static enum stream_line_kind
refuse_rest(struct stream_reader *r)
{
	r->eof = true;
	r->start = r->in.len;
	r->scanned = 0;
	return bad(r, "a second header: the rest is another stream; "
		      "read it by itself");
}

/*
 * Parse an object.  Control lines have a single key, which begins with "@";
 * other objects are left to the caller, who may want their members.
 */
static enum stream_line_kind
parse_object(struct stream_reader *r, struct stream_line *line)
{
	struct json_value key;
	struct json_cursor c;
	void *first;

	json_cursor_open(&c, line->text, line->text_len);
	json_cursor_enter(&c);
	if (json_cursor_next_member(&c, &key) != 1)
		return LINE_JSON;
	if (json_value_is(&key, "skel"))
		return refuse_rest(r);
	if ((key.text[1] != '@' && key.text[1] != '\\') ||
	    json_value_is(&key, "@map") || json_value_is(&key, "@time"))
		return LINE_JSON;
	json_decref(r->control);
	r->control =
	    doc_parse(line->text, line->text_len, r->name, r->line - 1);
	if (r->control == NULL) {
		r->bad++;
		return LINE_BAD;
	}
	first = json_object_iter(r->control);
	if (json_object_size(r->control) != 1 ||
	    *json_object_iter_key(first) != '@')
		return LINE_JSON;
	return take_control(r, line, json_object_iter_key(first),
	    json_object_iter_value(first));
}

static enum stream_line_kind
parse_line(struct stream_reader *r, struct stream_line *line, bool newline)
{
	const char *p = line->text, *end = p + line->text_len;

	if (r->skipping) {
		r->skipping = false;
		return bad(r, "a line longer than %d bytes", STREAM_LINE_MAX);
	}
	if (p < end && *p == STREAM_TAG && newline)
		return parse_record(r, line);
	while (p < end && isspace((unsigned char)*p))
		p++;
	if (p == end)
		return bad(r, "an empty line");
	if (!newline && (*p != '{' || is_cut_off(p, (size_t)(end - p))))
		return bad(r, "cut off in the middle of a line");
	if (*p == '{')
		return parse_object(r, line);
	return bad(r, "neither a record nor a JSON object");
}

enum stream_line_kind
stream_reader_next(struct stream_reader *r, struct stream_line *line)
{
	const char *end;

	*line = (struct stream_line){ .kind = LINE_END };
	while (
	    (end = find_line(r, r->skipping ? 0 : STREAM_LINE_MAX)) == NULL &&
	    !r->eof && r->error == 0)
		drop_long(r);
	if (r->error != 0 || (end == NULL && unparsed(r) == 0 && !r->skipping))
		return LINE_END;
	line->text = r->in.data + r->start;
	line->text_len = end != NULL ? (size_t)(end - line->text) : unparsed(r);
	pass_line(r, line->text_len + (end != NULL));
	r->line++;
	line->kind = parse_line(r, line, end != NULL);
	return line->kind;
}

/* The same of n bytes that are several blocks, or none; but only if there is
 * room to unstuff them without moving those before. */
static bool __attribute__((noinline)) take_stuffed(struct stream_reader *r,
    struct stream_record *record, const unsigned char *src, size_t n)
{
	const unsigned char *body;
	ssize_t len;

	if (r->body.cap - r->body.len < n + 1)
		return false;
	body = unstuff(r, src, n, &len);
	return body != NULL && take_body(&r->header, record, body, (size_t)len);
}

/* The same of the record that begins at text and ends before limit.  Returns
 * where its newline is, or NULL. */
static inline const char *
take_line(struct stream_reader *r, struct stream_record *record,
    const char *text, const char *limit)
{
	const unsigned char *src = (const unsigned char *)text + 1;
	size_t n = cobs_find_block(src, (size_t)(limit - text) - 1);
	const char *end;
	bool taken;

	if (n != 0) {
		end = text + 1 + n;
		taken = take_body(&r->header, record, src + 1, n - 1);
	} else {
		end = memchr(text, '\n', (size_t)(limit - text));
		taken = end != NULL &&
			take_stuffed(r, record, src, (size_t)(end - text) - 1);
	}
	return taken ? end : NULL;
}

size_t
stream_reader_next_records(
    struct stream_reader *r, struct stream_record records[STREAM_BATCH])
{
	struct stream_record *record = records, *last = records + STREAM_BATCH;
	const char *text = r->in.data + r->start, *end;
	const char *limit = r->in.data + r->in.len, *stop = limit;

	if (r->skipping || r->error != 0)
		return 0;
	/* What was searched before is not searched again. */
	if (r->scanned > 0 && find_newline(r) == NULL)
		return 0;
	r->body.len = 0;
	if (buf_room(&r->body, 2 * STREAM_BATCH_BYTES) == NULL)
		return 0;
	if (unparsed(r) > STREAM_BATCH_BYTES)
		stop = text + STREAM_BATCH_BYTES;
	while (record < last && text < stop && *text == STREAM_TAG &&
	       (end = take_line(r, record, text, limit)) != NULL) {
		record++;
		text = end + 1;
	}
	if (record == records)
		return 0;
	r->line += (unsigned long)(record - records);
	pass_line(r, unparsed(r) - (size_t)(limit - text));
	return (size_t)(record - records);
}

void
stream_reader_close(struct stream_reader *r)
{
	stream_header_free(&r->header);
	buf_free(&r->in);
	buf_free(&r->body);
	json_decref(r->control);
	*r = (struct stream_reader){ .fd = -1 };
}
