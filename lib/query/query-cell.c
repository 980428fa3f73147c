#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "query/query-cell.h"

/* Step into the element of that index. */
static bool
find_element(struct json_cursor *c, uint64_t index, struct json_value *v)
{
	if (json_cursor_kind(c) != JSON_VALUE_ARRAY || !json_cursor_enter(c))
		return false;
	while (json_cursor_next_element(c) == 1) {
		if (!json_cursor_read(c, v))
			return false;
		if (index-- == 0)
			return true;
	}
	return false;
}

/* Step to the member whose name are the n bytes at name. */
static bool
find_member(
    struct json_cursor *c, const char *name, size_t n, struct json_value *v)
{
	struct json_value key;

	if (json_cursor_kind(c) != JSON_VALUE_OBJECT || !json_cursor_enter(c))
		return false;
	while (json_cursor_next_member(c, &key) == 1) {
		if (!json_cursor_read(c, v))
			return false;
		if (key.len == n + 2 && memcmp(key.text + 1, name, n) == 0)
			return true;
	}
	return false;
}

bool
query_cell_find(struct json_value *v, const char *rest)
{
	struct json_cursor c;
	size_t n;
	char *end;

	if (v->kind == JSON_VALUE_ABSENT)
		return false;
	while (*rest != '\0') {
		json_cursor_open(&c, v->text, v->len);
		if (*rest == '[') {
			if (!find_element(&c, strtoull(rest + 1, &end, 10), v))
				return false;
			rest = *end == ']' ? end + 1 : end;
			continue;
		}
		n = strcspn(++rest, ".[");
		if (!find_member(&c, rest, n, v))
			return false;
		rest += n;
	}
	return true;
}

static void
set_int(const struct query_member *m, struct query_value *v, struct int128 n)
{
	size_t size = m->target.size;

	v->kind = QUERY_VALUE_INT;
	v->number = n;
	if (m->swapped && size <= 8 && !n.negative)
		v->number.magnitude =
		    __builtin_bswap64((uint64_t)n.magnitude) >> (64 - 8 * size);
}

/* Keep the bytes of a number, which may be an address. */
static void
keep_bytes(struct query_member *m, struct query_value *v, struct int128 n)
{
	unsigned __int128 bits = int128_bits(&n);

	m->scratch.len = 0;
	if (query_member_class(m) == QUERY_CLASS_ANY || m->target.size > 16)
		return;
	buf_add(&m->scratch, &bits, m->target.size);
	if (m->scratch.failed)
		return;
	v->text = m->scratch.data;
	v->len = m->scratch.len;
}

static void
load_number(
    struct query_member *m, struct query_value *v, const char *text, size_t len)
{
	struct query_number n;

	if (!query_number_parse(&n, text, len, true, 1))
		return;
	if (n.fraction || query_member_class(m) == QUERY_CLASS_REAL) {
		v->kind = QUERY_VALUE_REAL;
		v->real = m->target.size == sizeof(float)
			      ? (double)(float)n.real
			      : n.real;
		return;
	}
	set_int(m, v, n.floor);
	keep_bytes(m, v, n.floor);
}

static void
load_scalar(struct query_member *m, struct query_value *v,
    const struct json_value *cell)
{
	bool yes = cell->len == 4 && memcmp(cell->text, "true", 4) == 0;

	if (yes || (cell->len == 5 && memcmp(cell->text, "false", 5) == 0))
		set_int(m, v, (struct int128){ false, yes });
	else
		load_number(m, v, cell->text, cell->len);
}

/* The number in "NAME(3)", or that of NAME. */
static void
load_enum(struct query_member *m, struct query_value *v)
{
	const struct type *type = m->target.type;
	const struct type_constant *c;
	size_t name = v->len;

	if (v->len > 2 && v->text[v->len - 1] == ')')
		while (name > 0 && v->text[name - 1] != '(')
			name--;
	v->kind = QUERY_VALUE_NONE;
	if (name != 0 && name != v->len) {
		load_number(m, v, v->text + name, v->len - name - 1);
		return;
	}
	if ((c = types_find_constant_named(type, v->text, v->len)) != NULL)
		set_int(m, v, int128_from_bits(c->value, 64, type->is_signed));
}

static void
load_string(struct query_member *m, struct query_value *v,
    const struct json_value *cell)
{
	uint64_t time_ns;

	m->scratch.len = 0;
	if (memchr(cell->text, '\\', cell->len) == NULL) {
		v->text = cell->text + 1;
		v->len = cell->len - 2;
	} else {
		json_value_decode(cell, &m->scratch);
		v->text = m->scratch.len > 0 ? m->scratch.data : "";
		v->len = m->scratch.len;
	}
	v->kind = QUERY_VALUE_TEXT;
	if (m->source == QUERY_TIME) {
		v->kind = QUERY_VALUE_NONE;
		if (clock_parse(v->text, v->len, &time_ns) == 0)
			set_int(m, v, (struct int128){ false, time_ns });
	} else if (query_member_class(m) == QUERY_CLASS_INT &&
		   m->target.type != NULL) {
		if (m->target.type->kind == TYPE_ENUM) {
			load_enum(m, v);
			return;
		}
		/* An integer of 128 bits. */
		v->kind = QUERY_VALUE_NONE;
		load_number(m, v, v->text, v->len);
	}
}

/* Append the bytes in an array of numbers of size bytes each, or in the first
 * array in an object.  Returns false if there is none. */
static bool
append_bytes(struct buf *out, const struct json_value *from, size_t size)
{
	struct json_value v = *from, key;
	struct query_number n;
	struct json_cursor c;
	uint64_t number;

	while (v.kind == JSON_VALUE_OBJECT) {
		json_cursor_open(&c, v.text, v.len);
		if (!json_cursor_enter(&c) ||
		    json_cursor_next_member(&c, &key) != 1 ||
		    !json_cursor_read(&c, &v))
			return false;
	}
	if (v.kind != JSON_VALUE_ARRAY)
		return false;
	from = &v;
	if (size > sizeof(number))
		return false;
	json_cursor_open(&c, from->text, from->len);
	json_cursor_enter(&c);
	while (
	    json_cursor_next_element(&c) == 1 && json_cursor_read(&c, &key)) {
		if (!query_number_parse(&n, key.text, key.len, true, 1))
			return false;
		number = (uint64_t)int128_bits(&n.floor);
		buf_add(out, &number, size);
	}
	return true;
}

static void
load_array(struct query_member *m, struct query_value *v,
    const struct json_value *cell)
{
	bool is_text = query_member_class(m) == QUERY_CLASS_TEXT;

	m->scratch.len = 0;
	if ((!is_text && query_member_class(m) != QUERY_CLASS_BYTES) ||
	    !append_bytes(&m->scratch, cell, is_text ? 1 : m->number_size))
		return;
	v->text = m->scratch.len > 0 ? m->scratch.data : "";
	v->len = is_text ? strnlen(v->text, m->scratch.len) : m->scratch.len;
	v->kind = is_text                    ? QUERY_VALUE_TEXT
		  : v->len == m->target.size ? QUERY_VALUE_BYTES
					     : QUERY_VALUE_NONE;
}

void
query_cell_load(struct query_member *m, struct query_value *v,
    const struct json_value *cell)
{
	query_cell_load_beside(
	    m, v, cell, &(struct query_beside){ .told = NULL });
}

void
query_cell_load_beside(struct query_member *m, struct query_value *v,
    const struct json_value *cell, const struct query_beside *beside)
{
	struct json_value at = *cell;

	*v = (struct query_value){ .kind = QUERY_VALUE_NONE };
	if (m->source != QUERY_FIELD && m->source != QUERY_TIME) {
		v->kind = QUERY_VALUE_TEXT;
		v->text = m->text;
		v->len = strlen(m->text);
		return;
	}
	if (!query_cell_find(&at, m->rest))
		return;
	switch (at.kind) {
	case JSON_VALUE_SCALAR:
		load_scalar(m, v, &at);
		break;
	case JSON_VALUE_STRING:
		load_string(m, v, &at);
		break;
	default:
		load_array(m, v, &at);
	}
	query_member_convert(m, v, beside);
	if (m->scratch.failed)
		v->kind = QUERY_VALUE_NONE;
}
