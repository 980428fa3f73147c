#include <stdlib.h>
#include <string.h>

#include "record/field-kind.h"

bool
field_kind_form(const struct types *t, const struct field_place *p,
    bool is_short, struct kind_form *form)
{
	const struct type *type =
	    p->type == TYPE_NONE ? NULL : types_get(t, p->type);
	bool is_text = p->kind == KIND_TEXT || p->kind == KIND_UTF8;

	if (p->kind == KIND_NONE || type == NULL || type->size == 0 ||
	    type->kind == TYPE_ENUM || p->cpus == FIELD_CPUS_ALL ||
	    (p->cpus == FIELD_CPUS_SUM && !kind_is_quantity(p->kind)) ||
	    (is_text && types_is_text(t, p->type)) ||
	    (p->kind == KIND_BOOL && type->kind == TYPE_BOOL) ||
	    (p->kind == KIND_FLAGS && p->flags == NULL))
		return false;
	*form = (struct kind_form){ .kind = p->kind,
		.size = is_text ? 0 : (uint8_t)type->size,
		.is_signed = type->is_signed && type->kind != TYPE_POINTER &&
			     type->kind != TYPE_FLOAT,
		.is_real = type->kind == TYPE_FLOAT,
		.is_short = is_short,
		.flags = p->flags };
	return true;
}

/* Reads the digits at p, of which end is the end. */
static bool
read_digits(const char *p, const char *end, uint64_t *out)
{
	bool negative = p < end && *p == '-';

	p += negative;
	if (p == end)
		return false;
	for (*out = 0; p < end; p++) {
		if (*p < '0' || *p > '9' ||
		    __builtin_mul_overflow(*out, 10, out) ||
		    __builtin_add_overflow(*out, (uint64_t)(*p - '0'), out))
			return false;
	}
	if (negative)
		*out = -*out;
	return true;
}

bool
field_kind_read_number(const struct json_value *v, uint64_t *out)
{
	const char *end = v->text + v->len, *open;

	if (v->kind == JSON_VALUE_SCALAR && v->len == 4 &&
	    memcmp(v->text, "true", 4) == 0) {
		*out = 1;
		return true;
	}
	if (v->kind == JSON_VALUE_SCALAR && v->len == 5 &&
	    memcmp(v->text, "false", 5) == 0) {
		*out = 0;
		return true;
	}
	if (v->kind == JSON_VALUE_SCALAR)
		return read_digits(v->text, end, out);
	if (v->kind != JSON_VALUE_STRING || v->len < 4 || end[-2] != ')')
		return false;
	open = memrchr(v->text, '(', v->len);
	return open != NULL && read_digits(open + 1, end - 2, out);
}

/* Reads a number as the bits of a double. */
static bool
read_real(const struct json_value *v, uint64_t *out)
{
	char text[64], *end;
	double number;

	if (v->kind != JSON_VALUE_SCALAR || v->len >= sizeof(text))
		return false;
	memcpy(text, v->text, v->len);
	text[v->len] = '\0';
	number = strtod(text, &end);
	memcpy(out, &number, sizeof(number));
	return end != text && *end == '\0';
}

/* Stores a number of 16 bytes, which JSON has as a string of digits. */
static bool
store_128(const struct json_value *v, unsigned char *out)
{
	unsigned __int128 number = 0;

	if (v->kind != JSON_VALUE_STRING || v->len < 3)
		return false;
	for (const char *p = v->text + 1; p < v->text + v->len - 1; p++) {
		if (*p < '0' || *p > '9')
			return false;
		number = number * 10 + (unsigned)(*p - '0');
	}
	memcpy(out, &number, sizeof(number));
	return true;
}

/* Stores a value of a type of at most left bytes: of a union the first member
 * that v has.  Returns false if v does not have it all. */
static bool
store(const struct types *t, uint32_t index, const struct json_value *v,
    unsigned char *out, size_t left)
{
	const struct type *type = types_get(t, index);
	struct json_value key, value;
	struct json_cursor c;
	uint64_t number;
	size_t n = 0;

	if (type->size > left)
		return false;
	json_cursor_open(&c, v->text, v->len);
	if (type->kind == TYPE_ARRAY) {
		const uint64_t stride = types_get(t, type->of)->size;

		if (v->kind != JSON_VALUE_ARRAY)
			return false;
		json_cursor_enter(&c);
		while (n < type->count && json_cursor_next_element(&c) == 1 &&
		       json_cursor_read(&c, &value) &&
		       store(t, type->of, &value, out + n * stride, stride))
			n++;
		return n == type->count;
	}
	if (type->kind == TYPE_STRUCT || type->kind == TYPE_UNION) {
		if (v->kind != JSON_VALUE_OBJECT)
			return false;
		json_cursor_enter(&c);
		while (n < type->nmembers &&
		       json_cursor_next_member(&c, &key) == 1 &&
		       json_cursor_read(&c, &value)) {
			const struct type_member *m = &type->members[n];

			if (!json_value_is(&key, m->name))
				continue;
			if (m->bits != 0 ||
			    !store(t, m->type, &value, out + m->offset,
				left - m->offset))
				return false;
			if (type->kind == TYPE_UNION)
				return true;
			n++;
		}
		return n == type->nmembers;
	}
	if (type->size == sizeof(unsigned __int128))
		return store_128(v, out);
	if (type->size > sizeof(number) || !field_kind_read_number(v, &number))
		return false;
	memcpy(out, &number, (size_t)type->size);
	return true;
}

bool
field_kind_read_json(const struct types *t, const struct field_place *p,
    const struct json_value *v, unsigned char bytes[FIELD_KIND_BYTES],
    struct kind_value *out)
{
	if (types_get(t, p->type)->kind == TYPE_FLOAT)
		return read_real(v, &out->number);
	if (!kind_has_bytes(p->kind))
		return field_kind_read_number(v, &out->number);
	memset(bytes, 0, FIELD_KIND_BYTES);
	out->bytes = bytes;
	return store(t, p->type, v, bytes, FIELD_KIND_BYTES);
}

bool
field_kind_read_text(const struct json_value *v, struct buf *out)
{
	struct json_value value;
	struct json_cursor c;
	uint64_t byte;

	if (v->kind != JSON_VALUE_ARRAY)
		return false;
	json_cursor_open(&c, v->text, v->len);
	json_cursor_enter(&c);
	while (
	    json_cursor_next_element(&c) == 1 && json_cursor_read(&c, &value)) {
		if (!field_kind_read_number(&value, &byte))
			return false;
		if ((unsigned char)byte == 0)
			return true;
		buf_chr(out, (char)byte);
	}
	return true;
}
