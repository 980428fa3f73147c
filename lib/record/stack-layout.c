#include <string.h>

#include "base/json-doc.h"
#include "base/nomem.h"
#include "base/report.h"
#include "base/util.h"
#include "record/stack-layout.h"

/* The search for the layout of one map. */
struct stack_search {
	const struct stream_header *header;
	unsigned int map;
	const json_t *names; /* field_map, or NULL */
	char where[256];
};

/*
 * Find the member for a key of field_map and set *name to its name.  If the
 * records lack it, at->type is TYPE_NONE; that is an error only if field_map
 * names it.  Returns 0, or -1 after reporting.
 */
static int
find_record_member(const struct stack_search *s, const char *key,
    const char **name, struct field_place *at)
{
	struct fields found = { 0 };
	unsigned long before = nomem_count();
	int got = 0;

	*name = key;
	*at = (struct field_place){ .type = TYPE_NONE };
	if (s->names != NULL &&
	    (got = json_doc_get_string(s->names, key, name, s->where)) == -1)
		return -1;
	if (fields_has(s->header, s->map, *name))
		fields_add_selected(&found, s->header, s->map, name, 1, false);
	/* Without memory the member would only seem to be missing. */
	if (found.failed || nomem_count() != before) {
		fields_free(&found);
		return report_nomem();
	}
	if (found.n > 0)
		*at = found.v[0].place;
	fields_free(&found);
	if (at->type == TYPE_NONE && got == 1) {
		report_error("%s: %s: the records have no member %s", s->where,
		    key, *name);
		return -1;
	}
	if (at->type != TYPE_NONE && at->cpus != FIELD_CPUS_ONE) {
		report_error("%s: %s: the member %s has a value for each CPU; "
			     "stacks must be in the key",
		    s->where, key, *name);
		return -1;
	}
	return 0;
}

static int
report_wrong_member(const struct stack_search *s, const char *key,
    const char *name, const char *expected)
{
	report_error(
	    "%s: %s: the member %s is not %s", s->where, key, name, expected);
	return -1;
}

static bool
is_integer_member(const struct types *t, const struct field_place *at)
{
	const struct type *type = field_place_type(t, at);

	return type->kind == TYPE_INT && type->size <= 8 && at->bits == 0;
}

static int
find_integer(
    const struct stack_search *s, const char *key, struct field_place *at)
{
	const char *name;

	if (find_record_member(s, key, &name, at) == -1)
		return -1;
	if (at->type == TYPE_NONE || is_integer_member(&s->header->types, at))
		return 0;
	return report_wrong_member(
	    s, key, name, "an integer of at most 8 bytes");
}

/* Whether a type is an array of 8-byte integers or pointers. */
static bool
is_addresses(const struct types *t, const struct type *type)
{
	const struct type *of;

	if (type->kind != TYPE_ARRAY || type->count == 0)
		return false;
	of = types_get(t, type->of);
	return (of->kind == TYPE_INT || of->kind == TYPE_POINTER) &&
	       of->size == sizeof(uint64_t);
}

static int
find_stack_member(const struct stack_search *s, const char *key,
    const char *size_key, struct stack_field *f)
{
	const struct types *t = &s->header->types;
	const struct type *type;
	const char *name;

	if (find_record_member(s, key, &name, &f->at) == -1)
		return -1;
	if (f->at.type == TYPE_NONE)
		return 0;
	type = field_place_type(t, &f->at);
	if (is_addresses(t, type)) {
		f->kind = STACK_ARRAY;
		f->max = type->count < STACK_DEPTH_MAX ? (size_t)type->count
						       : STACK_DEPTH_MAX;
		return find_integer(s, size_key, &f->size);
	}
	if (is_integer_member(t, &f->at) && type->size == sizeof(int32_t)) {
		f->kind = STACK_ID;
		return 0;
	}
	return report_wrong_member(
	    s, key, name, "an array of 8-byte addresses or a 4-byte stack id");
}

static int
find_stack_fields(const struct stack_search *s, struct stack_layout *l)
{
	struct stack_field *sides = l->sides;
	const char *comm;

	if (find_integer(s, "pid", &l->pid) == -1 ||
	    find_integer(s, "cpu_id", &l->cpu) == -1 ||
	    find_record_member(s, "comm", &comm, &l->comm) == -1 ||
	    find_stack_member(s, "kstack", "kstack_sz", &sides[STACK_KERNEL]) ==
		-1 ||
	    find_stack_member(s, "ustack", "ustack_sz", &sides[STACK_USER]) ==
		-1)
		return -1;
	if (l->comm.type != TYPE_NONE &&
	    !types_is_text(&s->header->types, l->comm.type))
		return report_wrong_member(s, "comm", comm, "an array of char");
	if (sides[STACK_KERNEL].kind != STACK_ABSENT ||
	    sides[STACK_USER].kind != STACK_ABSENT)
		return 1;
	report_error("%s: the records have no member kstack or ustack%s; "
		     "list other names in field_map",
	    s->where, s->header->maps[s->map].cpus != 0 ? " in their key" : "");
	return -1;
}

int
stack_layout_find(
    struct stack_layout *l, const struct stream_header *h, unsigned int map)
{
	const struct stream_map *m = &h->maps[map];
	struct stack_search s = { .header = h, .map = map };
	json_t *stack, *names = NULL;
	const struct field_place none = { .type = TYPE_NONE };
	int got;

	*l = (struct stack_layout){ true, none, none, none, { { 0 } } };
	for (size_t i = 0; i < STACK_SIDES; i++)
		l->sides[i].at = l->sides[i].size = none;
	if (m->interpreter == NULL)
		return 0;
	snprintf(s.where, sizeof(s.where), "map %.128s: intepreter", m->name);
	got =
	    json_doc_get_object(m->interpreter, "stack_trace", &stack, s.where);
	if (got != 1)
		return got;
	snprintf(s.where, sizeof(s.where), "map %.128s: stack_trace", m->name);
	if (json_doc_get_bool(
		stack, "with_symbols", &l->with_symbols, s.where) == -1 ||
	    json_doc_get_object(stack, "field_map", &names, s.where) == -1)
		return -1;
	s.names = names;
	return find_stack_fields(&s, l);
}

uint64_t
stack_layout_read_pid(const struct stack_layout *l, const struct types *t,
    const unsigned char *record)
{
	return l->pid.type == TYPE_NONE ? 0
					: field_place_load(t, &l->pid, record);
}

int32_t
stack_layout_read_id(const struct stack_layout *l, enum stack_side side,
    const unsigned char *record)
{
	int32_t id;

	memcpy(&id, record + l->sides[side].at.offset, sizeof(id));
	return id;
}

size_t
stack_layout_read_addresses(const struct stack_layout *l, enum stack_side side,
    const struct types *t, const unsigned char *record, uint64_t *addrs,
    size_t max)
{
	const struct stack_field *f = &l->sides[side];
	size_t n = f->max < max ? f->max : max, i;
	unsigned int unused;
	int64_t size;

	if (f->size.type != TYPE_NONE) {
		/* It is signed, whatever its type: bpf_get_stack() returns
		 * negative error numbers in place of a size. */
		unused =
		    64 - (unsigned int)field_place_type(t, &f->size)->size * 8;
		size = (int64_t)(field_place_load(t, &f->size, record)
				 << unused) >>
		       unused;
		size /= (int64_t)sizeof(*addrs);
		if (size <= 0)
			return 0;
		n = (uint64_t)size < n ? (size_t)size : n;
	}
	memcpy(addrs, record + f->at.offset, n * sizeof(*addrs));
	if (f->size.type != TYPE_NONE)
		return n;
	for (i = 0; i < n && addrs[i] != 0; i++)
		;
	return i;
}
