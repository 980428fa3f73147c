#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "format/typed-json.h"

/* Objects with more members keep the order that they have: to find each by its
 * name takes time that grows with the square of their number. */
enum { MEMBERS_MAX = 256 };

/* Read the member called name of an object.  at is where the previous one was
 * read: nearly always the next one follows there. */
static bool
read_member(const struct json_value *object, struct json_cursor *at,
    const char *name, struct json_value *v)
{
	struct json_value key;

	if (json_cursor_next_member(at, &key) == 1 && json_cursor_read(at, v) &&
	    json_value_is(&key, name))
		return true;
	json_cursor_open(at, object->text, object->len);
	json_cursor_enter(at);
	while (
	    json_cursor_next_member(at, &key) == 1 && json_cursor_read(at, v))
		if (json_value_is(&key, name))
			return true;
	return false;
}

static void
write_key(struct buf *out, const char *name, const char *suffix, bool *first)
{
	buf_str(out, *first ? "\"" : ",\"");
	text_write(out, name, strlen(name), STYLE_JSON);
	buf_str(out, suffix);
	buf_str(out, "\":");
	*first = false;
}

void
typed_json_write_key(struct buf *out, const char *name, bool *first)
{
	write_key(out, name, "", first);
}

void
typed_json_write_text_key(struct buf *out, const char *name, bool *first)
{
	write_key(out, name, FIELD_TEXT_SUFFIX, first);
}

void
typed_json_write_marker(
    struct buf *out, const char *name, const struct type *type)
{
	const char *text = strcmp(name, REFERENCE_NAME_KEY) == 0 ? type->name
			   : type->kind == TYPE_STRUCT           ? "struct"
								 : "union";

	buf_chr(out, '"');
	text_write(out, text, strlen(text), STYLE_JSON);
	buf_chr(out, '"');
}

/* The members of a struct or union, those of anonymous ones included. */
struct member_list {
	struct {
		const char *name;
		uint32_t type; /* TYPE_NONE: a marker */
	} v[MEMBERS_MAX];
	size_t n;
};

/* Returns false if there are more than MEMBERS_MAX. */
static bool
list_member(struct member_list *l, const char *name, uint32_t type)
{
	if (l->n == MEMBERS_MAX)
		return false;
	l->v[l->n].name = name;
	l->v[l->n++].type = type;
	return true;
}

static bool
is_struct_type(const struct type *type)
{
	return type->kind == TYPE_STRUCT || type->kind == TYPE_UNION;
}

static bool
list_members(
    struct member_list *l, const struct types *t, const struct type *type)
{
	for (size_t i = 0; i < type->nmembers; i++) {
		const struct type_member *m = &type->members[i];
		const struct type *of = types_get(t, m->type);

		if (*m->name == '\0' && is_struct_type(of)
			? !list_members(l, t, of)
			: !list_member(l, m->name, m->type))
			return false;
	}
	return true;
}

static int
compare_members(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void write_value(struct buf *out, const struct types *t, uint32_t index,
    const struct json_value *v, bool reference, bool markers);

/* Returns false if the object has too many members; nothing is written then. */
static bool
write_members(struct buf *out, const struct types *t, const struct type *type,
    const struct json_value *v, bool reference, bool markers)
{
	struct member_list l = { .n = 0 };
	struct json_cursor at;
	struct json_value value;
	bool first = true;

	if (markers && (!list_member(&l, REFERENCE_TYPE_KEY, TYPE_NONE) ||
			   !list_member(&l, REFERENCE_NAME_KEY, TYPE_NONE)))
		return false;
	if (!list_members(&l, t, type))
		return false;
	if (reference)
		qsort(l.v, l.n, sizeof(*l.v), compare_members);
	json_cursor_open(&at, v->text, v->len);
	json_cursor_enter(&at);
	buf_chr(out, '{');
	for (size_t i = 0; i < l.n; i++) {
		const char *name = l.v[i].name;

		if (l.v[i].type == TYPE_NONE) {
			typed_json_write_key(out, name, &first);
			typed_json_write_marker(out, name, type);
		} else if (read_member(v, &at, name, &value)) {
			typed_json_write_key(out, name, &first);
			write_value(
			    out, t, l.v[i].type, &value, reference, reference);
		}
	}
	buf_chr(out, '}');
	return true;
}

static void
write_elements(struct buf *out, const struct types *t, uint32_t of,
    const struct json_value *v, bool reference)
{
	struct json_value value;
	struct json_cursor c;
	bool first = true;

	json_cursor_open(&c, v->text, v->len);
	json_cursor_enter(&c);
	buf_chr(out, '[');
	while (
	    json_cursor_next_element(&c) == 1 && json_cursor_read(&c, &value)) {
		if (!first)
			buf_chr(out, ',');
		first = false;
		write_value(out, t, of, &value, reference, reference);
	}
	buf_chr(out, ']');
}

/* A number of a floating-point type; null stands for those that JSON lacks. */
static void
write_float(struct buf *out, const struct type *type,
    const struct json_value *v, bool reference)
{
	char digits[64], *p = buf_room(out, TEXT_FLOAT_MAX), *end;
	double number;
	float narrow;

	if (p == NULL)
		return;
	if (v->kind != JSON_VALUE_SCALAR || v->len >= sizeof(digits)) {
		json_value_respell(v, out);
		return;
	}
	memcpy(digits, v->text, v->len);
	digits[v->len] = '\0';
	number = strtod(digits, &end);
	narrow = strtof(digits, NULL);
	if (end == digits || !isfinite(number))
		json_value_respell(v, out);
	else if (type->size != sizeof(narrow))
		out->len = (size_t)(text_double(p, number) - out->data);
	else if (reference)
		out->len = (size_t)(text_double(p, (double)narrow) - out->data);
	else
		out->len = (size_t)(text_float(p, narrow) - out->data);
}

const char *
typed_json_enum_number(const struct type *type, const struct json_value *v)
{
	const char *number;
	size_t n;

	if (type->kind != TYPE_ENUM || type->bits == 0 ||
	    v->kind != JSON_VALUE_STRING || v->len < 4 ||
	    v->text[v->len - 2] != ')')
		return NULL;
	number = memchr(v->text, '(', v->len);
	n = number != NULL ? (size_t)(number - v->text - 1) : 0;
	return number == NULL || v->text[1] == '<' ||
		       types_find_constant_named(type, v->text + 1, n) != NULL
		   ? NULL
		   : number;
}

/* Whether the text of a value depends on more than its own spelling: it is, or
 * is an array of, a struct, floating-point numbers or bits. */
static bool
has_structure(const struct types *t, const struct type *type)
{
	while (type->kind == TYPE_ARRAY)
		type = types_get(t, type->of);
	return is_struct_type(type) || type->kind == TYPE_FLOAT ||
	       type->bits != 0;
}

static void
write_value(struct buf *out, const struct types *t, uint32_t index,
    const struct json_value *v, bool reference, bool markers)
{
	const struct type *type = types_get(t, index);
	const char *number = NULL;

	if (reference)
		number = typed_json_enum_number(type, v);
	if (number != NULL) {
		buf_printf(out, "\"" TYPED_JSON_UNKNOWN "%.*s",
		    (int)(v->text + v->len - number), number);
		return;
	}
	if (v->kind == JSON_VALUE_OBJECT && is_struct_type(type) &&
	    write_members(out, t, type, v, reference, markers))
		return;
	if (type->kind == TYPE_FLOAT)
		write_float(out, type, v, reference);
	else if (type->kind == TYPE_ARRAY && v->kind == JSON_VALUE_ARRAY &&
		 has_structure(t, type))
		write_elements(out, t, type->of, v, reference);
	else
		json_value_respell(v, out);
}

void
typed_json_write(struct buf *out, const struct types *t,
    const struct field_place *p, const struct json_value *v, bool reference)
{
	if (p->type == TYPE_NONE)
		json_value_respell(v, out);
	else if (p->cpus == FIELD_CPUS_ALL && v->kind == JSON_VALUE_ARRAY)
		write_elements(out, t, p->type, v, reference);
	else
		write_value(out, t, p->type, v, reference, reference);
}

void
typed_json_write_object(struct buf *out, const struct types *t,
    const struct field_place *p, const struct json_value *v)
{
	write_value(out, t, p->type, v, true, false);
}
