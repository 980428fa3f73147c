#include <string.h>

#include "base/json-cursor.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "base/util.h"
#include "stream/line.h"
#include "stream/stream-clock.h"

bool
stream_line_is_cut(const char *text, size_t len)
{
	struct json_cursor c;
	struct json_value v;

	json_cursor_open(&c, text, len);
	if (json_cursor_read(&c, &v))
		return !json_cursor_is_done(&c);
	return c.p == c.end;
}

const char *
stream_line_find_header(const char *text, size_t len)
{
	static const char start[] = "{\"skel\":";
	const char *end = text + len, *last = NULL, *p = text + 1;
	struct json_cursor c;
	struct json_value v;

	while (p < end && (p = memmem(p, (size_t)(end - p), start,
			       sizeof(start) - 1)) != NULL)
		last = p++;
	if (last == NULL)
		return NULL;
	json_cursor_open(&c, last, (size_t)(end - last));
	return json_cursor_read(&c, &v) && json_cursor_is_done(&c) ? last
								   : NULL;
}

/* Finds the map that the value of a control line names. */
static int
parse_map_name(struct stream_line *line, const struct stream_header *h,
    const json_t *value, const char *where)
{
	const char *name;
	int got = json_doc_get_string(value, "map", &name, where), map;

	if (json_doc_require(got, "map", where) == -1)
		return -1;
	map = stream_header_find_map_of(h, name, line->host);
	if (map == -1) {
		report_error("%s: there is no map \"%s\"%s in the header",
		    where, name, h->nhosts > 0 ? " of this host" : "");
		return -1;
	}
	line->map = (unsigned int)map;
	return 0;
}

/* Parse which host of a merged stream the line is about. */
static int
parse_line_host(struct stream_line *line, const struct stream_header *h,
    const json_t *value, const char *where)
{
	uint64_t host = 0;

	if (h->nhosts == 0)
		return 0;
	if (json_doc_require(
		json_doc_get_u64(value, "host", UINT32_MAX, &host, where),
		"host", where) == -1)
		return -1;
	line->host = (uint32_t)host;
	if (host < h->nhosts)
		return 0;
	report_error("%s.host: the header has no such host", where);
	return -1;
}

static const struct control_line {
	const char *name;
	enum stream_line_kind kind;
	bool has_map;
	bool has_host; /* in a merged stream */
} control_lines[] = {
	{ "@lost", LINE_LOST, true, true },
	{ "@sampled", LINE_PASS, true, true },
	{ "@error", LINE_ERROR, true, true },
	{ "@stack", LINE_STACK, false, true },
	{ "@symbols", LINE_SYMBOLS, false, true },
	{ "@names", LINE_NAMES, false, true },
	{ "@clock", LINE_CLOCK, false, true },
	{ "@cut", LINE_CUT, false, true },
	{ "@end", LINE_FINISH, false, false },
};

/* Sets the members of line that its kind has, but for the map. */
static int
parse_line_members(struct stream_line *line, enum stream_line_kind kind,
    const json_t *value, const char *where)
{
	int got = 0;

	switch (kind) {
	case LINE_LOST:
		return json_doc_get_u64(
		    value, "count", UINT64_MAX, &line->count, where);
	case LINE_PASS:
		got = json_doc_get_u64(
		    value, "round", UINT64_MAX, &line->pass, where);
		return got == -1 ? -1
				 : json_doc_get_u64(value, "keys", UINT64_MAX,
				       &line->keys, where);
	case LINE_ERROR:
		line->message = "";
		line->count = 1;
		got = json_doc_get_string(
		    value, "message", &line->message, where);
		return got == -1 ? -1
				 : json_doc_get_u64(value, "count", UINT64_MAX,
				       &line->count, where);
	case LINE_CLOCK:
		return stream_clock_parse(&line->clock, value, where);
	case LINE_FINISH:
		line->value = value;
		got = json_doc_get_u64(
		    value, "records", UINT64_MAX, &line->records, where);
		return got == -1 ? -1
				 : json_doc_get_u64(value, "lost", UINT64_MAX,
				       &line->lost, where);
	default: /* A store parses the value. */
		line->value = value;
		return 0;
	}
}

enum stream_line_kind
stream_line_parse_control(struct stream_line *line,
    const struct stream_header *h, const char *name, const json_t *value,
    const char *where)
{
	const struct control_line *c = control_lines;

	while (c < control_lines + nitems(control_lines) &&
	       strcmp(c->name, name) != 0)
		c++;
	if (c == control_lines + nitems(control_lines) ||
	    (c->has_map && h->nmaps == 0) ||
	    (c->kind == LINE_CUT && h->nhosts == 0))
		return LINE_OTHER;
	if (!json_is_object(value)) {
		report_error("%s: expected an object, found %s", where,
		    json_doc_kind(value));
		return LINE_BAD;
	}
	if ((c->has_host && parse_line_host(line, h, value, where) == -1) ||
	    (c->has_map && parse_map_name(line, h, value, where) == -1) ||
	    parse_line_members(line, c->kind, value, where) == -1)
		return LINE_BAD;
	return c->kind;
}
