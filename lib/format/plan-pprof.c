/*
 * PLAN_PPROF: counts stacks as PLAN_FOLDED does, with what is known of their
 * addresses, for a profile.proto.
 */
#include <string.h>

#include "base/util.h"
#include "format/plan-column.h"
#include "profile/profile.h"

enum { LINES_MAX = SYMBOL_STORE_INLINES_MAX };

/* The name that profile.proto knows a unit by. */
static const char *
unit_name(const char *unit)
{
	static const char *const names[][2] = { { "ns", "nanoseconds" },
		{ "nsecs", "nanoseconds" }, { "us", "microseconds" },
		{ "usecs", "microseconds" }, { "ms", "milliseconds" },
		{ "msecs", "milliseconds" }, { "s", "seconds" },
		{ "secs", "seconds" }, { "kib", "kilobytes" } };

	for (size_t i = 0; i < nitems(names); i++)
		if (strcmp(unit, names[i][0]) == 0)
			return names[i][1];
	return unit;
}

/* The unit of the values of a column: that of its kind, or of the map; NULL if
 * it has none, and counts. */
static const char *
find_unit(const struct plan *p, const struct field *c)
{
	const char *unit;

	if (kind_is_quantity(c->place.kind))
		return kind_name(c->place.kind);
	unit = p->header->maps[p->map].unit;
	return unit != NULL && strcmp(unit, STREAM_NO_UNIT) != 0 ? unit : NULL;
}

/* The part of a path after its last dot. */
static const char *
last_path_part(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot != NULL ? dot + 1 : path;
}

/* The time from one sample of a map to the next, if it is one of time. */
static uint64_t
sample_period(const struct stream_perf *s)
{
	static const char *const events[] = { "cpu-clock", "task-clock",
		"cycles", "cpu-cycles", "ref-cycles" };
	size_t i = 0;

	while (i < nitems(events) &&
	       (s->event == NULL || strcmp(s->event, events[i]) != 0))
		i++;
	if (i == nitems(events))
		return 0;
	if (s->frequency != 0)
		return CLOCK_SECOND / s->frequency;
	/* The period of a clock is in nanoseconds. */
	return strstr(s->event, "clock") != NULL ? s->period : 0;
}

static void
add_source(struct plan *p)
{
	struct profile *f = p->options.profile;
	struct profile_source *s = &p->fold.profile;
	const struct field *c = plan_fold_column(p, FOLD_COUNT);
	const char *unit =
	    c != NULL && p->header != NULL ? find_unit(p, c) : NULL;
	const char *name = p->options.weight;

	*s = (struct profile_source){ .counts = unit == NULL };
	if (name != NULL) {
		/* Beside a weight each event is a sample. */
		s->counts = p->header == NULL ||
			    p->header->maps[p->map].source != STREAM_SAMPLE;
		if (unit == NULL)
			unit = "count";
	} else if (unit != NULL) {
		name = last_path_part(c->path);
	}
	if (p->header != NULL)
		s->period_ns = sample_period(&p->header->maps[p->map].perf);
	if (name != NULL)
		s->unit = profile_unit(f, name, unit_name(unit));
	profile_add_source(f, s, p->source.number);
	p->fold.source = s->key;
}

/* Note where the records of the map are from. */
static void
note_stream(struct plan *p)
{
	const struct stream_header *h = p->header;
	const struct stream_host *from;

	if (h->nhosts == 0) {
		profile_note_stream(
		    p->options.profile, h->name, h->host, h->started);
		return;
	}
	from = &h->hosts[h->maps[p->map].host];
	profile_note_stream(
	    p->options.profile, from->name, from->host, from->started);
}

static void
compile_pprof(struct plan *p)
{
	plan_compile_fold(p);
	if (p->stacks.view == NULL)
		return;
	note_stream(p);
	add_source(p);
}

static void
guess_pprof(struct plan *p)
{
	plan_guess_fold(p);
	if (p->stacks.view != NULL)
		add_source(p);
}

/* Add the functions at one address: the n frames at s, innermost first.  Of a
 * return address the instruction before it made the call. */
static void
add_frames(struct plan *p, uint64_t pid, const struct stack_frame *s, size_t n,
    bool is_return)
{
	struct profile_mapping mapping;
	struct profile_line lines[LINES_MAX];
	const struct symbol_store *symbols = p->stacks.view->symbols;
	const struct symbol_mapping *m =
	    symbols == NULL
		? NULL
		: symbol_store_find_mapping(symbols, pid, s->addr - is_return);
	size_t named = 0;

	if (m != NULL)
		mapping = (struct profile_mapping){ m->start, m->end, m->offset,
			m->file, m->build_id };
	for (size_t i = 0; i < n; i++)
		if (s[i].frame.symbol != NULL && named < LINES_MAX)
			lines[named++] =
			    (struct profile_line){ s[i].frame.symbol,
				    s[i].frame.file, s[i].frame.line };
	profile_add_location(p->options.profile, m != NULL ? &mapping : NULL,
	    s->addr - is_return, lines, named);
}

static void
add_unknown(struct profile *f)
{
	const struct profile_line line = { "[unknown]", NULL, 0 };

	profile_add_location(f, NULL, 0, &line, 1);
}

/* Add the stack of one side.  Returns whether there is one. */
static bool
add_stack(struct plan *p, const struct plan_input *rec, enum stack_side side)
{
	const struct stack_view *v = p->stacks.view;
	uint64_t pid = 0;
	size_t n;

	if (!plan_read_stack(p, rec, side))
		return false;
	if (v->state == STACK_UNKNOWN)
		add_unknown(p->options.profile);
	if (side == STACK_USER && !rec->is_json)
		pid = stack_layout_read_pid(
		    &v->layout, &p->header->types, rec->run.data);
	for (size_t at = 0; at < v->n; at += n) {
		for (n = 1; v->v[at + n - 1].inlined && at + n < v->n; n++)
			;
		add_frames(p, pid, &v->v[at], n, at > 0);
	}
	return true;
}

/* The labels of a record: its process, and its host. */
static void
add_labels(struct plan *p, const struct plan_input *rec)
{
	struct profile *f = p->options.profile;
	struct plan_fold_text comm = plan_fold_comm(p, rec);
	const char *host =
	    p->header != NULL ? stream_header_host(p->header, p->map) : "";
	uint64_t pid;

	profile_add_label(f, "comm", comm.data, comm.len);
	if (plan_fold_pid(p, rec, &pid))
		profile_add_number(f, "pid", pid);
	profile_add_label(f, "host", host, strlen(host));
}

static void
record_pprof(struct plan *p, const struct plan_input *rec)
{
	struct profile *f = p->options.profile;
	const struct profile_source *s = &p->fold.profile;
	struct hash_key k;
	uint64_t n, count;
	bool any = false;

	if (p->stacks.view == NULL)
		return;
	if (rec->has_time)
		profile_note_time(f, rec->run.time_ns);
	k = plan_fold_key(p, rec);
	n = plan_fold_count(p, rec);
	count = !s->counts ? 0 : p->fold.weighed ? 1 : n;
	if (profile_count(f, &k, p->source.pass, count, n))
		return;
	profile_begin_sample(f);
	for (int side = 0; side < STACK_SIDES; side++)
		any |= add_stack(p, rec, (enum stack_side)side);
	if (!any)
		add_unknown(f);
	add_labels(p, rec);
	if (profile_end_sample(f, s, &k, p->source.pass, count, n) == -1)
		rec->run.out->failed = true;
}

const struct plan_ops plan_pprof_ops = {
	.compile = compile_pprof,
	.record = record_pprof,
	.guess = guess_pprof,
	.traits = { .stacks_only = true,
	    .document = true,
	    .option = "--pprof" },
	.style = STYLE_JSON,
	.deep = true,
};
