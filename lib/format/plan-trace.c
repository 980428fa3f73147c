/*
 * PLAN_TRACE: each record is an event of a trace, with its JSON object as the
 * arguments.  By their names, members say which thread it is of, what it is
 * called and how long it took; a sampled map is a counter for each key.
 */
#include <stdlib.h>
#include <string.h>

#include "format/plan-trace.h"
#include "profile/trace-events.h"

static void
start_trace(struct plan *p)
{
	for (size_t i = 0; i < TRACE_ROLES; i++)
		p->trace.roles[i] = TRACE_ABSENT;
	p->options.bare = true;
}

/* Find whose processes the records are of: of a stream that was read alone the
 * host need not be said. */
static void
find_host(struct plan *p)
{
	const struct stream_header *h = p->header;
	const struct stream_host *from =
	    h->nhosts > 0 ? &h->hosts[h->maps[p->map].host] : NULL;
	const char *host = from != NULL ? from->host : h->host;
	uint32_t number = trace_events_add_host(
	    p->options.trace, host, from != NULL ? from->boot_id : h->boot_id);

	p->trace.first_id = (uint64_t)number * TRACE_PIDS;
	if (from != NULL || number > 0)
		p->trace.host = host;
}

static void
compile_trace(struct plan *p)
{
	const struct stream_header *h = p->header;
	struct formatter *s = &p->formatter;
	struct fields all = { 0 }, roots = { 0 };
	uint64_t started;
	size_t from;

	start_trace(p);
	plan_json_ops.compile(p);
	fields_add_selected(&all, h, p->map, NULL, 0, true);
	plan_find_trace_fields(p, &all);
	fields_add_roots(&roots, h, p->map);
	p->columns.failed |= all.failed || roots.failed;
	for (size_t i = 0; i < roots.n && p->trace.nseries > 0; i++) {
		if (strcmp(roots.v[i].path, "key") != 0)
			continue;
		from = s->n;
		formatter_add_value(s, &roots.v[i].place, STYLE_JSON);
		p->trace.key = plan_end_part(p, from);
	}
	fields_free(&all);
	fields_free(&roots);
	find_host(p);
	if (clock_parse(h->started, strlen(h->started), &started) == 0)
		trace_events_set_origin(p->options.trace, started);
}

static void
measure_trace(struct plan *p)
{
	plan_measure_part(p, &p->trace.key);
}

void
plan_add_trace_paths(struct plan *p)
{
	struct plan_trace *t = &p->trace;

	if (t->fields.n == 0)
		return;
	t->cells = calloc(t->fields.n, sizeof(*t->cells));
	p->row.failed |= t->cells == NULL;
	for (size_t i = 0; t->cells != NULL && i < t->fields.n; i++)
		t->cells[i] = json_row_add(&p->row, t->fields.v[i].path);
	t->key_cell = json_row_add(&p->row, "key");
}

/* Without types the columns are found by their names. */
static void
guess_trace(struct plan *p)
{
	start_trace(p);
	plan_guess_trace_fields(p);
}

void
plan_free_trace(struct plan *p)
{
	fields_free(&p->trace.fields);
	free(p->trace.cells);
	buf_free(&p->trace.args);
	buf_free(&p->trace.name);
}

/*
 * Records.
 */

/* Write the JSON of the record to p->trace.args. */
static void
write_args(struct plan *p, const struct plan_input *rec)
{
	struct plan_input to = *rec;

	p->trace.args.len = 0;
	to.run.out = &p->trace.args;
	if (rec->is_json)
		plan_json_ops.record(p, &to);
	else
		formatter_run(
		    &to.run, p->line.first, p->line.end, p->line.most);
	rec->run.out->failed |= p->trace.args.failed;
	/* The newline. */
	if (p->trace.args.len > 0)
		p->trace.args.len--;
}

/* Append the name of a counter: its map, and its key without what only JSON
 * needs. */
static void
write_counter_name(struct plan *p, const struct plan_input *rec)
{
	struct buf *name = &p->trace.name, *key = &p->scratch;
	struct plan_input to = *rec;
	const struct json_value *cell;

	key->len = name->len = 0;
	if (rec->is_json) {
		cell = &p->row.cells[p->trace.key_cell];
		if (cell->kind != JSON_VALUE_ABSENT)
			json_value_write_compact(cell, key);
	} else if (p->trace.key.first != p->trace.key.end) {
		to.run.out = key;
		to.run.scratch = NULL;
		formatter_run(&to.run, p->trace.key.first, p->trace.key.end,
		    p->trace.key.most);
	}
	buf_str(name, p->map_name);
	if (key->len > 0)
		buf_chr(name, ' ');
	for (size_t i = 0; i < key->len; i++)
		if (strchr("\"{}", key->data[i]) == NULL)
			buf_chr(name, key->data[i]);
	rec->run.out->failed |= key->failed || name->failed;
}

/* Append a counter with the numbers of a sampled map's value. */
static void
write_counter(
    struct plan *p, const struct plan_input *rec, struct trace_event *e)
{
	struct buf *args = &p->trace.args;
	bool first = true;
	uint64_t number;

	write_counter_name(p, rec);
	args->len = 0;
	buf_chr(args, '{');
	for (size_t i = 0; i < p->trace.nseries; i++) {
		size_t field = p->trace.series + i;
		const struct field *f = &p->trace.fields.v[field];
		const struct type *type = plan_trace_integer_type(p, &f->place);

		if (!plan_trace_number(p, rec, field, &number))
			continue;
		typed_json_write_key(args, f->name, &first);
		buf_printf(args, type->is_signed ? "%lld" : "%llu",
		    (unsigned long long)number);
	}
	buf_chr(args, '}');
	rec->run.out->failed |= args->failed;
	if (rec->run.out->failed)
		return;
	if (p->trace.host != NULL)
		trace_events_name(p->options.trace, rec->run.out,
		    p->trace.first_id, p->trace.first_id, p->trace.host, "", 0);
	*e = (struct trace_event){ .name = p->trace.name.data,
		.name_len = p->trace.name.len,
		.category = p->map_name,
		.time_ns = e->time_ns,
		.pid = p->trace.first_id,
		.tid = p->trace.first_id,
		.args = args->data,
		.args_len = args->len };
	trace_events_counter(p->options.trace, rec->run.out, e);
}

/* Append an event, by what the pairs and the duration say. */
static void
write_event(struct plan *p, const struct plan_input *rec, struct trace_event *e)
{
	struct trace_events *t = p->options.trace;
	struct buf *out = rec->run.out;
	uint64_t duration = plan_trace_role_number(p, rec, TRACE_DURATION);
	size_t pair;

	switch (plan_trace_pair_of(p, rec, &pair)) {
	case 1:
		trace_events_begin(t, out, pair, e);
		return;
	case -1:
		trace_events_end(t, out, pair, e);
		return;
	default:
		break;
	}
	if (__builtin_mul_overflow(
		duration, p->trace.duration_unit, &duration) ||
	    duration > INT64_MAX)
		duration = 0;
	if (duration > 0)
		trace_events_slice(t, out, e, duration);
	else
		trace_events_instant(t, out, e);
}

static void
record_trace(struct plan *p, const struct plan_input *rec)
{
	struct trace_events *t = p->options.trace;
	struct buf *out = rec->run.out;
	struct trace_event e = { .category = p->map_name };
	const char *comm, *name;
	size_t comm_len;

	e.time_ns = rec->has_time ? rec->run.time_ns : trace_events_last(t);
	trace_events_set_origin(t, e.time_ns);
	if (p->trace.nseries > 0) {
		write_counter(p, rec, &e);
		return;
	}
	plan_trace_thread(p, rec, &e);
	write_args(p, rec);
	comm = plan_trace_comm(p, rec, &comm_len);
	e.pid += p->trace.first_id;
	e.tid += p->trace.first_id;
	if (comm_len > 0 || p->trace.host != NULL)
		trace_events_name(
		    t, out, e.pid, e.tid, p->trace.host, comm, comm_len);
	if (out->failed)
		return;
	name = plan_trace_pair_of(p, rec, &(size_t){ 0 }) != 1 || comm_len == 0
		   ? plan_trace_constant(p, rec, &e.name_len)
		   : NULL;
	if (name == NULL && comm_len > 0) {
		name = comm;
		e.name_len = comm_len;
	} else if (name == NULL) {
		name = p->map_name;
		e.name_len = strlen(name);
	}
	e.name = name;
	e.args = p->trace.args.data;
	e.args_len = p->trace.args.len;
	write_event(p, rec, &e);
}

const struct plan_ops plan_trace_ops = {
	.compile = compile_trace,
	.measure = measure_trace,
	.record = record_trace,
	.guess = guess_trace,
	.traits.document = true,
	.style = STYLE_JSON,
	.kinds = true,
	.respells = true,
};
