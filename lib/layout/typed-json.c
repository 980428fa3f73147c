#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "layout/typed-json.h"
#include "record/field-kind.h"

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

/* A member of a struct or of a record, or a marker, which is neither. */
struct listed {
	const char *name;
	const struct type *around;
	const struct type_member *member;
	const struct field *root;
};

/* The members of a struct or union, those of anonymous ones included. */
struct member_list {
	struct listed v[MEMBERS_MAX];
	size_t n;
};

/* Returns false if there are more than MEMBERS_MAX. */
static bool
list_member(struct member_list *l, struct listed m)
{
	if (l->n == MEMBERS_MAX)
		return false;
	l->v[l->n++] = m;
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
		const struct listed listed = {
			.name = m->name, .around = type, .member = m
		};

		if (*m->name == '\0' && is_struct_type(of)
			? !list_members(l, t, of)
			: !list_member(l, listed))
			return false;
	}
	return true;
}

static struct field_place
place_of(const struct typed_json *j, const struct listed *m)
{
	struct field_place at;

	if (m->root != NULL)
		return m->root->place;
	at = field_place_of_member(j->types, m->around, m->member, 0);
	at.cpus = j->sums ? FIELD_CPUS_SUM : FIELD_CPUS_ONE;
	return at;
}

static int
compare_members(const void *a, const void *b)
{
	return strcmp(
	    ((const struct listed *)a)->name, ((const struct listed *)b)->name);
}

static bool
find_member(
    const struct json_value *object, const char *name, struct json_value *v)
{
	struct json_value key;
	struct json_cursor c;

	json_cursor_open(&c, object->text, object->len);
	json_cursor_enter(&c);
	while (
	    json_cursor_next_member(&c, &key) == 1 && json_cursor_read(&c, v))
		if (json_value_is(&key, name))
			return true;
	return false;
}

/* Whether text is the name of the text of m. */
static bool
is_text_of(const struct listed *m, const char *text)
{
	size_t n = strlen(m->name);

	return strncmp(text, m->name, n) == 0 &&
	       strcmp(text + n, FIELD_TEXT_SUFFIX) == 0;
}

/* Whether a member has a text beside it, which no other member's name hides. */
static bool
has_text(const struct typed_json *j, const struct member_list *l,
    const struct listed *m, struct field_place *at)
{
	struct kind_form form;

	if (m->member == NULL && m->root == NULL)
		return false;
	*at = place_of(j, m);
	if (at->kind == KIND_NONE ||
	    !field_kind_form(j->types, at, false, &form))
		return false;
	for (size_t i = 0; i < l->n; i++)
		if (is_text_of(m, l->v[i].name))
			return false;
	return true;
}

/* Append the text of a member of object, "name_text":"...", if there is one;
 * v is its value, or NULL. */
static void
write_text_member(struct buf *out, const struct typed_json *j,
    const struct listed *m, const struct field_place *at,
    const struct json_value *object, const struct json_value *v, bool *first)
{
	const struct json_value absent = { JSON_VALUE_ABSENT, "", 0 };
	struct json_value family, told;
	bool has_family = false, is_told = false, was_first = *first;
	size_t start = out->len;
	char *name;

	if (at->kind == KIND_IP && at->member != NULL)
		has_family = find_member(object, at->member->as.arg, &family);
	if (asprintf(&name, "%s" FIELD_TEXT_SUFFIX, m->name) == -1) {
		out->failed = true;
		return;
	}
	if (v == NULL || name_store_has_kind(at->kind))
		is_told = find_member(object, name, &told);
	free(name);
	typed_json_write_text_key(out, m->name, first);
	buf_chr(out, '"');
	if (typed_json_write_text(out, j, at, v != NULL ? v : &absent,
		has_family ? &family : NULL, is_told ? &told : NULL,
		STYLE_JSON)) {
		buf_chr(out, '"');
	} else {
		out->len = start;
		*first = was_first;
	}
}

static void write_value(struct buf *out, const struct typed_json *j,
    uint32_t index, const struct json_value *v, bool markers);

/* Append a member of an object, and its text. */
static void
write_member(struct buf *out, const struct typed_json *j,
    const struct member_list *l, const struct listed *m,
    const struct json_value *object, const struct json_value *v, bool *first)
{
	struct field_place at;
	bool text = j->texts != FIELD_TEXTS_NONE && has_text(j, l, m, &at);

	if (v != NULL && (!text || j->texts == FIELD_TEXTS_BESIDE)) {
		typed_json_write_key(out, m->name, first);
		write_value(out, j, m->member->type, v, j->reference);
	}
	if (text)
		write_text_member(out, j, m, &at, object, v, first);
}

/* Returns false if the object has too many members; nothing is written then. */
static bool
write_members(struct buf *out, const struct typed_json *j,
    const struct type *type, const struct json_value *v, bool markers)
{
	static const struct listed marks[] = { { .name = REFERENCE_TYPE_KEY },
		{ .name = REFERENCE_NAME_KEY } };
	struct member_list l = { .n = 0 };
	struct json_cursor at;
	struct json_value value;
	bool first = true;

	if (markers &&
	    (!list_member(&l, marks[0]) || !list_member(&l, marks[1])))
		return false;
	if (!list_members(&l, j->types, type))
		return false;
	if (j->reference)
		qsort(l.v, l.n, sizeof(*l.v), compare_members);
	json_cursor_open(&at, v->text, v->len);
	json_cursor_enter(&at);
	buf_chr(out, '{');
	for (size_t i = 0; i < l.n; i++) {
		const struct listed *m = &l.v[i];

		if (m->member == NULL) {
			typed_json_write_key(out, m->name, &first);
			typed_json_write_marker(out, m->name, type);
			continue;
		}
		write_member(out, j, &l, m, v,
		    read_member(v, &at, m->name, &value) ? &value : NULL,
		    &first);
	}
	buf_chr(out, '}');
	return true;
}

static void
write_elements(struct buf *out, const struct typed_json *j, uint32_t of,
    const struct json_value *v)
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
		write_value(out, j, of, &value, j->reference);
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
write_value(struct buf *out, const struct typed_json *j, uint32_t index,
    const struct json_value *v, bool markers)
{
	const struct type *type = types_get(j->types, index);
	const char *number = NULL;

	if (j->reference)
		number = typed_json_enum_number(type, v);
	if (number != NULL) {
		buf_printf(out, "\"" TYPED_JSON_UNKNOWN "%.*s",
		    (int)(v->text + v->len - number), number);
		return;
	}
	if (v->kind == JSON_VALUE_OBJECT && is_struct_type(type) &&
	    write_members(out, j, type, v, markers))
		return;
	if (type->kind == TYPE_FLOAT)
		write_float(out, type, v, j->reference);
	else if (type->kind == TYPE_ARRAY && v->kind == JSON_VALUE_ARRAY &&
		 has_structure(j->types, type))
		write_elements(out, j, type->of, v);
	else
		json_value_respell(v, out);
}

void
typed_json_write(struct buf *out, const struct typed_json *j,
    const struct field_place *p, const struct json_value *v)
{
	struct typed_json at = *j;

	at.sums = p->cpus == FIELD_CPUS_SUM;
	if (p->type == TYPE_NONE)
		json_value_respell(v, out);
	else if (p->cpus == FIELD_CPUS_ALL && v->kind == JSON_VALUE_ARRAY)
		write_elements(out, &at, p->type, v);
	else
		write_value(out, &at, p->type, v, j->reference);
}

void
typed_json_write_object(struct buf *out, const struct typed_json *j,
    const struct field_place *p, const struct json_value *v)
{
	write_value(out, j, p->type, v, false);
}

bool
typed_json_write_text(struct buf *out, const struct typed_json *j,
    const struct field_place *p, const struct json_value *v,
    const struct json_value *family, const struct json_value *told,
    enum style style)
{
	unsigned char bytes[FIELD_KIND_BYTES];
	struct kind_value value = { .number = 0 };
	struct buf text = { 0 };
	struct kind_form form;
	bool there;
	char *end;

	if (!field_kind_form(j->types, p, style == STYLE_VIS, &form))
		return false;
	if (form.size == 0)
		there = field_kind_read_text(v, &text);
	else
		there = field_kind_read_json(j->types, p, v, bytes, &value);
	if (told != NULL && told->kind == JSON_VALUE_STRING &&
	    (!there || !kind_text_is_known(&form, &value, j->context))) {
		text.len = 0;
		json_value_decode(told, &text);
		there = true;
	} else if (there && form.size != 0) {
		if (family != NULL)
			field_kind_read_number(family, &value.family);
		value.record_ns = j->record_ns;
		end = buf_room(&text, kind_text_max(&form) + TEXT_SLACK);
		if (end != NULL)
			text.len = (size_t)(kind_text_write(end, &form, &value,
						j->context) -
					    text.data);
	}
	if (there)
		text_write(out, text.data, text.len, style);
	out->failed |= text.failed;
	buf_free(&text);
	return there;
}

/* Finds the member that a key names; likely is where it may be. */
static const struct listed *
find_listed(
    const struct member_list *l, size_t *likely, const struct json_value *key)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct listed *m = &l->v[(*likely + i) % l->n];

		if (!json_value_is(key, m->name))
			continue;
		*likely = (size_t)(m - l->v) + 1;
		return m;
	}
	return NULL;
}

/* Finds the member whose text a key names. */
static const struct listed *
find_listed_text(const struct typed_json *j, const struct member_list *l,
    const struct json_value *key, struct field_place *at)
{
	struct buf name = { 0 };
	const struct listed *m = NULL;

	json_value_decode(key, &name);
	buf_chr(&name, '\0');
	for (size_t i = 0; i < l->n && !name.failed; i++)
		if (is_text_of(&l->v[i], name.data) &&
		    has_text(j, l, &l->v[i], at))
			m = &l->v[i];
	buf_free(&name);
	return m;
}

static void respell(struct buf *out, const struct typed_json *j, uint32_t index,
    const struct json_value *v);

/* Append the buckets of a member that holds slots, unless object has some. */
static void
write_buckets(struct buf *out, const struct typed_json *j,
    const struct listed *m, const struct json_value *object,
    const struct json_value *v)
{
	struct hist_map map;
	struct hist_scale scale;
	struct json_value unused;

	if (j->hist_map == NULL || m->member == NULL || m->member->bits != 0 ||
	    v->kind != JSON_VALUE_ARRAY ||
	    !hist_are_slots(j->types, m->name, m->member->type) ||
	    find_member(object, "buckets", &unused))
		return;
	map = *j->hist_map;
	if (find_member(object, "unit", &unused))
		map.unit = NULL;
	scale = hist_member_scale(&map, m->member);
	hist_write_buckets_key(out, &map);
	hist_write_json_buckets(out, &scale,
	    (size_t)types_get(j->types, m->member->type)->count, v);
}

/* What is below a member of a record, or of another object. */
static struct typed_json
go_below(const struct typed_json *j, const struct member_list *l,
    const struct listed *m, const struct field_place *at)
{
	struct typed_json below = *j;

	if (m->root == NULL)
		return below;
	below.sums = at->cpus == FIELD_CPUS_SUM;
	/* Of a map with values for each CPU those have buckets that have no
	 * sum. */
	if (strncmp(m->name, "value", 5) != 0 ||
	    (at->cpus == FIELD_CPUS_ALL && l->n > 2))
		below.hist_map = NULL;
	return below;
}

static void
respell_members(struct buf *out, const struct typed_json *j,
    const struct member_list *l, const struct json_value *v)
{
	struct json_value key, value, unused;
	struct typed_json below;
	struct field_place at;
	const struct listed *m;
	struct json_cursor c;
	size_t likely = 0;
	bool first = true;

	json_cursor_open(&c, v->text, v->len);
	json_cursor_enter(&c);
	buf_chr(out, '{');
	while (json_cursor_next_member(&c, &key) == 1 &&
	       json_cursor_read(&c, &value)) {
		m = find_listed(l, &likely, &key);
		if (m == NULL) {
			m = find_listed_text(j, l, &key, &at);
			if (m == NULL) {
				if (!first)
					buf_chr(out, ',');
				first = false;
				buf_add(out, key.text, key.len);
				buf_chr(out, ':');
				json_value_write_compact(&value, out);
			} else if (j->texts != FIELD_TEXTS_NONE &&
				   !find_member(v, m->name, &unused)) {
				write_text_member(
				    out, j, m, &at, v, NULL, &first);
			}
			continue;
		}
		at = place_of(j, m);
		if (!has_text(j, l, m, &at) || j->texts != FIELD_TEXTS_ALONE) {
			typed_json_write_key(out, m->name, &first);
			below = go_below(j, l, m, &at);
			respell(out, &below, at.type, &value);
			if (m->root == NULL)
				write_buckets(out, j, m, v, &value);
		}
		if (j->texts != FIELD_TEXTS_NONE && has_text(j, l, m, &at))
			write_text_member(out, j, m, &at, v, &value, &first);
	}
	buf_chr(out, '}');
}

static void
respell(struct buf *out, const struct typed_json *j, uint32_t index,
    const struct json_value *v)
{
	const struct type *type =
	    index == TYPE_NONE ? NULL : types_get(j->types, index);
	struct member_list l = { .n = 0 };
	struct json_value value;
	struct json_cursor c;
	const char *comma = "";

	if (type != NULL && is_struct_type(type) &&
	    v->kind == JSON_VALUE_OBJECT && list_members(&l, j->types, type)) {
		respell_members(out, j, &l, v);
		return;
	}
	/* Of a map with values for each CPU the type is that of one. */
	if (type == NULL || v->kind != JSON_VALUE_ARRAY ||
	    !has_structure(j->types, type)) {
		json_value_write_compact(v, out);
		return;
	}
	json_cursor_open(&c, v->text, v->len);
	json_cursor_enter(&c);
	buf_chr(out, '[');
	for (;
	     json_cursor_next_element(&c) == 1 && json_cursor_read(&c, &value);
	     comma = ",") {
		buf_str(out, comma);
		respell(out, j, type->kind == TYPE_ARRAY ? type->of : index,
		    &value);
	}
	buf_chr(out, ']');
}

void
typed_json_respell_texts(struct buf *out, const struct typed_json *j,
    const struct fields *roots, const struct json_value *v)
{
	struct member_list l = { .n = 0 };

	for (size_t i = 0; i < roots->n; i++)
		if (!list_member(&l, (struct listed){ .name = roots->v[i].name,
					 .root = &roots->v[i] })) {
			json_value_write_compact(v, out);
			return;
		}
	respell_members(out, j, &l, v);
}
