/*
 * The values of a record that PLAN_TRACE needs: its thread, its name, and what
 * it begins or ends.
 */
#include <string.h>

#include "format/plan-trace.h"
#include "profile/trace-events.h"

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
bool
plan_trace_number(const struct plan *p, const struct plan_input *rec,
    size_t field, uint64_t *number)
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
		type = p->trace.untyped ? NULL
					: plan_trace_integer_type(p,
					      &p->trace.fields.v[field].place);
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

	plan_trace_number(p, rec, p->trace.roles[role], &number);
	return number & UINT32_MAX;
}

uint64_t
plan_trace_role_number(const struct plan *p, const struct plan_input *rec,
    enum plan_trace_role role)
{
	uint64_t number;

	plan_trace_number(p, rec, p->trace.roles[role], &number);
	return number;
}

static bool
has_role(const struct plan *p, enum plan_trace_role role)
{
	return p->trace.roles[role] != TRACE_ABSENT;
}

/* The process and the thread: the kernel calls the thread pid and the process
 * tgid, but programs that have no tgid mostly mean the process by pid. */
void
plan_trace_thread(
    const struct plan *p, const struct plan_input *rec, struct trace_event *e)
{
	uint64_t both;

	if (has_role(p, TRACE_PID_TGID)) {
		both = plan_trace_role_number(p, rec, TRACE_PID_TGID);
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
const char *
plan_trace_comm(struct plan *p, const struct plan_input *rec, size_t *len)
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
const char *
plan_trace_constant(
    const struct plan *p, const struct plan_input *rec, size_t *len)
{
	size_t field = p->trace.roles[TRACE_ENUM];
	const struct type_constant *c;
	const struct type *type;
	uint64_t number;

	if (field == TRACE_ABSENT || !plan_trace_number(p, rec, field, &number))
		return NULL;
	type = plan_trace_integer_type(p, &p->trace.fields.v[field].place);
	if ((c = types_find_constant(type, number)) == NULL)
		return NULL;
	*len = strlen(c->name);
	return c->name;
}

/* What the pairs say of the record: 1 if it begins number *pair, -1 if it ends
 * it, 0 if it is no part of any. */
int
plan_trace_pair_of(
    const struct plan *p, const struct plan_input *rec, size_t *pair)
{
	for (size_t i = 0; i < p->trace.npairs; i++) {
		const struct plan_trace_pair *t = &p->trace.pairs[i];
		uint64_t number;

		*pair = t->number;
		if (t->field == TRACE_ABSENT)
			return t->is_begin ? 1 : -1;
		if (!plan_trace_number(p, rec, t->field, &number))
			continue;
		number &= t->mask;
		if (number == t->begin)
			return 1;
		if (number == t->end)
			return -1;
	}
	return 0;
}
