/*
 * What PLAN_TRACE reads of a record: members by their names and types, the
 * pairs of --pair, and the numbers of a sampled map.
 */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "format/plan-trace.h"
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
	for (size_t i = 0; i < nitems(units); i++)
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

	for (size_t i = 0; i < nitems(durations); i++) {
		size_t n = strlen(durations[i]);

		if (strncmp(name, durations[i], n) == 0 &&
		    (name[n] == '\0' || name[n] == '_'))
			return unit_of(name, n, kind);
	}
	return 0;
}

const struct type *
plan_trace_integer_type(const struct plan *p, const struct field_place *at)
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
		const struct type *type = plan_trace_integer_type(p, &f->place);
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
	const struct type *type = plan_trace_integer_type(p, &f->place);
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
		const struct type *type = plan_trace_integer_type(p, &f->place);

		if (type == NULL || type->kind != TYPE_INT ||
		    strncmp(f->path, "value", 5) != 0)
			continue;
		add_field(p, f);
		p->trace.nseries++;
	}
	p->trace.series = p->trace.fields.n - p->trace.nseries;
}

void
plan_find_trace_fields(struct plan *p, const struct fields *all)
{
	find_series(p, all);
	find_roles(p, all);
	find_pairs(p, all);
}

void
plan_guess_trace_fields(struct plan *p)
{
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
