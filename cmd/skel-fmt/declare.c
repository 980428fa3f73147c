#include <string.h>

#include "base/hash.h"
#include "base/report.h"
#include "base/signals.h"
#include "declare.h"
#include "printer-plans.h"
#include "record/member-notes.h"
#include "stream/json-record.h"

/* The maps of which a record was seen. */
struct seen_maps {
	bool map[STREAM_ENTRIES_MAX];
	size_t n;
};

static void
report_bad(struct printer *p, size_t wrong_at)
{
	stream_reader_bad(&p->in, "not JSON from column %zu on", wrong_at);
}

/* Take the columns that a map's first record adds.  Returns 0, or -1 when
 * memory ran out. */
static int
take_typed(
    struct printer *p, const struct stream_line *line, struct seen_maps *seen)
{
	int i = stream_json_entry(&p->in, line, p->map.data, &p->type);
	size_t wrong_at;
	int ret = 0;

	if (i == -1 || p->plans[i] == NULL || seen->map[i])
		return 0;
	if (plan_takes_members(p->plans[i]))
		ret = plan_add_members(
		    p->plans[i], line->text, line->text_len, &wrong_at);
	if (ret == -1)
		return report_nomem();
	if (ret == -2)
		report_bad(p, wrong_at);
	if (ret == 0) {
		seen->map[i] = true;
		seen->n++;
	}
	return 0;
}

static int
take_untyped(struct printer *p, const struct stream_line *line)
{
	size_t wrong_at;

	if (!printer_wants_map(p, p->map.data) ||
	    printer_find_untyped(p, p->map.data) != NULL ||
	    p->nuntyped == STREAM_ENTRIES_MAX)
		return 0;
	if (printer_add_untyped(
		p, p->map.data, line->text, line->text_len, &wrong_at) != NULL)
		return 0;
	if (wrong_at == 0)
		return -1;
	report_bad(p, wrong_at);
	return 0;
}

/* Whether no further record adds a table or a column. */
static bool
is_complete(const struct printer *p, const struct seen_maps *seen)
{
	if (p->in.header.nmaps > 0)
		return p->in.header.encoding == STREAM_BINARY ||
		       seen->n == p->shown;
	/* Records without a map are all of one. */
	return p->nuntyped == 1 && p->untyped[0].map[0] == '\0';
}

/* Read the records that are needed.  Returns 0 or -1. */
static int
read_records(struct printer *p)
{
	struct seen_maps seen = { 0 };
	struct stream_line line;
	int ret = 0;

	while (ret == 0 && !is_complete(p, &seen) && !signals_stop()) {
		switch (stream_reader_next(&p->in, &line)) {
		case LINE_END:
		case LINE_HEADER:
			return 0;
		case LINE_JSON:
			if (stream_json_string(
				&p->in, &line, "@map", &p->map) == -1)
				ret = p->map.failed ? -1 : 0;
			else if (p->in.header.nmaps > 0)
				ret = take_typed(p, &line, &seen);
			else
				ret = take_untyped(p, &line);
			break;
		default:
			break;
		}
	}
	return ret;
}

/* What the table of a map is but for its name: the same for several hosts. */
static struct hash_key
table_key(const struct plan *plan, const struct sql_tables *tables,
    const char *map, struct buf *text)
{
	struct sql_tables alone = { .engine = tables->engine,
		.table = "t",
		.names.engine = tables->engine };
	struct hash_key key = hash_start();
	struct report_held held;

	text->len = 0;
	/* What is wrong with it is said when it is declared. */
	report_hold(&held);
	if (plan_declare(plan, &alone, true, text) == 0)
		hash_mix(&key, text->data, text->len);
	report_release_held(&held, "");
	hash_mix(&key, map, strlen(map));
	sql_tables_free(&alone);
	return key;
}

/* Remove the plans whose tables are those of plans before, which is so for one
 * map of several hosts.  Returns 0, or -1 after reporting. */
static int
drop_repeated(struct printer *p, const struct sql_tables *tables)
{
	struct hash seen = { .size = sizeof(struct hash_key) };
	struct buf text = { 0 };
	int ret = 0;

	for (size_t i = 0; i < p->nplans && ret == 0; i++) {
		struct hash_key key;

		if (p->plans[i] == NULL)
			continue;
		key = table_key(
		    p->plans[i], tables, p->in.header.maps[i].name, &text);
		if (hash_find(&seen, key) != NULL) {
			plan_free(p->plans[i]);
			p->plans[i] = NULL;
		} else if (text.failed || hash_add(&seen, key) == NULL) {
			ret = report_nomem();
		}
	}
	hash_free(&seen);
	buf_free(&text);
	return ret;
}

static int
declare_plans(struct printer *p, struct sql_tables *tables)
{
	struct buf *out = &p->out->buf;
	int ret = drop_repeated(p, tables);
	size_t n = p->nuntyped;
	bool is_only;

	for (size_t i = 0; i < p->nplans; i++)
		n += p->plans[i] != NULL;
	is_only = n == 1;
	for (size_t i = 0; i < p->nplans && ret != -1; i++)
		if (p->plans[i] != NULL)
			ret |= plan_declare(p->plans[i], tables, is_only, out);
	for (size_t i = 0; i < p->nuntyped; i++)
		ret |= plan_declare(p->untyped[i].plan, tables, is_only, out);
	return ret;
}

static int
declare_stream(
    struct printer *p, struct sql_tables *tables, enum stream_opening what)
{
	switch (what) {
	case STREAM_OPENED:
		if (member_notes_apply_options(&p->in.header, p->as, p->nas) ==
			-1 ||
		    printer_open_plans(p) == -1)
			return -1;
		break;
	case STREAM_NDJSON:
		break;
	case STREAM_SESSION:
		report_error("%s: this is a session; poll it first: skel-poll",
		    p->in.name);
		return -1;
	case STREAM_EMPTY:
		report_error("%s: empty; expected a stream", p->in.name);
		return -1;
	case STREAM_REFUSED:
		return -1;
	}
	if (read_records(p) == -1)
		return -1;
	return declare_plans(p, tables);
}

int
declare_run(
    struct printer *p, struct sql_tables *tables, int fd, const char *name)
{
	int ret =
	    declare_stream(p, tables, stream_reader_open(&p->in, fd, name));

	if (p->in.bad > 0 || p->in.input.error != 0)
		ret = -1;
	if (p->in.input.error != 0)
		report_error("%s: %s", name, line_input_error(&p->in.input));
	printer_close_plans(p);
	stream_reader_close(&p->in);
	return ret;
}
