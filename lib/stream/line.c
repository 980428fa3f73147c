#include <string.h>

#include "base/json-cursor.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "base/util.h"
#include "stream/line.h"

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

/* Finds the map that the value of a control line names. */
static int
parse_map_name(struct stream_line *line, const struct stream_header *h,
    const json_t *value, const char *where)
{
	const char *name;
	int got = json_doc_get_string(value, "map", &name, where), map;

	if (got != 1)
		return got == 0 ? json_doc_missing("map", where) : -1;
	if ((map = stream_header_find_map(h, name)) == -1) {
		report_error(
		    "%s: there is no map \"%s\" in the header", where, name);
		return -1;
	}
	line->map = (unsigned int)map;
	return 0;
}

static int
parse_lost(struct stream_line *line, const json_t *value, const char *where)
{
	return json_doc_get_u64(
	    value, "count", UINT64_MAX, &line->count, where);
}

static int
parse_pass(struct stream_line *line, const json_t *value, const char *where)
{
	if (json_doc_get_u64(value, "round", UINT64_MAX, &line->pass, where) ==
	    -1)
		return -1;
	return json_doc_get_u64(value, "keys", UINT64_MAX, &line->keys, where);
}

static int
parse_message(struct stream_line *line, const json_t *value, const char *where)
{
	line->message = "";
	return json_doc_get_string(value, "message", &line->message, where);
}

static int
parse_end(struct stream_line *line, const json_t *value, const char *where)
{
	if (json_doc_get_u64(
		value, "records", UINT64_MAX, &line->records, where) == -1)
		return -1;
	return json_doc_get_u64(value, "lost", UINT64_MAX, &line->lost, where);
}

/* A symbol store parses the value. */
static int
keep_value(struct stream_line *line, const json_t *value, const char *where)
{
	(void)where;
	line->value = value;
	return 0;
}

static const struct control_line {
	const char *name;
	enum stream_line_kind kind;
	bool has_map;
	int (*parse)(struct stream_line *, const json_t *, const char *);
} control_lines[] = {
	{ "@lost", LINE_LOST, true, parse_lost },
	{ "@sampled", LINE_PASS, true, parse_pass },
	{ "@error", LINE_ERROR, true, parse_message },
	{ "@stack", LINE_STACK, false, keep_value },
	{ "@symbols", LINE_SYMBOLS, false, keep_value },
	{ "@end", LINE_FINISH, false, parse_end },
};

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
	    (c->has_map && h->nmaps == 0))
		return LINE_OTHER;
	if (!json_is_object(value)) {
		report_error("%s: expected an object, found %s", where,
		    json_doc_kind(value));
		return LINE_BAD;
	}
	if ((c->has_map && parse_map_name(line, h, value, where) == -1) ||
	    c->parse(line, value, where) == -1)
		return LINE_BAD;
	return c->kind;
}
