#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/style.h"
#include "base/text.h"
#include "format/typed-json.h"

/* Members of a struct with more keep the order that they have: to find each by
 * its name takes time that grows with the square of their number. */
enum { MEMBERS_SORTED_MAX = 256 };

static void
add_marker(struct fields *members, const char *name)
{
	struct field marker = { .place.type = TYPE_NONE };

	marker.name = marker.path = strdup(name);
	if (marker.name == NULL)
		members->failed = true;
	else
		fields_add(members, &marker);
	free(marker.name);
}

void
typed_json_reference_members(
    struct fields *members, const struct types *t, const struct field_place *p)
{
	add_marker(members, REFERENCE_TYPE_KEY);
	add_marker(members, REFERENCE_NAME_KEY);
	fields_add_members(members, t, p);
	fields_sort(members);
}

const char *
typed_json_marker(const char *name, const struct type *type)
{
	if (strcmp(name, REFERENCE_NAME_KEY) == 0)
		return type->name;
	return type->kind == TYPE_STRUCT ? "struct" : "union";
}

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
write_key(struct buf *out, const char *name, bool *first)
{
	buf_str(out, *first ? "\"" : ",\"");
	style_write(out, name, strlen(name), STYLE_JSON);
	buf_str(out, "\":");
	*first = false;
}

static void
write_object(struct buf *out, const struct types *t,
    const struct field_place *p, const struct json_value *v, bool reference,
    bool markers)
{
	const struct type *type = field_place_type(t, p);
	struct fields members = { 0 };
	struct json_cursor at;
	struct json_value value;
	bool first = true;

	if (markers)
		typed_json_reference_members(&members, t, p);
	else
		fields_add_members(&members, t, p);
	if (reference && !markers)
		fields_sort(&members);
	json_cursor_open(&at, v->text, v->len);
	json_cursor_enter(&at);
	buf_chr(out, '{');
	for (size_t i = 0; i < members.n; i++) {
		const struct field *f = &members.v[i];

		if (f->place.type == TYPE_NONE) {
			const char *text = typed_json_marker(f->name, type);

			write_key(out, f->name, &first);
			buf_chr(out, '"');
			style_write(out, text, strlen(text), STYLE_JSON);
			buf_chr(out, '"');
		} else if (read_member(v, &at, f->name, &value)) {
			write_key(out, f->name, &first);
			typed_json_write(out, t, &f->place, &value, reference);
		}
	}
	buf_chr(out, '}');
	out->failed |= members.failed;
	fields_free(&members);
}

static void
write_array(struct buf *out, const struct types *t,
    const struct field_place *element, const struct json_value *v,
    bool reference)
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
		typed_json_write(out, t, element, &value, reference);
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

void
typed_json_write(struct buf *out, const struct types *t,
    const struct field_place *p, const struct json_value *v, bool reference)
{
	const struct type *type = field_place_type(t, p);
	struct field_place element = *p;

	if (type == NULL) {
		json_value_respell(v, out);
	} else if (p->cpus == FIELD_CPUS_ALL && v->kind == JSON_VALUE_ARRAY) {
		element.cpus = FIELD_CPUS_ONE;
		write_array(out, t, &element, v, reference);
	} else if (type->kind == TYPE_ARRAY && v->kind == JSON_VALUE_ARRAY) {
		element.type = type->of;
		write_array(out, t, &element, v, reference);
	} else if (field_place_is_struct(t, p) &&
		   v->kind == JSON_VALUE_OBJECT &&
		   type->nmembers <= MEMBERS_SORTED_MAX) {
		write_object(out, t, p, v, reference, reference);
	} else if (type->kind == TYPE_FLOAT) {
		write_float(out, type, v, reference);
	} else {
		json_value_respell(v, out);
	}
}

void
typed_json_write_object(struct buf *out, const struct types *t,
    const struct field_place *p, const struct json_value *v)
{
	if (v->kind == JSON_VALUE_OBJECT &&
	    field_place_type(t, p)->nmembers <= MEMBERS_SORTED_MAX)
		write_object(out, t, p, v, true, false);
	else
		typed_json_write(out, t, p, v, true);
}
