#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/int128.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "base/text.h"
#include "base/util.h"
#include "types/value-number.h"
#include "types/value.h"

/* Report that text is no value of the type.  Returns NULL. */
static json_t *
value_not_a(const char *what, const struct types *t, uint32_t type,
    const char *text, const char *where)
{
	struct buf name = { 0 };

	types_write_name(t, type, &name);
	report_error("%s: \"%s\" is not %s (%.*s)", where, text, what,
	    (int)name.len, name.data);
	buf_free(&name);
	return NULL;
}

static json_t *
value_nomem(void)
{
	report_nomem();
	return NULL;
}

static json_t *
integer_from_text(
    const struct types *t, uint32_t type, const char *text, const char *where)
{
	const struct type *of = types_get(t, type);
	unsigned int bits = (unsigned int)of->size * 8;
	struct int128 w;
	json_t *v;

	if (of->kind != TYPE_ENUM || !value_parse_constant(of, text, &w))
		switch (int128_parse(text, &w)) {
		case INT128_NONE:
			if (of->kind != TYPE_ENUM)
				return value_not_a(
				    "a number", t, type, text, where);
			value_report_constant(of, text, where);
			return NULL;
		case INT128_TOO_LARGE:
			w.magnitude = ~(unsigned __int128)0;
			w.negative = *text == '-';
			if (int128_fits(&w, bits, false)) {
				report_error("%s: %s does not fit 128 bits",
				    where, text);
				return NULL;
			}
			break;
		case INT128_NUMBER:
			break;
		}
	if (value_check_range(t, type, bits, &w, text, where) == -1)
		return NULL;
	v = int128_to_json(&w);
	return v != NULL ? v : value_nomem();
}

static json_t *
bool_from_text(
    const struct types *t, uint32_t type, const char *text, const char *where)
{
	static const char *const words[][2] = { { "false", "true" },
		{ "no", "yes" }, { "off", "on" }, { "0", "1" } };

	for (size_t i = 0; i < nitems(words); i++)
		for (int yes = 0; yes < 2; yes++)
			if (strcmp(text, words[i][yes]) == 0)
				return json_boolean(yes);
	return value_not_a("true or false", t, type, text, where);
}

static json_t *
real_from_text(
    const struct types *t, uint32_t type, const char *text, const char *where)
{
	size_t size = (size_t)types_get(t, type)->size;
	char *end;
	double d;
	json_t *v;

	/* By way of double a float would be rounded twice. */
	d = size == sizeof(float) ? (double)strtof(text, &end)
				  : strtod(text, &end);
	if (end == text || *end != '\0' || isspace((unsigned char)*text) ||
	    isnan(d))
		return value_not_a("a number", t, type, text, where);
	if (isinf(d)) {
		report_error(
		    "%s: %s does not fit %s", where, text, t->v[type].name);
		return NULL;
	}
	v = value_real(d, size);
	return v != NULL ? v : value_nomem();
}

/* Returns a string that JSON cannot have as an array of its bytes, with the
 * NUL. */
static json_t *
bytes_of_text(const char *text)
{
	json_t *array = json_array();
	size_t n = strlen(text);

	for (size_t i = 0; array != NULL && i <= n; i++)
		if (json_array_append_new(
			array, json_integer((signed char)text[i])) == -1) {
			json_decref(array);
			array = NULL;
		}
	return array != NULL ? array : value_nomem();
}

static json_t *
text_from_text(
    const struct types *t, uint32_t type, const char *text, const char *where)
{
	uint64_t size = types_get(t, type)->size;
	json_t *v;

	if (strlen(text) >= size) {
		report_error("%s: text of %zu bytes is too long for "
			     "char[%" PRIu64 "], which holds %" PRIu64
			     " and a NUL",
		    where, strlen(text), size, size > 0 ? size - 1 : 0);
		return NULL;
	}
	/* A JSON string is UTF-8. */
	v = json_doc_string_new(text, strlen(text));
	return v != NULL ? v : bytes_of_text(text);
}

static json_t *
scalar_from_text(
    const struct types *t, uint32_t type, const char *text, const char *where)
{
	struct buf name = { 0 };

	switch (types_get(t, type)->kind) {
	case TYPE_INT:
	case TYPE_CHAR:
	case TYPE_ENUM:
		return integer_from_text(t, type, text, where);
	case TYPE_BOOL:
		return bool_from_text(t, type, text, where);
	case TYPE_FLOAT:
		return real_from_text(t, type, text, where);
	case TYPE_ARRAY: /* of char: the others are lists */
		return text_from_text(t, type, text, where);
	default:
		types_write_name(t, type, &name);
		report_error("%s: a %.*s cannot be set by text", where,
		    (int)name.len, name.data);
		buf_free(&name);
		return NULL;
	}
}

/* Convert words to the elements of an array, row by row if it has several
 * dimensions. */
static json_t *
list_from_words(
    const struct types *t, uint32_t type, char **words, const char *where)
{
	const struct type *array = types_get(t, type);
	const struct type *of = types_get(t, array->of);
	json_t *list = json_array(), *v;

	if (list == NULL)
		return value_nomem();
	for (uint64_t i = 0; i < array->count && *words != NULL; i++) {
		if (of->kind == TYPE_ARRAY && !types_is_text(t, array->of))
			v = list_from_words(t, array->of, words, where);
		else
			v = scalar_from_text(
			    t, array->of, strsep(words, ","), where);
		if (v != NULL && json_array_append_new(list, v) == -1)
			v = value_nomem();
		if (v == NULL) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

json_t *
value_from_text(
    const struct types *t, uint32_t type, const char *text, const char *where)
{
	struct buf name = { 0 };
	char *copy, *words;
	json_t *list;

	if (types_get(t, type)->kind != TYPE_ARRAY || types_is_text(t, type))
		return scalar_from_text(t, type, text, where);
	if ((copy = strdup(text)) == NULL)
		return value_nomem();
	words = *copy != '\0' ? copy : NULL;
	list = list_from_words(t, type, &words, where);
	if (list != NULL && words != NULL) {
		types_write_name(t, type, &name);
		report_error("%s: \"%s\" has more elements than %.*s", where,
		    text, (int)name.len, name.data);
		buf_free(&name);
		json_decref(list);
		list = NULL;
	}
	free(copy);
	return list;
}

void
value_to_text(const json_t *v, struct buf *out)
{
	uint64_t n;
	size_t i;
	json_t *item;
	char *p;

	if (json_doc_u64(v, &n)) {
		buf_printf(out, "%" PRIu64, n);
	} else if (json_doc_string(v) != NULL) {
		buf_str(out, json_doc_string(v));
	} else if (json_is_real(v)) {
		if ((p = buf_room(out, TEXT_FLOAT_MAX)) == NULL)
			return;
		p = text_double(p, json_real_value(v));
		/* A person writes 5, not 5.0. */
		if (memcmp(p - 2, ".0", 2) == 0)
			p -= 2;
		out->len = (size_t)(p - out->data);
	} else if (json_is_array(v)) {
		json_array_foreach (v, i, item) {
			if (i > 0)
				buf_chr(out, ',');
			value_to_text(item, out);
		}
	} else {
		json_doc_write(v, out);
	}
}
