#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "filter-held.h"
#include "filter.h"
#include "record/member-notes.h"
#include "stream/writer.h"

/* How long the names of the last records are waited for, in ns. */
#define NAMES_NS (2 * CLOCK_SECOND)

static bool
writes_records(const struct filter *f)
{
	return !f->counts && !f->quiet;
}

static void
copy_text(struct filter *f, const char *text, size_t len)
{
	if (!writes_records(f))
		return;
	buf_add(&f->out->buf, text, len);
	buf_chr(&f->out->buf, '\n');
}

static bool
is_full(const struct filter *f)
{
	return (f->quiet && f->found) ||
	       (f->most != 0 && f->selected >= f->most);
}

static void
count_selected(struct filter *f, unsigned int map)
{
	f->found = true;
	f->selected++;
	f->records++;
	f->pass[map]++;
}

/* The first entry of the map of an entry, which control lines are about. */
static unsigned int
first_entry(const struct filter *f, unsigned int map)
{
	const struct stream_header *h = &f->walk.in.header;

	if (h->nmaps == 0 || h->maps[map].label == NULL)
		return map;
	return stream_header_first_entry(h, map);
}

bool
filter_selects(struct filter *f, unsigned int map, uint64_t time_ns,
    const unsigned char *data, size_t len)
{
	return !is_full(f) &&
	       query_plan_run(f->plans.v[map], time_ns, data, len) != f->invert;
}

void
filter_pass_on(struct filter *f, unsigned int map, const char *text, size_t len)
{
	count_selected(f, first_entry(f, map));
	copy_text(f, text, len);
}

/* Filter or hold n records, one after the other. */
static void
filter_each(
    struct filter *f, const struct stream_record *r, size_t n, const char *end)
{
	for (size_t i = 0; i < n; i++) {
		const char *next = i + 1 < n ? r[i + 1].text : end;
		/* Without the newline. */
		const size_t len = (size_t)(next - r[i].text) - 1;

		if (!filter_hold_record(f, &r[i], r[i].text, len) &&
		    filter_selects(
			f, r[i].map, r[i].time_ns, r[i].data, r[i].len))
			filter_pass_on(f, r[i].map, r[i].text, len);
	}
}

/* Filter n records.  The lines of those that follow each other are copied as
 * one. */
static void
filter_runs(
    struct filter *f, const struct stream_record *r, size_t n, const char *end)
{
	const char *from = NULL;
	size_t i;

	for (i = 0; i < n && !is_full(f); i++) {
		if (filter_selects(
			f, r[i].map, r[i].time_ns, r[i].data, r[i].len)) {
			count_selected(f, first_entry(f, r[i].map));
			from = from == NULL ? r[i].text : from;
			continue;
		}
		if (from != NULL && writes_records(f))
			buf_add(&f->out->buf, from, (size_t)(r[i].text - from));
		from = NULL;
	}
	if (i < n)
		end = r[i].text;
	if (from != NULL && writes_records(f))
		buf_add(&f->out->buf, from, (size_t)(end - from));
}

/* The plan for a JSON record, or NULL after reporting. */
static struct query_plan *
find_json_plan(
    struct filter *f, const struct stream_line *line, unsigned int *map)
{
	*map = 0;
	if (f->walk.in.header.nmaps == 0) {
		if (f->untyped == NULL)
			f->untyped = query_plan_new_untyped(f->query);
		if (f->untyped == NULL)
			f->out->buf.failed = true;
		return f->untyped;
	}
	if (stream_walk_json_map(&f->walk, line, map) == -1)
		return NULL;
	return f->plans.v[*map];
}

static void
filter_json(struct filter *f, const struct stream_line *line)
{
	unsigned int map;
	struct query_plan *plan = find_json_plan(f, line, &map);
	size_t wrong_at;
	int got;

	if (plan == NULL)
		return;
	got = query_plan_run_json(plan, line->text, line->text_len, &wrong_at);
	if (got == -1)
		stream_reader_bad(
		    &f->walk.in, "not JSON from column %zu on", wrong_at);
	f->json_read |= got != -1;
	if (got == -1 || (got == 1) == f->invert)
		return;
	filter_pass_on(f, map, line->text, line->text_len);
}

/* Copy "@sampled", with the number of records that were selected. */
static void
copy_pass(struct filter *f, const struct stream_line *line)
{
	uint64_t keys = f->pass[line->map];

	f->pass[line->map] = 0;
	if (keys == line->keys || !writes_records(f))
		copy_text(f, line->text, line->text_len);
	else
		stream_write_pass(&f->out->buf, &f->walk.in.header, line->map,
		    line->pass, keys);
}

/* Copy "@end", with the number of records that were selected. */
static void
copy_end(struct filter *f, const struct stream_line *line)
{
	json_t *value, *end;

	if (!writes_records(f))
		return;
	value = json_copy((json_t *)line->value);
	end = json_pack("{so}", "@end", value);
	if (end == NULL ||
	    json_object_set_new(
		value, "records", json_doc_u64_new(f->records)) == -1 ||
	    json_doc_write(end, &f->out->buf) == -1)
		f->out->buf.failed = true;
	buf_chr(&f->out->buf, '\n');
	json_decref(end);
}

static bool
is_about_names(const struct stream_line *line)
{
	return line->kind == LINE_SYMBOLS || line->kind == LINE_STACK ||
	       line->kind == LINE_NAMES;
}

/* Take the names that the host tells, and copy them. */
static void
take_names(struct filter *f, const struct stream_line *line)
{
	char where[1024];

	copy_text(f, line->text, line->text_len);
	if (!f->needs_names)
		return;
	snprintf(where, sizeof(where), "%s:%lu: @names", f->walk.in.name,
	    f->walk.in.line);
	stream_reader_try(&f->walk.in);
	stream_reader_tried(
	    &f->walk.in, name_store_parse(f->names, line->value, where));
}

/* The times in the plans are those of other clocks from here on. */
static void
take_clock(struct filter *f)
{
	if (f->has_times &&
	    query_plans_renew(&f->plans, f->query, &f->walk.in.header, f->names,
		f->walk.in.name) == -1)
		f->out->buf.failed = true;
}

void
filter_line(struct filter *f, const struct stream_line *line)
{
	if (is_full(f) && !is_about_names(line))
		return;
	switch (line->kind) {
	case LINE_JSON:
		filter_json(f, line);
		break;
	case LINE_PASS:
		copy_pass(f, line);
		break;
	case LINE_FINISH:
		copy_end(f, line);
		break;
	case LINE_NAMES:
		take_names(f, line);
		break;
	default:
		if (line->kind == LINE_LOST)
			f->lost += line->count;
		if (line->kind == LINE_CLOCK)
			take_clock(f);
		copy_text(f, line->text, line->text_len);
	}
}

/* Whether the names of the last records have been waited for long enough. */
static bool
is_late(const struct filter *f)
{
	return f->deadline != 0 && clock_elapsed() >= f->deadline;
}

static bool
has_names_behind(const struct stream_header *h)
{
	return h->symbols_follow || h->names_follow;
}

/* Whether the selected records are complete, and their names too. */
static bool
is_done(void *ctx)
{
	struct filter *f = ctx;

	if (!is_full(f))
		return false;
	if (!f->is_stream || !writes_records(f) ||
	    !has_names_behind(&f->walk.in.header))
		return true;
	if (f->deadline == 0)
		f->deadline = clock_elapsed() + NAMES_NS;
	return is_late(f);
}

/* No more names come for the selected records. */
static void
set_done(struct filter *f)
{
	f->deadline = 1;
}

static void
close_stream(struct filter *f)
{
	filter_close_held(f);
	query_plans_close(&f->plans);
	name_store_free(f->names);
	f->names = NULL;
}

/* Begin a stream: compile the query for its maps, and copy the header. */
static int
begin_stream(void *ctx, const struct stream_header *header)
{
	struct filter *f = ctx;
	struct stream_header *h = &f->walk.in.header;

	f->is_stream = f->json_read = false;
	f->records = f->lost = 0;
	memset(f->pass, 0, sizeof(f->pass));
	if (header == NULL)
		return 0;
	if ((f->nas > 0 &&
		member_notes_apply_options(h, f->as, f->nas) == -1) ||
	    (f->names = name_store_new()) == NULL ||
	    name_store_set_hosts(f->names, h->nhosts) == -1 ||
	    query_plans_open(
		&f->plans, f->query, h, f->names, f->walk.in.name) == -1 ||
	    filter_open_held(f) == -1 ||
	    (writes_records(f) &&
		stream_check_terminal(h->encoding, f->out->fd) == -1) ||
	    (writes_records(f) && f->nas > 0 &&
		stream_header_write(h, &f->out->buf) == -1)) {
		close_stream(f);
		return 1;
	}
	f->has_times = query_has_times(f->query);
	f->is_stream = true;
	if (f->nas == 0)
		copy_text(f, f->walk.in.header_text, f->walk.in.header_len);
	return 0;
}

/* Write what need not wait, when there is much of it. */
static int
write_on(struct filter *f)
{
	return filter_release(f, 0) == -1 ? -1 : output_flush_if_full(f->out);
}

static int
filter_records(
    void *ctx, const struct stream_record *r, size_t n, const char *end)
{
	struct filter *f = ctx;

	if (f->held != NULL)
		filter_each(f, r, n, end);
	else
		filter_runs(f, r, n, end);
	return write_on(f);
}

/* Filter or hold a line. */
static int
take_line(void *ctx, const struct stream_line *line)
{
	struct filter *f = ctx;

	switch (line->kind) {
	case LINE_FINISH:
		if (filter_release(f, UINT64_MAX) == -1)
			return -1;
		if (is_full(f))
			set_done(f);
		else
			filter_line(f, line);
		break;
	case LINE_NAMES:
		filter_line(f, line);
		break;
	default:
		if (!filter_hold_line(f, line))
			filter_line(f, line);
	}
	return write_on(f);
}

static int
end_stream(void *ctx, enum walk_end why)
{
	struct filter *f = ctx;
	const int ret = filter_release(f, UINT64_MAX);

	if (f->json_read)
		query_plans_report_unseen(
		    f->plans.v, f->plans.n, f->query, f->walk.in.name);
	close_stream(f);
	if (why == WALK_NEXT && is_full(f)) {
		set_done(f);
		why = WALK_STOPPED;
	}
	if (why == WALK_STOPPED && f->is_stream && writes_records(f))
		stream_write_end(&f->out->buf, f->records, f->lost);
	return ret;
}

/* Write out what there is, and find out for how long the input may be waited
 * for. */
static int
write_out(void *ctx, uint64_t *ns)
{
	struct filter *f = ctx;
	const uint64_t walk_now = f->walk.clock.now, now = clock_elapsed();

	if (filter_release(f, walk_now) == -1 || output_flush(f->out) == -1)
		return -1;
	/* Sets the deadline. */
	is_done(f);
	if (f->deadline != 0)
		*ns = f->deadline > now ? f->deadline - now : 0;
	if (f->held != NULL && held_records_count(f->held) > 0 &&
	    !f->walk.clock.stopped &&
	    held_records_deadline(f->held) - walk_now < *ns)
		*ns = held_records_deadline(f->held) - walk_now;
	return 0;
}

static const struct walk_ops ops = { begin_stream, filter_records, take_line,
	end_stream, write_out, is_done };

static void
write_count(struct filter *f, const char *name)
{
	if (!f->counts || f->quiet)
		return;
	if (f->with_name)
		buf_printf(&f->out->buf, "%s:", name);
	buf_printf(&f->out->buf, "%" PRIu64 "\n", f->selected);
}

int
filter_run(struct filter *f, int fd, const char *name)
{
	int ret;

	f->walk.ops = &ops;
	f->walk.ctx = f;
	f->walk.out = f->out;
	f->selected = f->deadline = 0;
	ret = stream_walk_run(&f->walk, fd, name);
	close_stream(f);
	if (!f->out->gone && !f->out->failed) {
		if (f->untyped != NULL)
			query_plans_report_unseen(
			    &f->untyped, 1, f->query, name);
		write_count(f, name);
	}
	query_plan_free(f->untyped);
	f->untyped = NULL;
	return ret;
}
