#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/json-cursor.h"
#include "base/report.h"
#include "base/signals.h"
#include "base/style.h"
#include "printer.h"
#include "record/fields.h"

enum {
	LOOK_MS = 1000,            /* a signal that came just before a wait */
	TELL_LOST_NS = 1000000000, /* losses are told so often at most */
};

/* Whether a signal asks to end here and now. */
static bool
is_stopped(const struct printer *p)
{
	return signals_stop_at_once() || (signals_stop() && !p->is_pipe);
}

/*
 * Wait for input; what was printed goes out before that.  Returns 1, 0 when a
 * signal ends it, -1 when the output ended.
 */
static int
wait_for_input(struct printer *p, int fd)
{
	int ready = output_wait(p->out, fd, 0);

	while (!(ready & OUTPUT_READY)) {
		if (output_flush(p->out) == -1)
			return -1;
		if (is_stopped(p))
			return 0;
		ready = output_wait(p->out, fd, LOOK_MS);
		if (ready & OUTPUT_GONE) {
			p->out->gone = true;
			return -1;
		}
	}
	return is_stopped(p) ? 0 : 1;
}

/* The same for a whole line, or the end of the input. */
static int
wait_for_line(struct printer *p)
{
	int got;

	while (!stream_reader_is_ready(&p->in)) {
		if ((got = wait_for_input(p, p->in.input.fd)) != 1)
			return got;
		line_input_fill(&p->in.input);
	}
	return 1;
}

static bool
is_wanted(const struct printer *p, const char *map)
{
	for (size_t i = 0; i < p->nmaps; i++)
		if (strcmp(p->maps[i], map) == 0)
			return true;
	return p->nmaps == 0;
}

/* Report that there is no such name, and which there are.  Returns -1. */
static int
unknown(const struct printer *p, const char *what, const char *name,
    struct buf *names)
{
	buf_chr(names, '\0');
	if (names->failed)
		report_nomem();
	else
		report_error("%s: no %s \"%s\"; there %s", p->in.name, what,
		    name, names->data);
	buf_free(names);
	return -1;
}

static int
check_map(const struct printer *p, const char *name)
{
	const struct stream_header *h = &p->in.header;
	struct buf names = { 0 };
	size_t start;

	if (stream_header_find_map(h, name) != -1)
		return 0;
	buf_str(&names, h->nmaps == 1 ? "is " : "are ");
	start = names.len;
	for (size_t i = 0; i < h->nmaps; i++)
		buf_list(&names, start, h->maps[i].name);
	return unknown(p, "map", name, &names);
}

static int
check_column(const struct printer *p, const char *name)
{
	const struct stream_header *h = &p->in.header;
	struct fields columns = { 0 };
	struct buf names = { 0 };
	size_t start;

	for (unsigned int i = 0; i < h->nmaps; i++)
		if (is_wanted(p, h->maps[i].name) && fields_has(h, i, name))
			return 0;
	for (unsigned int i = 0; i < h->nmaps; i++)
		if (is_wanted(p, h->maps[i].name))
			fields_add_selected(&columns, h, i, NULL, 0, true);
	names.failed |= columns.failed;
	fields_sort(&columns);
	buf_str(&names, "are ");
	start = names.len;
	for (size_t i = 0; i < columns.n; i++)
		if (i == 0 ||
		    strcmp(columns.v[i - 1].name, columns.v[i].name) != 0)
			buf_list(&names, start, columns.v[i].name);
	fields_free(&columns);
	return unknown(p, "column", name, &names);
}

/* Whether the map has any of the columns that were asked for. */
static bool
has_columns(const struct printer *p, unsigned int map)
{
	for (size_t i = 0; i < p->plan.ncolumns; i++)
		if (fields_has(&p->in.header, map, p->plan.columns[i]))
			return true;
	return p->plan.ncolumns == 0;
}

/* What needs stacks does not show the maps that have none. */
static void
drop_stackless(const struct printer *p, struct plan **plan)
{
	if (p->plan.form != PLAN_FOLDED || plan_has_stacks(*plan))
		return;
	plan_free(*plan);
	*plan = NULL;
}

/* No map is shown: report it if that is for want of stacks. */
static int
refuse_stackless(const struct printer *p)
{
	if (p->plan.form != PLAN_FOLDED)
		return 0;
	report_error(
	    "%s: --folded: there are no stacks in the records", p->in.name);
	return -1;
}

/* The same for maps that no header tells of. */
static int
check_untyped(const struct printer *p)
{
	for (size_t i = 0; i < p->nuntyped; i++)
		if (plan_has_stacks(p->untyped[i].plan))
			return 0;
	return p->nuntyped == 0 ? 0 : refuse_stackless(p);
}

/* A place for what addresses are called, if there can be any. */
static int
open_symbols(struct printer *p)
{
	const struct stream_header *h = &p->in.header;

	p->plan.symbols = NULL;
	for (size_t i = 0; i < h->nmaps && p->symbols == NULL; i++)
		if (h->maps[i].interpreter != NULL) {
			if ((p->symbols = symbol_store_new()) == NULL)
				return -1;
		}
	p->plan.symbols = p->symbols;
	return 0;
}

static int
open_plans(struct printer *p)
{
	const struct stream_header *h = &p->in.header;

	if (open_symbols(p) == -1)
		return -1;
	for (size_t i = 0; i < p->nmaps; i++)
		if (check_map(p, p->maps[i]) == -1)
			return -1;
	for (size_t i = 0; i < p->plan.ncolumns; i++)
		if (check_column(p, p->plan.columns[i]) == -1)
			return -1;
	p->plans = calloc(h->nmaps + 1, sizeof(struct plan *));
	if (p->plans == NULL)
		return report_nomem();
	p->nplans = h->nmaps;
	for (unsigned int i = 0; i < h->nmaps; i++) {
		if (!is_wanted(p, h->maps[i].name) || !has_columns(p, i))
			continue;
		p->plans[i] = plan_new(h, i, &p->plan);
		if (p->plans[i] == NULL)
			return -1;
		drop_stackless(p, &p->plans[i]);
		p->shown += p->plans[i] != NULL;
	}
	if (p->plan.form != PLAN_FOLDED || p->shown > 0)
		return 0;
	report_error(
	    "%s: --folded: there are no stacks in the records", p->in.name);
	return -1;
}

/* Something was appended: remember whether a blank line is the last of it. */
static void
note_printed(struct printer *p)
{
	const struct buf *out = &p->out->buf;

	p->printed = true;
	p->blank = out->len >= 2 && out->data[out->len - 1] == '\n' &&
		   out->data[out->len - 2] == '\n';
}

/*
 * Print the header of a map unless it is the one that was printed last.  In a
 * table of several maps their names stand above.
 */
static void
print_head(struct printer *p, const struct plan *plan, const char *map)
{
	struct buf *out = &p->out->buf, last = p->head;

	if (p->no_header)
		return;
	p->next_head.len = 0;
	if (p->plan.form == PLAN_TABLE && p->shown > 1) {
		style_write(&p->next_head, map, strlen(map), STYLE_VIS);
		buf_str(&p->next_head, ":\n");
	}
	plan_head(plan, &p->next_head);
	if (p->next_head.len == 0 ||
	    (p->next_head.len == last.len &&
		memcmp(p->next_head.data, last.data, last.len) == 0))
		return;
	if (p->plan.form == PLAN_TABLE && p->printed && !p->blank)
		buf_chr(out, '\n');
	buf_add(out, p->next_head.data, p->next_head.len);
	p->head = p->next_head;
	p->next_head = last;
	note_printed(p);
}

/*
 * The header of a map before its first record: the reference loader names the
 * columns of all maps first, and those of the only map are known as well.
 */
static void
print_first_head(struct printer *p, const struct plan *plan, const char *map)
{
	if (p->shown == 1 || p->plan.form == PLAN_PLAIN)
		print_head(p, plan, map);
}

static void
print_first_heads(struct printer *p)
{
	for (size_t i = 0; i < p->nplans; i++)
		if (p->plans[i] != NULL)
			print_first_head(
			    p, p->plans[i], p->in.header.maps[i].name);
}

/* The header, if the record is of another map than the last. */
static void
turn_to(struct printer *p, const struct plan *plan, const char *map)
{
	if (p->shown > 1 && p->plan.form != PLAN_PLAIN)
		print_head(p, plan, map);
}

/* Print n records of one map. */
static void
print_run(struct printer *p, const struct stream_record *records, size_t n)
{
	unsigned int map = records->map;
	struct plan *plan = p->plans[map];

	if (plan == NULL)
		return;
	turn_to(p, plan, p->in.header.maps[map].name);
	plan_records(plan, &p->out->buf, records, n);
	note_printed(p);
}

/* Print n records, map by map. */
static void
print_records(struct printer *p, const struct stream_record *records, size_t n)
{
	size_t run;

	for (; n > 0; records += run, n -= run) {
		run = 1;
		while (run < n && records[run].map == records->map)
			run++;
		print_run(p, records, run);
	}
}

/* Report that the line is no record, and count it. */
static void __attribute__((format(printf, 2, 3)))
bad_record(struct printer *p, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	if (!stream_reader_count_bad(&p->in))
		return;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	report_error("%s:%lu: %s", p->in.name, p->in.line, what);
}

/*
 * Find the name of the map that a JSON record is of: p->map becomes it, "" if
 * the record does not say.  Returns 0, or -1 after reporting that the line is
 * no JSON object up to there; the rest of it is checked when it is printed.
 */
static int
find_map(struct printer *p, const struct stream_line *line)
{
	struct json_value key, value;
	struct json_cursor c;
	int got = -1;

	p->map.len = 0;
	json_cursor_open(&c, line->text, line->text_len);
	if (json_cursor_enter(&c))
		while ((got = json_cursor_next_member(&c, &key)) == 1) {
			if (!json_cursor_read(&c, &value)) {
				got = -1;
				break;
			}
			if (!json_value_is(&key, "@map"))
				continue;
			if (value.kind == JSON_VALUE_STRING)
				json_value_decode(&value, &p->map);
			break;
		}
	if (got == -1) {
		bad_record(p, "not JSON from column %zu on",
		    (size_t)(c.p - line->text) + 1);
		return -1;
	}
	buf_chr(&p->map, '\0');
	p->out->buf.failed |= p->map.failed;
	return p->out->buf.failed ? -1 : 0;
}

/* Print a JSON record by a plan, which fits it. */
static void
print_json(struct printer *p, struct plan *plan, const struct stream_line *line,
    const char *map)
{
	struct buf *out = &p->out->buf;
	size_t wrong_at = 0;

	turn_to(p, plan, map);
	if (plan_json_record(
		plan, out, line->text, line->text_len, &wrong_at) == -2)
		bad_record(p, "not JSON from column %zu on", wrong_at);
	else
		note_printed(p);
}

/* A JSON record of a stream with a header. */
static void
print_typed(struct printer *p, const struct stream_line *line)
{
	const struct stream_header *h = &p->in.header;
	const char *map = p->map.data;
	int i = *map == '\0' ? 0 : stream_header_find_map(h, map);

	if (*map == '\0' && h->nmaps != 1) {
		bad_record(p, "a record that names no map");
		return;
	}
	if (i == -1)
		bad_record(p, "no map \"%s\" in the header", map);
	else if (p->plans[i] != NULL)
		print_json(p, p->plans[i], line, h->maps[i].name);
}

/* The plan for a map that no header tells of, made from its first record, or
 * NULL: reported. */
static struct untyped *
find_untyped(struct printer *p, const struct stream_line *line)
{
	struct untyped *u;
	size_t wrong_at;

	for (size_t i = 0; i < p->nuntyped; i++)
		if (strcmp(p->untyped[i].map, p->map.data) == 0)
			return &p->untyped[i];
	if (p->nuntyped == STREAM_MAPS_MAX) {
		bad_record(p, "more than %d maps", STREAM_MAPS_MAX);
		return NULL;
	}
	if (!array_room(p->untyped, p->nuntyped, p->untyped_cap)) {
		p->out->buf.failed = true;
		return NULL;
	}
	u = &p->untyped[p->nuntyped];
	*u = (struct untyped){ strdup(p->map.data),
		plan_new_untyped(p->map.data, &p->plan, line->text,
		    line->text_len, &wrong_at) };
	if (u->map != NULL && u->plan != NULL) {
		p->nuntyped++;
		p->shown++;
		print_first_head(p, u->plan, u->map);
		return u;
	}
	if (wrong_at != 0)
		bad_record(p, "not JSON from column %zu on", wrong_at);
	else
		p->out->failed = true;
	free(u->map);
	plan_free(u->plan);
	return NULL;
}

static void
take_json(struct printer *p, const struct stream_line *line)
{
	struct untyped *u;

	if (p->plan.form == PLAN_RAW) {
		bad_record(p, "a JSON record has no raw bytes");
		return;
	}
	if (find_map(p, line) == -1)
		return;
	if (p->in.header.nmaps > 0) {
		print_typed(p, line);
		return;
	}
	if (!is_wanted(p, p->map.data) || (u = find_untyped(p, line)) == NULL)
		return;
	print_json(p, u->plan, line, u->map);
}

static void
take_lost(struct printer *p, const struct stream_line *line)
{
	uint64_t now = clock_elapsed();

	p->lost += line->count;
	if (p->lost_time != 0 && now - p->lost_time < TELL_LOST_NS)
		return;
	report_notice("%s: %" PRIu64 " record%s lost in map %s", p->in.name,
	    line->count, line->count == 1 ? "" : "s",
	    p->in.header.maps[line->map].name);
	p->lost_told += line->count;
	p->lost_time = now;
}

/* What a control line says of stacks. */
static void
take_symbols(struct printer *p, const struct stream_line *line)
{
	bool is_stack = line->kind == LINE_STACK;
	char where[1024];
	int ret;

	if (p->symbols == NULL)
		return;
	snprintf(where, sizeof(where), "%s:%lu: %s", p->in.name, p->in.line,
	    is_stack ? "@stack" : "@symbols");
	if (is_stack)
		ret = symbol_store_parse_stack(p->symbols, line->value, where);
	else
		ret = symbol_store_parse(p->symbols, line->value, where);
	if (ret == -1)
		p->in.bad++;
}

static void
take_sampled(struct printer *p, const struct stream_line *line)
{
	struct plan *plan = p->plans[line->map];

	if (plan == NULL)
		return;
	plan_end_pass(plan);
	if (line->keys == 0 || p->blank)
		return;
	plan_round(plan, &p->out->buf);
	note_printed(p);
}

static void
take_line(struct printer *p, const struct stream_line *line)
{
	switch (line->kind) {
	case LINE_RECORD:
		print_run(p,
		    &(struct stream_record){
			line->data, line->len, line->time_ns, line->map },
		    1);
		break;
	case LINE_JSON:
		take_json(p, line);
		break;
	case LINE_LOST:
		take_lost(p, line);
		break;
	case LINE_SAMPLED:
		take_sampled(p, line);
		break;
	case LINE_STACK:
	case LINE_SYMBOLS:
		take_symbols(p, line);
		break;
	case LINE_ERROR:
		report_error("%s:%lu: map %s: %s", p->in.name, p->in.line,
		    p->in.header.maps[line->map].name, line->message);
		break;
	case LINE_FINISH:
		if (line->lost > p->lost)
			p->lost = line->lost;
		break;
	default:
		break;
	}
}

/* Wait for a line and print it.  Returns 1, 0 at the end, or -1 when output
 * failed. */
static int
print_line(struct printer *p)
{
	struct stream_line line;
	int got = wait_for_line(p);

	if (got != 1)
		return got;
	if (stream_reader_next(&p->in, &line) == LINE_END)
		return 0;
	take_line(p, &line);
	return 1;
}

/* Print them all.  Returns 0 at the end, or -1 when output failed. */
static int
print_lines(struct printer *p)
{
	struct stream_record records[STREAM_BATCH];
	size_t n;
	int got;

	do {
		n = stream_reader_next_records(&p->in, records);
		print_records(p, records, n);
		if (n == 0 && (got = print_line(p)) != 1)
			return got;
	} while (output_flush_if_full(p->out) == 0);
	return -1;
}

/* What is to be said at the end of an input.  Returns 0, or -1 if not all of
 * it was good. */
static int
conclude(const struct printer *p, bool is_stream)
{
	const struct stream_reader *in = &p->in;

	if (p->lost > p->lost_told)
		report_notice("%s: %" PRIu64 " record%s lost in all", in->name,
		    p->lost, p->lost == 1 ? "" : "s");
	if (in->bad > STREAM_BAD_SHOWN)
		report_error("%s: %lu bad lines in all", in->name, in->bad);
	if (in->input.error != 0) {
		report_error("%s: %s", in->name, strerror(in->input.error));
		return -1;
	}
	if (is_stream && in->input.eof && !in->ended)
		report_notice(
		    "%s: the end is missing: the stream was cut", in->name);
	return in->bad > 0 ? -1 : 0;
}

static void
close_input(struct printer *p)
{
	plans_free(p->plans, p->nplans);
	p->plans = NULL;
	p->nplans = p->shown = 0;
	for (size_t i = 0; i < p->nuntyped; i++) {
		free(p->untyped[i].map);
		plan_free(p->untyped[i].plan);
	}
	free(p->untyped);
	p->untyped = NULL;
	p->nuntyped = 0;
	p->lost = p->lost_told = p->lost_time = 0;
	symbol_store_free(p->symbols);
	p->symbols = NULL;
	p->plan.symbols = NULL;
	stream_reader_close(&p->in);
}

static bool
has_bytes(const struct printer *p, enum stream_opening what)
{
	if (p->plan.form != PLAN_RAW ||
	    (what != STREAM_NDJSON && p->in.header.encoding == STREAM_BINARY))
		return true;
	report_error("%s: JSON records have no raw bytes", p->in.name);
	return false;
}

static int
print_input(struct printer *p, enum stream_opening what)
{
	if (p->plan.form == PLAN_FOLDED && p->folded == NULL &&
	    (p->folded = p->plan.folded = flame_new()) == NULL)
		return -1;
	switch (what) {
	case STREAM_OPENED:
		report_info("%s: records of %s, from %s, since %s", p->in.name,
		    p->in.header.name, p->in.header.host, p->in.header.started);
		if (open_plans(p) == -1)
			return -1;
		print_first_heads(p);
		break;
	case STREAM_NDJSON:
		break;
	case STREAM_SESSION:
		report_error("%s: this is a session; poll it first: skel-poll",
		    p->in.name);
		return -1;
	case STREAM_EMPTY:
		return 0;
	default:
		return -1;
	}
	if (!has_bytes(p, what) || print_lines(p) == -1 ||
	    check_untyped(p) == -1)
		return -1;
	return conclude(p, what == STREAM_OPENED);
}

int
printer_run(struct printer *p, int fd, const char *name)
{
	struct stat st;
	int ret;

	p->is_pipe = fstat(fd, &st) == 0 &&
		     (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
	/* Opening reads without an eye on the output. */
	if ((ret = wait_for_input(p, fd)) != 1)
		return ret;
	ret = print_input(p, stream_reader_open(&p->in, fd, name));
	close_input(p);
	return ret;
}

void
printer_finish(struct printer *p)
{
	if (p->folded != NULL && !p->out->gone && !p->out->failed)
		flame_write(p->folded, &p->out->buf);
}

void
printer_close(struct printer *p)
{
	flame_free(p->folded);
	buf_free(&p->head);
	buf_free(&p->next_head);
	buf_free(&p->map);
}
