/*
 * The table of types as JSON, the "types" of a stream's header
 * (skel-stream(5)). The header may come from anybody, so nothing in it is
 * trusted.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-doc.h"
#include "base/report.h"
#include "types/member-kinds.h"

/* Room for "x.json:1: types[3]", and with ".members[5]" after it. */
enum { WHERE_MAX = 1024, PART_MAX = WHERE_MAX + 64 };

static int
parse_type_kind(enum type_kind *kind, const json_t *json, const char *where)
{
	const char *name;

	if (json_doc_require(json_doc_get_string(json, "kind", &name, where),
		"kind", where) == -1)
		return -1;
	for (int k = TYPE_INT; k <= TYPE_TYPEDEF; k++)
		if (strcmp(name, types_kind_name((enum type_kind)k)) == 0) {
			*kind = (enum type_kind)k;
			return 0;
		}
	report_error("%s: unknown kind \"%s\"", where, name);
	return -1;
}

static int
parse_type_name(
    char **name, const json_t *json, bool required, const char *where)
{
	const char *s = "";
	int got = json_doc_get_string(json, "name", &s, where);

	if (required)
		got = json_doc_require(got, "name", where);
	if (got == -1)
		return -1;
	*name = strdup(s);
	return *name == NULL ? report_nomem() : 0;
}

/* Parse a required number. */
static int
parse_type_number(const json_t *json, const char *key, uint64_t max,
    uint64_t *out, const char *where)
{
	return json_doc_require(
	    json_doc_get_u64(json, key, max, out, where), key, where);
}

/* Parse a required index of one of the n types. */
static int
parse_type_ref(const json_t *json, const char *key, size_t n, uint32_t *out,
    const char *where)
{
	uint64_t i;

	if (parse_type_number(json, key, TYPES_MAX, &i, where) == -1)
		return -1;
	if (i >= n) {
		report_error("%s.%s: there is no type %" PRIu64, where, key, i);
		return -1;
	}
	*out = (uint32_t)i;
	return 0;
}

static int
parse_bits(struct type_member *m, const json_t *json, const char *where)
{
	uint64_t bit_offset = 0, bits = 0;

	if (json_doc_get_u64(
		json, "bit_offset", TYPES_SIZE_MAX, &bit_offset, where) == -1 ||
	    json_doc_get_u64(json, "bits", 128, &bits, where) == -1)
		return -1;
	if (bits == 0 && json_object_get(json, "bits") != NULL) {
		report_error("%s.bits: a bitfield has at least 1 bit", where);
		return -1;
	}
	/* struct type_member has whole bytes in its offset. */
	m->offset += bit_offset / 8;
	m->bit_offset = bits == 0 ? 0 : (uint32_t)(bit_offset % 8);
	m->bits = (uint32_t)bits;
	return 0;
}

/* Parses what is said of the member beside its type. */
static int
parse_member_notes(struct type_member *m, const json_t *json, const char *where)
{
	const char *kind = NULL, *help = NULL;
	struct report_held held;
	uint64_t width = 0;
	int ret;

	if (json_doc_get_string(json, "as", &kind, where) == -1 ||
	    json_doc_get_string(json, "help", &help, where) == -1 ||
	    json_doc_get_bool(json, "hide", &m->hidden, where) == -1 ||
	    json_doc_get_bool(json, "time", &m->time, where) == -1 ||
	    json_doc_get_bool(json, "gauge", &m->gauge, where) == -1 ||
	    json_doc_get_u64(json, "width", TYPES_WIDTH_MAX, &width, where) ==
		-1 ||
	    json_doc_get_u64(json, "step", INT64_MAX, &m->step, where) == -1 ||
	    json_doc_get_u64(json, "start", INT64_MAX, &m->start, where) == -1)
		return -1;
	m->width = (uint32_t)width;
	if (help != NULL && (m->help = strdup(help)) == NULL)
		return report_nomem();
	if (kind == NULL)
		return 0;
	/* Later versions may know more kinds. */
	report_hold(&held);
	ret = kind_parse(&m->as, kind, where);
	report_release_held(&held, "");
	if (ret == -1)
		m->as.said = true; /* it is none that can be guessed */
	return 0;
}

static int
parse_member(
    struct type_member *m, const json_t *json, size_t n, const char *where)
{
	if (parse_type_name(&m->name, json, true, where) == -1 ||
	    parse_type_ref(json, "type", n, &m->type, where) == -1 ||
	    parse_type_number(
		json, "offset", TYPES_SIZE_MAX, &m->offset, where) == -1)
		return -1;
	return parse_bits(m, json, where) == -1
		   ? -1
		   : parse_member_notes(m, json, where);
}

static int
parse_members(
    struct type *type, const json_t *json, size_t n, const char *where)
{
	char at[PART_MAX];
	json_t *array;
	size_t count;

	if (json_doc_require(json_doc_get_array(json, "members", &array, where),
		"members", where) == -1)
		return -1;
	if ((count = json_array_size(array)) == 0)
		return 0;
	type->members = calloc(count, sizeof(*type->members));
	if (type->members == NULL)
		return report_nomem();
	for (size_t i = 0; i < count; i++) {
		snprintf(at, sizeof(at), "%s.members[%zu]", where, i);
		type->nmembers++;
		if (parse_member(&type->members[i], json_array_get(array, i), n,
			at) == -1)
			return -1;
	}
	return 0;
}

/* Parse one constant of an enum, ["NAME", number]. */
static int
parse_constant(
    struct type_constant *c, const json_t *pair, bool is_signed, const char *at)
{
	const json_t *number = json_array_get(pair, 1);
	const char *name = json_doc_string(json_array_get(pair, 0));

	if (json_array_size(pair) != 2 || name == NULL) {
		report_error("%s: expected [name, number]", at);
		return -1;
	}
	if (is_signed && json_is_integer(number)) {
		c->value = (uint64_t)json_integer_value(number);
	} else if (is_signed || !json_doc_u64(number, &c->value)) {
		report_error("%s: expected %s whole number", at,
		    is_signed ? "a signed" : "an unsigned");
		return -1;
	}
	c->name = strdup(name);
	return c->name == NULL ? report_nomem() : 0;
}

/* Whether a constant is negative. */
static bool
has_negative_constant(const json_t *array)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		if (json_integer_value(
			json_array_get(json_array_get(array, i), 1)) < 0)
			return true;
	return false;
}

static int
parse_constants(struct type *type, const json_t *json, const char *where)
{
	char at[PART_MAX];
	json_t *array;
	size_t count;

	if (json_doc_require(json_doc_get_array(json, "values", &array, where),
		"values", where) == -1)
		return -1;
	if ((count = json_array_size(array)) == 0)
		return 0;
	/* As in C, negative constants make an enum signed. */
	if (json_object_get(json, "signed") == NULL)
		type->is_signed = has_negative_constant(array);
	type->constants = calloc(count, sizeof(*type->constants));
	if (type->constants == NULL)
		return report_nomem();
	for (size_t i = 0; i < count; i++) {
		snprintf(at, sizeof(at), "%s.values[%zu]", where, i);
		type->nconstants++;
		if (parse_constant(&type->constants[i],
			json_array_get(array, i), type->is_signed, at) == -1)
			return -1;
	}
	return 0;
}

/* Parse the keys that only nodes of this kind have. */
static int
parse_type_rest(
    struct type *type, const json_t *json, size_t n, const char *where)
{
	switch (type->kind) {
	case TYPE_ENUM:
		return parse_constants(type, json, where);
	case TYPE_ARRAY:
		if (parse_type_number(
			json, "count", UINT64_MAX, &type->count, where) == -1)
			return -1;
		return parse_type_ref(json, "of", n, &type->of, where);
	case TYPE_TYPEDEF:
		return parse_type_ref(json, "of", n, &type->of, where);
	case TYPE_STRUCT:
	case TYPE_UNION:
		return parse_members(type, json, n, where);
	default:
		return 0;
	}
}

static int
parse_node(struct type *type, const json_t *json, size_t n, const char *where)
{
	bool named;

	if (!json_is_object(json)) {
		report_error("%s: expected an object, found %s", where,
		    json_doc_kind(json));
		return -1;
	}
	if (parse_type_kind(&type->kind, json, where) == -1)
		return -1;
	/* These two have no names in C. */
	named = type->kind != TYPE_ARRAY && type->kind != TYPE_POINTER;
	if (parse_type_name(&type->name, json, named, where) == -1 ||
	    parse_type_number(json, "size", UINT64_MAX, &type->size, where) ==
		-1 ||
	    json_doc_get_bool(json, "signed", &type->is_signed, where) == -1)
		return -1;
	return parse_type_rest(type, json, n, where);
}

/* The state of a node in the search for cycles. */
enum visit { NEW, OPEN, DONE };

struct type_walk {
	struct types *types;
	unsigned char *visits; /* owned: an enum visit for each node */
	const char *where;
	unsigned int depth;
};

static size_t
type_references(const struct type *type)
{
	if (type->kind == TYPE_ARRAY || type->kind == TYPE_TYPEDEF)
		return 1;
	return type->nmembers;
}

static uint32_t
type_reference(const struct type *type, size_t k)
{
	return type->nmembers != 0 ? type->members[k].type : type->of;
}

/* Check the types that node i refers to, then node i. */
static int
check_type_from(struct type_walk *w, uint32_t i)
{
	const struct type *type = &w->types->v[i];
	char at[WHERE_MAX];

	if (w->visits[i] == DONE)
		return 0;
	snprintf(at, sizeof(at), "%s: types[%" PRIu32 "]", w->where, i);
	if (w->visits[i] == OPEN) {
		report_error("%s: %s \"%s\" contains itself", at,
		    types_kind_name(type->kind), type->name);
		return -1;
	}
	if (w->depth > TYPES_DEPTH_MAX) {
		report_error("%s: %s \"%s\" is nested too deeply", at,
		    types_kind_name(type->kind), type->name);
		return -1;
	}
	w->visits[i] = OPEN;
	w->depth++;
	for (size_t k = 0; k < type_references(type); k++)
		if (check_type_from(w, type_reference(type, k)) == -1)
			return -1;
	w->depth--;
	w->visits[i] = DONE;
	return types_check(w->types, i, at);
}

static int
check_type_graph(struct types *t, const char *where)
{
	struct type_walk w = { .types = t, .where = where };
	int ret = 0;

	if ((w.visits = calloc(t->n, 1)) == NULL)
		return report_nomem();
	for (size_t i = 0; ret == 0 && i < t->n; i++)
		ret = check_type_from(&w, (uint32_t)i);
	free(w.visits);
	return ret;
}

static int
parse_nodes(struct types *t, const json_t *array, const char *where)
{
	size_t n = json_array_size(array);
	char at[WHERE_MAX];

	if ((t->v = calloc(n, sizeof(*t->v))) == NULL)
		return report_nomem();
	t->cap = n;
	while (t->n < n) {
		snprintf(at, sizeof(at), "%s: types[%zu]", where, t->n);
		t->n++;
		if (parse_node(&t->v[t->n - 1], json_array_get(array, t->n - 1),
			n, at) == -1)
			return -1;
	}
	return check_type_graph(t, where) == -1 ? -1
						: member_kinds_set(t, where);
}

int
types_parse(struct types *t, const json_t *array, const char *where)
{
	size_t n = json_array_size(array);

	if (!json_is_array(array)) {
		report_error("%s: types: expected an array, found %s", where,
		    json_doc_kind(array));
		return -1;
	}
	if (n > TYPES_MAX) {
		report_error("%s: types: %zu types; at most %d are read", where,
		    n, TYPES_MAX);
		return -1;
	}
	if (n == 0 || parse_nodes(t, array, where) == 0)
		return 0;
	types_free(t);
	return -1;
}

static json_t *
write_type_constant(const struct type *type, size_t i)
{
	const struct type_constant *c = &type->constants[i];

	return json_pack("[so]", c->name,
	    type->is_signed ? json_integer((json_int_t)c->value)
			    : json_doc_u64_new(c->value));
}

/* What parse_member_notes() parses. */
static json_t *
write_member_notes(const struct type_member *m)
{
	json_t *json = json_object();
	char *kind;
	int failed = json == NULL;

	if (m->as.said || m->as.kind != KIND_NONE) {
		kind = kind_spell(&m->as);
		failed |= kind == NULL || json_object_set_new(json, "as",
					      json_string(kind)) == -1;
		free(kind);
	}
	if (m->help != NULL)
		failed |= json_object_set_new(
			      json, "help", json_string(m->help)) == -1;
	if (m->hidden)
		failed |= json_object_set_new(json, "hide", json_true()) == -1;
	if (m->time)
		failed |= json_object_set_new(json, "time", json_true()) == -1;
	if (m->gauge)
		failed |= json_object_set_new(json, "gauge", json_true()) == -1;
	if (m->width != 0)
		failed |= json_object_set_new(
			      json, "width", json_integer(m->width)) == -1;
	if (m->step != 0)
		failed |= json_object_set_new(json, "step",
			      json_integer((json_int_t)m->step)) == -1;
	if (m->start != 0)
		failed |= json_object_set_new(json, "start",
			      json_integer((json_int_t)m->start)) == -1;
	if (!failed)
		return json;
	json_decref(json);
	return NULL;
}

static json_t *
write_type_member(const struct type *type, size_t i)
{
	const struct type_member *m = &type->members[i];
	json_int_t of = m->type, offset = (json_int_t)m->offset;
	json_t *json, *notes;

	if (m->bits == 0)
		json = json_pack(
		    "{sssIsI}", "name", m->name, "type", of, "offset", offset);
	else
		json = json_pack("{sssIsIsisi}", "name", m->name, "type", of,
		    "offset", offset, "bit_offset", (int)m->bit_offset, "bits",
		    (int)m->bits);
	notes = write_member_notes(m);
	if (json_object_update(json, notes) == -1) {
		json_decref(json);
		json = NULL;
	}
	json_decref(notes);
	return json;
}

/* Write the n parts of a type as an array.  Returns NULL if memory runs out. */
static json_t *
write_type_parts(const struct type *type, size_t n,
    json_t *(*write)(const struct type *type, size_t i))
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		if (json_array_append_new(array, write(type, i)) == -1) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *
write_type_node(const struct type *type)
{
	json_t *json =
	    json_pack("{sssssI}", "kind", types_kind_name(type->kind), "name",
		type->name, "size", (json_int_t)type->size);
	json_t *rest;

	switch (type->kind) {
	case TYPE_INT:
	case TYPE_CHAR:
		rest = json_pack("{sb}", "signed", type->is_signed);
		break;
	case TYPE_ENUM:
		rest = json_pack("{sbso}", "signed", type->is_signed, "values",
		    write_type_parts(
			type, type->nconstants, write_type_constant));
		break;
	case TYPE_ARRAY:
		rest = json_pack("{sIsI}", "of", (json_int_t)type->of, "count",
		    (json_int_t)type->count);
		break;
	case TYPE_TYPEDEF:
		rest = json_pack("{sI}", "of", (json_int_t)type->of);
		break;
	case TYPE_STRUCT:
	case TYPE_UNION:
		rest = json_pack("{so}", "members",
		    write_type_parts(type, type->nmembers, write_type_member));
		break;
	default:
		return json;
	}
	if (json_object_update(json, rest) == -1) {
		json_decref(json);
		json = NULL;
	}
	json_decref(rest);
	return json;
}

json_t *
types_write(const struct types *t)
{
	json_t *array = json_array();

	for (size_t i = 0; i < t->n; i++)
		if (json_array_append_new(array, write_type_node(&t->v[i])) ==
		    -1) {
			report_nomem();
			json_decref(array);
			return NULL;
		}
	if (array == NULL)
		report_nomem();
	return array;
}
