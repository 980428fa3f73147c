/*
 * PLAN_TRACE: each record is an event of a trace, with its JSON object as the
 * arguments.  By their names, members say which thread it is of, what it is
 * called and how long it took; a sampled map is a counter for each key.
 */
#include <stdlib.h>
#include <string.h>

#include "format/plan-column.h"
#include "profile/trace-events.h"

/* The names that members with these roles have, in the order in which they are
 * looked for. */
static const struct {
	const char *name;
	enum plan_trace_role role;
} role_names[] = { { "pid_tgid", TRACE_PID_TGID }, { "tgid", TRACE_TGID },
	{ "pid", TRACE_PID }, { "tid", TRACE_TID }, { "comm", TRACE_COMM } };

/* The names of durations, which may have their unit at the end. */
static const char *const durations[] = { "duration", "dur", "latency", "delta",
	"elapsed", "delay", "took" };

static const struct {
	const char *suffix;
	enum kind kind;
	uint64_t ns;
} units[] = { { "_ns", KIND_NS, 1 }, { "_us", KIND_US, 1000 },
	{ "_ms", KIND_MS, 1000000 }, { "_s", KIND_S, CLOCK_SECOND } };

/* The nanoseconds of a unit: of a kind, or at the end of a name; 0: none. */
static uint64_t
unit_of(const char *name, size_t stem, enum kind kind)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (kind == units[i].kind ||
		    (kind == KIND_NONE &&
			strcmp(name + stem, units[i].suffix) == 0))
			return units[i].ns;
	return 0;
}

/* The nanoseconds of the unit of a duration of that name and kind, or 0 if it
 * is none. */
static uint64_t
duration_unit(const char *path, enum kind kind)
{
	const char *dot = strrchr(path, '.');
	const char *name = dot != NULL ? dot + 1 : path;

	for (size_t i = 0; i < sizeof(durations) / sizeof(*durations); i++) {
		size_t n = strlen(durations[i]);

		if (strncmp(name, durations[i], n) == 0 &&
		    (name[n] == '\0' || name[n] == '_'))
			return unit_of(name, n, kind);
	}
	return 0;
}

/* The integer type of a field, or NULL. */
static const struct type *
integer_type(const struct plan *p, const struct field_place *at)
{
	const struct type *type = field_place_type(&p->header->types, at);

	if (type == NULL || at->bits != 0 || type->size > 8 ||
	    at->cpus == FIELD_CPUS_ALL)
		return NULL;
	return type->kind == TYPE_INT || type->kind == TYPE_BOOL ||
		       type->kind == TYPE_CHAR || type->kind == TYPE_ENUM
		   ? type
		   : NULL;
}

/* Add a field to those that the form reads.  Returns its number. */
static size_t
add_field(struct plan *p, const struct field *f)
{
	fields_add(&p->trace.fields, f);
	p->columns.failed |= p->trace.fields.failed;
	return p->trace.fields.n - 1;
}

static void
set_role(struct plan *p, enum plan_trace_role role, const struct field *f)
{
	if (p->trace.roles[role] == TRACE_ABSENT)
		p->trace.roles[role] = add_field(p, f);
}

/* The role of a field by its name, or TRACE_ROLES. */
static enum plan_trace_role
role_of(const char *path)
{
	const char *dot = strrchr(path, '.');
	const char *name = dot != NULL ? dot + 1 : path;

	for (size_t i = 0; i < sizeof(role_names) / sizeof(*role_names); i++)
		if (strcmp(name, role_names[i].name) == 0)
			return role_names[i].role;
	return TRACE_ROLES;
}

/* Find what the fields are, by their names and types. */
static void
find_roles(struct plan *p, const struct fields *all)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct field *f = &all->v[i];
		const struct type *type = integer_type(p, &f->place);
		enum plan_trace_role role = role_of(f->path);
		uint64_t unit = duration_unit(f->path, f->place.kind);
		bool text = f->place.type != TYPE_NONE &&
			    types_is_text(&p->header->types, f->place.type);

		if (role == TRACE_COMM ? text
				       : role != TRACE_ROLES && type != NULL)
			set_role(p, role, f);
		if (type == NULL)
			continue;
		if (type->kind == TYPE_ENUM && type->bits == 0 &&
		    f->place.kind == KIND_NONE)
			set_role(p, TRACE_ENUM, f);
		if (unit != 0 &&
		    p->trace.roles[TRACE_DURATION] == TRACE_ABSENT) {
			set_role(p, TRACE_DURATION, f);
			p->trace.duration_unit = unit;
		}
	}
}

/*
 * Pairs.
 */

/* The number that a word is for values of a type.  Returns whether it is one.
 */
static bool
parse_constant(const struct type *type, const char *word, uint64_t *number)
{
	const struct type_constant *c =
	    type->kind == TYPE_ENUM
		? types_find_constant_named(type, word, strlen(word))
		: NULL;
	char *end;

	if (c != NULL) {
		*number = c->value;
		return true;
	}
	if (type->kind == TYPE_BOOL && strcmp(word, "true") == 0) {
		*number = 1;
		return true;
	}
	if (type->kind == TYPE_BOOL && strcmp(word, "false") == 0) {
		*number = 0;
		return true;
	}
	*number = *word == '-' ? (uint64_t)strtoll(word, &end, 0)
			       : strtoull(word, &end, 0);
	return *word != '\0' && *end == '\0' && !(*word == ' ' || *word == '+');
}

/* Find a pair of two values of a field.  Returns whether it is one. */
static bool
pair_field(struct plan *p, size_t pair, const struct trace_pair *t,
    const struct field *f)
{
	const struct type *type = integer_type(p, &f->place);
	struct plan_trace_pair *to = &p->trace.pairs[p->trace.npairs];
	const char *dot = strrchr(f->path, '.');
	uint64_t mask;

	if (type == NULL ||
	    (t->member == NULL ? type->kind != TYPE_ENUM ||
				     types_find_constant_named(type, t->begin,
					 strlen(t->begin)) == NULL
			       : strcmp(t->member, f->path) != 0 &&
				     strcmp(t->member,
					 dot != NULL ? dot + 1 : f->path) != 0))
		return false;
	if (!parse_constant(type, t->begin, &to->begin) ||
	    !parse_constant(type, t->end, &to->end))
		return false;
	mask = type->size == 8 ? UINT64_MAX
			       : (UINT64_C(1) << (type->size * 8)) - 1;
	to->begin &= mask;
	to->end &= mask;
	to->mask = mask;
	to->number = pair;
	to->field = add_field(p, f);
	p->trace.npairs++;
	return true;
}

/* Find which pairs the records of the map are begins and ends of. */
static void
find_pairs(struct plan *p, const struct fields *all)
{
	struct trace_pair *pairs;
	size_t n = trace_events_pairs(p->options.trace, &pairs);

	for (size_t i = 0; i < n; i++) {
		struct trace_pair *t = &pairs[i];
		bool begin =
		    t->member == NULL && strcmp(t->begin, p->map_name) == 0;
		bool end =
		    t->member == NULL && strcmp(t->end, p->map_name) == 0;

		if (begin || end) {
			p->trace.pairs[p->trace.npairs++] =
			    (struct plan_trace_pair){ .number = i,
				    .field = TRACE_ABSENT,
				    .is_begin = begin };
			t->found = true;
		}
		for (size_t k = 0; !begin && !end && all != NULL && k < all->n;
		     k++)
			if (pair_field(p, i, t, &all->v[k])) {
				t->found = true;
				break;
			}
	}
}

/* Find the numbers in the value of a sampled map, which are the series of a
 * counter. */
static void
find_series(struct plan *p, const struct fields *all)
{
	if (p->header->maps[p->map].source != STREAM_SAMPLE)
		return;
	for (size_t i = 0; i < all->n; i++) {
		const struct field *f = &all->v[i];
		const struct type *type = integer_type(p, &f->place);

		if (type == NULL || type->kind != TYPE_INT ||
		    strncmp(f->path, "value", 5) != 0)
			continue;
		add_field(p, f);
		p->trace.nseries++;
	}
	p->trace.series = p->trace.fields.n - p->trace.nseries;
}

static void
start_trace(struct plan *p)
{
	for (size_t i = 0; i < TRACE_ROLES; i++)
		p->trace.roles[i] = TRACE_ABSENT;
	p->options.bare = true;
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
	find_series(p, &all);
	find_roles(p, &all);
	find_pairs(p, &all);
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
	p->trace.untyped = true;
	for (size_t i = 0; i < p->columns.n; i++) {
		const char *path = p->columns.v[i].path;
		enum plan_trace_role role = role_of(path);
		uint64_t unit = duration_unit(path, KIND_NONE);

		if (unit != 0) {
			role = TRACE_DURATION;
			p->trace.duration_unit = unit;
		}
		if (role != TRACE_ROLES && p->trace.roles[role] == TRACE_ABSENT)
			p->trace.roles[role] = i;
	}
	find_pairs(p, NULL);
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

static const struct json_value *
cell_of(const struct plan *p, size_t field)
{
	return p->trace.untyped ? plan_column_cell(p, field)
				: &p->row.cells[p->trace.cells[field]];
}

/* The number in JSON: 3, true, or of an enum "EXIT(3)" or "EXIT". */
static uint64_t
json_number(const struct type *type, const struct json_value *v)
{
	const char *text = v->text + 1, *open;
	struct json_value inner = { JSON_VALUE_SCALAR, NULL, 0 };
	const struct type_constant *c;
	size_t len;

	if (v->kind == JSON_VALUE_SCALAR) {
		if (v->len == 4 && memcmp(v->text, "true", 4) == 0)
			return 1;
		if (v->len > 1 && v->text[0] == '-') {
			inner.text = v->text + 1;
			inner.len = v->len - 1;
			return -json_value_u64(&inner);
		}
		return json_value_u64(v);
	}
	if (v->kind != JSON_VALUE_STRING || type == NULL ||
	    type->kind != TYPE_ENUM)
		return 0;
	len = v->len - 2;
	open = memchr(text, '(', len);
	c = types_find_constant_named(
	    type, text, open != NULL ? (size_t)(open - text) : len);
	if (c != NULL)
		return c->value;
	if (open == NULL || text[len - 1] != ')')
		return 0;
	inner.text = open + 1;
	inner.len = (size_t)(text + len - 1 - inner.text);
	return inner.len > 0 ? json_number(type, &inner) : 0;
}

/* The number in a field, extended by its sign; of all CPUs the sum.
 * Returns whether the record has it. */
static bool
read_number(const struct plan *p, const struct plan_input *rec, size_t field,
    uint64_t *number)
{
	const struct field_place *at;
	const struct json_value *cell;
	const struct type *type;
	unsigned int unused;
	size_t cpus;

	*number = 0;
	if (field == TRACE_ABSENT)
		return false;
	if (rec->is_json) {
		cell = cell_of(p, field);
		type = p->trace.untyped
			   ? NULL
			   : integer_type(p, &p->trace.fields.v[field].place);
		*number = json_number(type, cell);
		return cell->kind != JSON_VALUE_ABSENT;
	}
	at = &p->trace.fields.v[field].place;
	type = field_place_type(&p->header->types, at);
	unused = 64 - (unsigned int)type->size * 8;
	cpus = at->cpus == FIELD_CPUS_SUM ? p->formatter.cpus : 1;
	for (size_t i = 0; i < cpus; i++) {
		uint64_t v = field_place_load(&p->header->types, at,
		    rec->run.data + i * p->formatter.cpu_stride);

		*number += type->is_signed
			       ? (uint64_t)((int64_t)(v << unused) >> unused)
			       : v;
	}
	return true;
}

/* A number of a process or a thread, which has 32 bits. */
static uint64_t
read_pid(const struct plan *p, const struct plan_input *rec,
    enum plan_trace_role role)
{
	uint64_t number;

	read_number(p, rec, p->trace.roles[role], &number);
	return number & UINT32_MAX;
}

static uint64_t
read_role(const struct plan *p, const struct plan_input *rec,
    enum plan_trace_role role)
{
	uint64_t number;

	read_number(p, rec, p->trace.roles[role], &number);
	return number;
}

static bool
has_role(const struct plan *p, enum plan_trace_role role)
{
	return p->trace.roles[role] != TRACE_ABSENT;
}

/* The process and the thread: the kernel calls the thread pid and the process
 * tgid, but programs that have no tgid mostly mean the process by pid. */
static void
read_thread(
    const struct plan *p, const struct plan_input *rec, struct trace_event *e)
{
	uint64_t both;

	if (has_role(p, TRACE_PID_TGID)) {
		both = read_role(p, rec, TRACE_PID_TGID);
		e->pid = both >> 32;
		e->tid = both & UINT32_MAX;
		return;
	}
	if (has_role(p, TRACE_TGID)) {
		e->pid = read_pid(p, rec, TRACE_TGID);
		e->tid = has_role(p, TRACE_TID)   ? read_pid(p, rec, TRACE_TID)
			 : has_role(p, TRACE_PID) ? read_pid(p, rec, TRACE_PID)
						  : e->pid;
		return;
	}
	e->pid =
	    read_pid(p, rec, has_role(p, TRACE_PID) ? TRACE_PID : TRACE_TID);
	e->tid = has_role(p, TRACE_TID) ? read_pid(p, rec, TRACE_TID) : e->pid;
}

/* The name of the process, borrowed; its length is 0 if there is none. */
static const char *
read_comm(struct plan *p, const struct plan_input *rec, size_t *len)
{
	size_t field = p->trace.roles[TRACE_COMM];
	const struct json_value *cell;
	const char *text;

	*len = 0;
	if (field == TRACE_ABSENT)
		return "";
	if (!rec->is_json) {
		const struct field_place *at = &p->trace.fields.v[field].place;

		text = (const char *)rec->run.data + at->offset;
		*len = strnlen(text,
		    (size_t)field_place_type(&p->header->types, at)->size);
		return text;
	}
	cell = cell_of(p, field);
	if (cell->kind != JSON_VALUE_STRING)
		return "";
	/* Decoding something else would overwrite it. */
	p->trace.name.len = 0;
	json_value_decode(cell, &p->trace.name);
	rec->run.out->failed |= p->trace.name.failed;
	*len = p->trace.name.len;
	return *len > 0 ? p->trace.name.data : "";
}

/* The name of the enum's constant, or NULL. */
static const char *
read_constant(const struct plan *p, const struct plan_input *rec, size_t *len)
{
	size_t field = p->trace.roles[TRACE_ENUM];
	const struct type_constant *c;
	const struct type *type;
	uint64_t number;

	if (field == TRACE_ABSENT || !read_number(p, rec, field, &number))
		return NULL;
	type = integer_type(p, &p->trace.fields.v[field].place);
	if ((c = types_find_constant(type, number)) == NULL)
		return NULL;
	*len = strlen(c->name);
	return c->name;
}

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

/* What the pairs say of the record: 1 if it begins number *pair, -1 if it ends
 * it, 0 if it is no part of any. */
static int
find_pair(const struct plan *p, const struct plan_input *rec, size_t *pair)
{
	for (size_t i = 0; i < p->trace.npairs; i++) {
		const struct plan_trace_pair *t = &p->trace.pairs[i];
		uint64_t number;

		*pair = t->number;
		if (t->field == TRACE_ABSENT)
			return t->is_begin ? 1 : -1;
		if (!read_number(p, rec, t->field, &number))
			continue;
		number &= t->mask;
		if (number == t->begin)
			return 1;
		if (number == t->end)
			return -1;
	}
	return 0;
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
		const struct type *type = integer_type(p, &f->place);

		if (!read_number(p, rec, field, &number))
			continue;
		typed_json_write_key(args, f->name, &first);
		buf_printf(args, type->is_signed ? "%lld" : "%llu",
		    (unsigned long long)number);
	}
	buf_chr(args, '}');
	rec->run.out->failed |= args->failed;
	if (rec->run.out->failed)
		return;
	*e = (struct trace_event){ .name = p->trace.name.data,
		.name_len = p->trace.name.len,
		.category = p->map_name,
		.time_ns = e->time_ns,
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
	uint64_t duration = read_role(p, rec, TRACE_DURATION);
	size_t pair;

	switch (find_pair(p, rec, &pair)) {
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
	read_thread(p, rec, &e);
	write_args(p, rec);
	comm = read_comm(p, rec, &comm_len);
	if (comm_len > 0)
		trace_events_name(t, out, e.pid, e.tid, comm, comm_len);
	if (out->failed)
		return;
	name = find_pair(p, rec, &(size_t){ 0 }) != 1 || comm_len == 0
		   ? read_constant(p, rec, &e.name_len)
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
