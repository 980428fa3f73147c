#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/int128.h"
#include "base/json-doc.h"
#include "base/nomem.h"
#include "base/report.h"
#include "base/utf8.h"
#include "types/name-table.h"
#include "types/value-number.h"
#include "types/value.h"

enum { COMPARED_MAX = 1024 }; /* names of members, one by one */

/*
 * A place within a value: a list through the callers' frames, which is turned
 * into text only for a report.
 */
struct value_place {
	const struct value_place *up;
	const char *name; /* of a member, or where for the whole value; NULL for
			     an element; "" for an anonymous struct */
	uint64_t index;
};

/* The bytes of a value, or those that the bits of a bitfield are in. */
struct value_slot {
	unsigned char *bytes;
	unsigned int bit_offset;
	unsigned int bits; /* 0: whole bytes */
};

static void
value_write_place(const struct value_place *at, struct buf *out)
{
	if (at->up != NULL)
		value_write_place(at->up, out);
	if (at->name == NULL)
		buf_printf(out, "[%" PRIu64 "]", at->index);
	else if (at->name[0] != '\0')
		buf_printf(out, "%s%s", at->up != NULL ? "." : "", at->name);
}

/* The place as a string to free; "" if memory runs out. */
static char *
value_place_string(const struct value_place *at)
{
	struct buf b = { 0 };

	value_write_place(at, &b);
	buf_chr(&b, '\0');
	if (!b.failed)
		return b.data;
	buf_free(&b);
	return strdup("");
}

static int
value_expected(const char *what, const struct types *t, uint32_t type,
    const json_t *v, const struct value_place *at)
{
	struct buf name = { 0 }, found = { 0 };
	char *where = value_place_string(at);

	types_write_name(t, type, &name);
	if (json_is_number(v))
		value_to_text(v, &found);
	else
		buf_str(&found, json_doc_kind(v));
	report_error("%s: expected %s (%.*s), found %.*s", where, what,
	    (int)name.len, name.data, (int)found.len, found.data);
	buf_free(&name);
	buf_free(&found);
	free(where);
	return -1;
}

static void
store_bits(const struct value_slot *s, unsigned __int128 value, size_t size)
{
	unsigned int bits = s->bits;

	if (bits == 0) {
		for (size_t i = 0; i < size; i++)
			s->bytes[i] = (unsigned char)(value >> (8 * i));
		return;
	}
	for (unsigned int i = 0; i < bits; i++) {
		unsigned int at = s->bit_offset + i;
		unsigned char mask = (unsigned char)(1U << (at % 8));

		if ((value >> i) & 1)
			s->bytes[at / 8] |= mask;
		else
			s->bytes[at / 8] &= (unsigned char)~mask;
	}
}

static int
store_integer(const struct types *t, uint32_t type, const json_t *v,
    const struct value_slot *s, const struct value_place *at)
{
	const struct type *of = types_get(t, type);
	unsigned int bits = s->bits != 0 ? s->bits : (unsigned int)of->size * 8;
	const char *name = of->kind == TYPE_ENUM ? json_doc_string(v) : NULL;
	char text[INT128_TEXT_SIZE], *where;
	struct int128 w;

	if (name == NULL || !value_parse_constant(of, name, &w)) {
		if (int128_from_json(v, &w) != INT128_NUMBER) {
			if (name == NULL)
				return value_expected(
				    "a whole number", t, type, v, at);
			where = value_place_string(at);
			value_report_constant(of, name, where);
			free(where);
			return -1;
		}
	}
	if (!int128_fits(&w, bits, of->is_signed)) {
		int128_to_text(&w, text);
		where = value_place_string(at);
		value_check_range(t, type, bits, &w, text, where);
		free(where);
		return -1;
	}
	store_bits(s, int128_bits(&w), (size_t)of->size);
	return 0;
}

static int
store_bool(const struct types *t, uint32_t type, const json_t *v,
    const struct value_slot *s, const struct value_place *at)
{
	if (!json_is_boolean(v) &&
	    !(json_is_integer(v) && json_integer_value(v) >> 1 == 0))
		return value_expected("true or false", t, type, v, at);
	store_bits(s, json_is_true(v) || json_integer_value(v) == 1,
	    (size_t)types_get(t, type)->size);
	return 0;
}

static int
store_real(const struct types *t, uint32_t type, const json_t *v,
    const struct value_slot *s, const struct value_place *at)
{
	uint64_t big, wide = 0;
	uint32_t narrow = 0;
	double d = json_number_value(v);
	float f;

	/* JSON records have null for a number that is not finite. */
	if (json_is_null(v))
		d = (double)NAN;
	else if (json_doc_u64(v, &big))
		d = (double)big;
	else if (!json_is_number(v))
		return value_expected("a number", t, type, v, at);
	if (types_get(t, type)->size == sizeof(d)) {
		memcpy(&wide, &d, sizeof(d));
		store_bits(s, wide, sizeof(d));
		return 0;
	}
	f = (float)d;
	if (isinf(f))
		return value_expected(
		    "a number within its range", t, type, v, at);
	memcpy(&narrow, &f, sizeof(f));
	store_bits(s, narrow, sizeof(f));
	return 0;
}

static int
store_text(const struct types *t, uint32_t type, const char *text,
    const struct value_slot *s, const struct value_place *at)
{
	size_t size = (size_t)types_get(t, type)->size, len = strlen(text);
	char *where;

	if (len < size || (len == size && at->up != NULL)) {
		memcpy(s->bytes, text, len);
		memset(s->bytes + len, 0, size - len);
		return 0;
	}
	where = value_place_string(at);
	report_error("%s: text of %zu bytes is too long for char[%zu]%s", where,
	    len, size, at->up != NULL ? "" : ", which ends with a NUL");
	free(where);
	return -1;
}

static bool
member_is_anonymous(const struct types *t, const struct type_member *m)
{
	const struct type *type = types_get(t, m->type);

	return m->name[0] == '\0' &&
	       (type->kind == TYPE_STRUCT || type->kind == TYPE_UNION);
}

/* Whether the struct, or an anonymous one inside it, has a member of that name.
 */
static bool
struct_has_member(
    const struct types *t, const struct type *type, const char *name)
{
	for (size_t i = 0; i < type->nmembers; i++) {
		const struct type_member *m = &type->members[i];

		if (member_is_anonymous(t, m)
			? struct_has_member(t, types_get(t, m->type), name)
			: strcmp(m->name, name) == 0)
			return true;
	}
	return false;
}

/* Whether it has a member of that name with a kind. */
static bool
struct_has_kind(
    const struct types *t, const struct type *type, const char *name)
{
	for (size_t i = 0; i < type->nmembers; i++) {
		const struct type_member *m = &type->members[i];

		if (member_is_anonymous(t, m)
			? struct_has_kind(t, types_get(t, m->type), name)
			: m->as.kind != KIND_NONE && strcmp(m->name, name) == 0)
			return true;
	}
	return false;
}

/* Add the names that struct_has_member() finds; 1 is the number of those with a
 * kind. */
static int
struct_add_names(
    const struct types *t, const struct type *type, struct name_table *names)
{
	for (size_t i = 0; i < type->nmembers; i++) {
		const struct type_member *m = &type->members[i];

		if (member_is_anonymous(t, m)
			? struct_add_names(t, types_get(t, m->type), names) ==
			      -1
			: name_table_add(
			      names, 0, m->name, m->as.kind != KIND_NONE) == -1)
			return -1;
	}
	return 0;
}

/* Whether a key is the text beside a member that has a kind, "name_text", which
 * readers of a record ignore.  names has the members, if many is set. */
static bool
is_text_of_member(const struct types *t, const struct type *type,
    const char *key, const struct name_table *names, bool many)
{
	size_t n = strlen(key);
	bool is_text = false;
	char *name;

	if (n < 5 || strcmp(key + n - 5, "_text") != 0 ||
	    (name = strndup(key, n - 5)) == NULL)
		return false;
	if (many)
		is_text = name_table_find(names, 0, name) == 1;
	else
		is_text = struct_has_kind(t, type, name);
	free(name);
	return is_text;
}

/* Whether a key is what records of a histogram say of the slots beside it. */
static bool
is_said_of_slots(
    const struct types *t, const struct type *type, const char *key)
{
	return (strcmp(key, "unit") == 0 || strcmp(key, "buckets") == 0) &&
	       struct_has_member(t, type, "slots");
}

/* Check that v is an object and that all its keys are members, but for the
 * marks that records contain, texts of kinds, and what is said of slots. */
static int
struct_check_keys(const struct types *t, uint32_t type, const json_t *v,
    const struct value_place *at)
{
	const struct type *of = types_get(t, type);
	struct name_table names = { 0 };
	const char *key;
	const json_t *item;
	char *where;
	bool many;
	int ret = 0;

	if (!json_is_object(v))
		return value_expected("an object", t, type, v, at);
	/* A table is slower for the few members that most structs have. */
	many = of->leaves * (uint64_t)json_object_size(v) > COMPARED_MAX;
	if (many && struct_add_names(t, of, &names) == -1)
		ret = -1;
	json_object_foreach ((json_t *)v, key, item) {
		if (ret == -1)
			break;
		if (key[0] == '@' || strncmp(key, "__EUNOMIA_", 10) == 0 ||
		    (many ? name_table_find(&names, 0, key) != NAME_NONE
			  : struct_has_member(t, of, key)) ||
		    is_text_of_member(t, of, key, &names, many) ||
		    is_said_of_slots(t, of, key))
			continue;
		where = value_place_string(at);
		report_error("%s: there is no member \"%s\"", where, key);
		free(where);
		ret = -1;
	}
	name_table_free(&names);
	return ret;
}

/* The value of member m in v, or NULL. */
static const json_t *
member_value(
    const struct types *t, const struct type_member *m, const json_t *v)
{
	if (member_is_anonymous(t, m))
		return v;
	return m->name[0] != '\0' ? json_object_get(v, m->name) : NULL;
}

static int
store_value(const struct types *t, uint32_t i, const json_t *v,
    const struct value_slot *s, const struct value_place *at)
{
	const struct type *type = types_get(t, i);
	struct value_place in = { .up = at };
	struct value_slot sub = *s;
	const json_t *item;

	if (types_is_text(t, i) && json_doc_string(v) != NULL)
		return store_text(t, i, json_doc_string(v), s, at);
	if (type->kind == TYPE_ARRAY) {
		if (!json_is_array(v) || json_array_size(v) > type->count)
			return value_expected(
			    "an array of at most as many elements", t, i, v,
			    at);
		for (; in.index < json_array_size(v); in.index++) {
			item = json_array_get(v, in.index);
			if (store_value(t, type->of, item, &sub, &in) == -1)
				return -1;
			sub.bytes += types_get(t, type->of)->size;
		}
		return 0;
	}
	if (type->kind == TYPE_BOOL)
		return store_bool(t, i, v, s, at);
	if (type->kind == TYPE_FLOAT)
		return store_real(t, i, v, s, at);
	if (type->kind != TYPE_STRUCT && type->kind != TYPE_UNION)
		return store_integer(t, i, v, s, at);
	if (at->name == NULL || at->name[0] != '\0')
		if (struct_check_keys(t, i, v, at) == -1)
			return -1;
	for (size_t k = 0; k < type->nmembers; k++) {
		const struct type_member *m = &type->members[k];

		if ((item = member_value(t, m, v)) == NULL)
			continue;
		in.name = m->name;
		sub = (struct value_slot){ s->bytes + m->offset, m->bit_offset,
			m->bits };
		if (store_value(t, m->type, item, &sub, &in) == -1)
			return -1;
	}
	return 0;
}

int
value_to_bytes(const struct types *t, uint32_t type, const json_t *v,
    unsigned char *out, size_t size, const char *where)
{
	struct value_place at = { .name = where };
	struct value_slot s = { .bytes = out };

	if (types_get(t, type)->size != size) {
		report_error(
		    "%s: the variable has %zu bytes, but its type has %" PRIu64,
		    where, size, types_get(t, type)->size);
		return -1;
	}
	return store_value(t, type, v, &s, &at);
}

static json_t *
integer_from_bytes(const struct type *type, const unsigned char *bytes)
{
	unsigned __int128 value = 0;
	struct int128 w;

	for (uint64_t i = 0; i < type->size; i++)
		value |= (unsigned __int128)bytes[i] << (8 * i);
	w = int128_from_bits(
	    value, (unsigned int)type->size * 8, type->is_signed);
	return int128_to_json(&w);
}

/* Returns v, and counts a failed allocation if it is NULL. */
static json_t *
value_counted(json_t *v)
{
	if (v == NULL)
		nomem_note();
	return v;
}

static json_t *
real_from_bytes(const struct type *type, const unsigned char *bytes)
{
	double d;
	float f;

	if (type->size == sizeof(f)) {
		memcpy(&f, bytes, sizeof(f));
		d = (double)f;
	} else {
		memcpy(&d, bytes, sizeof(d));
	}
	return isfinite(d) ? value_counted(value_real(d, type->size)) : NULL;
}

static json_t *
scalar_or_list_from_bytes(
    const struct types *t, uint32_t i, const unsigned char *bytes)
{
	const struct type *type = types_get(t, i);
	json_t *list, *item;
	size_t n;

	switch (type->kind) {
	case TYPE_INT:
	case TYPE_CHAR:
	case TYPE_ENUM:
		return value_counted(integer_from_bytes(type, bytes));
	case TYPE_BOOL:
		return json_boolean(bytes[0] != 0);
	case TYPE_FLOAT:
		return real_from_bytes(type, bytes);
	case TYPE_ARRAY:
		break;
	default:
		return NULL;
	}
	if (types_is_text(t, i)) {
		n = strnlen((const char *)bytes, type->count);
		if (!utf8_is_valid((const char *)bytes, n))
			return NULL;
		return value_counted(
		    json_doc_string_new((const char *)bytes, n));
	}
	list = value_counted(json_array());
	for (uint64_t k = 0; list != NULL && k < type->count; k++) {
		item = scalar_or_list_from_bytes(
		    t, type->of, bytes + k * types_get(t, type->of)->size);
		if (item != NULL && json_array_append_new(list, item) == -1)
			item = value_counted(NULL);
		if (item == NULL) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

json_t *
value_from_bytes(const struct types *t, uint32_t type,
    const unsigned char *bytes, size_t size)
{
	if (types_get(t, type)->size != size)
		return NULL;
	return scalar_or_list_from_bytes(t, type, bytes);
}
