#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/int128.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "base/text.h"
#include "types/value.h"

/* A literal while it is read.  Nesting is bounded by that of the type. */
struct literal {
	const struct types *types;
	const struct value_names *names; /* or NULL */
	const char *where;
	const char *text; /* all of it, for reports */
	const char *p;    /* what is left */
	size_t n;         /* values so far */
};

static json_t *parse_literal(struct literal *l, uint32_t type);

const struct type_member *
value_find_member(
    const struct types *t, uint32_t type, const char *name, size_t len)
{
	const struct type *of = types_get(t, type);
	const struct type_member *found = NULL;

	for (size_t i = 0; i < of->nmembers && found == NULL; i++) {
		const struct type_member *m = &of->members[i];
		enum type_kind kind = types_get(t, m->type)->kind;

		if (m->name[0] == '\0' &&
		    (kind == TYPE_STRUCT || kind == TYPE_UNION))
			found = value_find_member(t, m->type, name, len);
		else if (len > 0 && strlen(m->name) == len &&
			 memcmp(m->name, name, len) == 0)
			found = m;
	}
	return found;
}

static json_t *
literal_nomem(void)
{
	report_nomem();
	return NULL;
}

static json_t *
literal_expected(const struct literal *l, const char *what)
{
	if (*l->p == '\0')
		report_error(
		    "%s: \"%s\" ends before %s", l->where, l->text, what);
	else
		report_error("%s: expected %s at \"%s\"", l->where, what, l->p);
	return NULL;
}

static void
skip_blanks(struct literal *l)
{
	while (*l->p == ' ' || *l->p == '\t')
		l->p++;
}

/* Skips blanks, and the character c if it is next; returns whether it was. */
static bool
take_char(struct literal *l, char c)
{
	skip_blanks(l);
	if (*l->p != c)
		return false;
	l->p++;
	skip_blanks(l);
	return true;
}

/* The length of the string in quotes at p, with its quotes; 0 if it has no end.
 */
static size_t
quoted_length(const char *p)
{
	size_t n = 1;

	while (p[n] != '\0' && p[n] != '"')
		n += p[n] == '\\' && p[n + 1] != '\0' ? 2 : 1;
	return p[n] == '"' ? n + 1 : 0;
}

/* Parses the string in quotes at l->p to a JSON string. */
static json_t *
parse_quoted(struct literal *l)
{
	size_t n = quoted_length(l->p);
	json_t *v;

	if (n == 0) {
		report_error(
		    "%s: the quotes at %s have no end", l->where, l->p);
		return NULL;
	}
	v = json_doc_parse(l->p, n, l->where, 0);
	l->p += n;
	return v;
}

/* Whether text is "0x" and hex digits for each byte of the array. */
static bool
is_hex_array(const struct types *t, uint32_t type, const char *text)
{
	const struct type *array = types_get(t, type);

	return array->kind == TYPE_ARRAY && !types_is_text(t, type) &&
	       types_get(t, array->of)->kind == TYPE_INT &&
	       types_get(t, array->of)->size == 1 &&
	       strncmp(text, "0x", 2) == 0 && array->count > 0 &&
	       strlen(text + 2) == 2 * array->count &&
	       text[2 + strspn(text + 2, "0123456789abcdefABCDEF")] == '\0';
}

static json_t *
hex_array(const struct types *t, uint32_t type, const char *text)
{
	const struct type *of = types_get(t, types_get(t, type)->of);
	json_t *list = json_array();
	int byte;

	for (text += 2; list != NULL && *text != '\0'; text += 2) {
		byte = text_hex_value(text[0]) << 4 | text_hex_value(text[1]);
		if (of->is_signed && byte > INT8_MAX)
			byte -= 256;
		if (json_array_append_new(list, json_integer(byte)) == -1) {
			json_decref(list);
			list = NULL;
		}
	}
	return list != NULL ? list : literal_nomem();
}

/* Converts one word to a value of the type. */
static json_t *
literal_scalar(const struct literal *l, uint32_t type, const char *word)
{
	const struct type *of = types_get(l->types, type);
	bool integer = of->kind == TYPE_INT || of->kind == TYPE_ENUM ||
		       of->kind == TYPE_POINTER;
	struct int128 w;
	int64_t number;
	json_t *v;
	int got = 0;

	if (integer && l->names != NULL)
		got = l->names->find(l->names->ctx, word, l->where, &number);
	if (got == -1)
		return NULL;
	if (got == 1)
		v = json_integer(number);
	else if (of->kind == TYPE_POINTER &&
		 int128_parse(word, &w) == INT128_NUMBER)
		v = int128_to_json(&w);
	else if (types_is_text(l->types, type) &&
		 (v = json_doc_string_new(word, strlen(word))) != NULL)
		return v; /* which may fill a member to its end */
	else
		return value_from_text(l->types, type, word, l->where);
	return v != NULL ? v : literal_nomem();
}

/* Parses a word that ends before a comma or a bracket. An array is hex digits.
 */
static json_t *
parse_word(struct literal *l, uint32_t type)
{
	bool is_array = types_get(l->types, type)->kind == TYPE_ARRAY &&
			!types_is_text(l->types, type);
	size_t n = strcspn(l->p, ",{}[]\"");
	const char *start = l->p;
	json_t *v = NULL;
	char *word;

	l->p += n;
	while (n > 0 && isspace((unsigned char)start[n - 1]))
		n--;
	if (n == 0)
		return literal_expected(l, "a value");
	if ((word = strndup(start, n)) == NULL)
		return literal_nomem();
	if (is_hex_array(l->types, type, word))
		v = hex_array(l->types, type, word);
	else if (!is_array)
		v = literal_scalar(l, type, word);
	free(word);
	if (v == NULL && is_array)
		l->p = start;
	return v == NULL && is_array ? literal_expected(l, "\"[VALUE,...]\"")
				     : v;
}

/* A string in quotes: text, or a number or name in quotes. */
static json_t *
parse_string(struct literal *l, uint32_t type)
{
	json_t *v = parse_quoted(l), *number;
	const char *word = json_doc_string(v);

	if (v == NULL || types_is_text(l->types, type) || word == NULL)
		return v;
	number = literal_scalar(l, type, word);
	json_decref(v);
	return number;
}

/* Reports that the struct has no member of this name. */
static void
report_no_member(
    const struct literal *l, uint32_t type, const char *name, size_t len)
{
	const struct type *of = types_get(l->types, type);
	struct buf names = { 0 };

	for (size_t i = 0; i < of->nmembers && i < 32; i++)
		if (of->members[i].name[0] != '\0')
			buf_list(&names, 0, of->members[i].name);
	report_error("%s: there is no member \"%.*s\"; %s %s has: %.*s",
	    l->where, (int)len, name,
	    of->kind == TYPE_UNION ? "union" : "struct", of->name,
	    (int)names.len, names.data != NULL ? names.data : "");
	buf_free(&names);
}

/* Parses "NAME=VALUE" into the object. */
static int
parse_member(struct literal *l, uint32_t type, json_t *object)
{
	const struct type_member *m;
	json_t *quoted = NULL, *v = NULL;
	const char *name = l->p;
	size_t n = strcspn(name, "=:,{}[]\" \t");

	if (*name == '"') {
		if ((quoted = parse_quoted(l)) == NULL)
			return -1;
		name = json_doc_string(quoted);
		n = name != NULL ? strlen(name) : 0;
	} else {
		l->p += n;
	}
	m = n > 0 ? value_find_member(l->types, type, name, n) : NULL;
	if (n == 0)
		literal_expected(l, "the name of a member");
	else if (m == NULL)
		report_no_member(l, type, name, n);
	else if (!take_char(l, '=') && !take_char(l, ':'))
		literal_expected(l, "\"=\"");
	else
		v = parse_literal(l, m->type);
	json_decref(quoted);
	if (v == NULL)
		return -1;
	return json_object_set_new(object, m->name, v) == 0 ? 0
							    : report_nomem();
}

/* Parses the members or elements after an opening bracket, and the closing one.
 * Returns v, or NULL after reporting, when v is released. */
static json_t *
parse_items(struct literal *l, uint32_t type, json_t *v, char end)
{
	uint32_t of = types_get(l->types, type)->of;
	json_t *item;
	int ret = 0;

	if (v == NULL)
		return literal_nomem();
	if (take_char(l, end))
		return v;
	do {
		if (json_is_object(v)) {
			ret = parse_member(l, type, v);
		} else {
			item = parse_literal(l, of);
			if (item == NULL)
				ret = -1;
			else if (json_array_append_new(v, item) == -1)
				ret = report_nomem();
		}
	} while (ret == 0 && take_char(l, ','));
	if (ret == 0 && take_char(l, end))
		return v;
	if (ret == 0)
		literal_expected(
		    l, end == '}' ? "\",\" or \"}\"" : "\",\" or \"]\"");
	json_decref(v);
	return NULL;
}

/* Parses the value of a type at l->p. */
static json_t *
parse_literal(struct literal *l, uint32_t type)
{
	enum type_kind kind = types_get(l->types, type)->kind;

	/* Each takes many times its bytes of the text. */
	if (l->n++ == JSON_DOC_VALUES_MAX) {
		report_error(
		    "%s: more than %d values", l->where, JSON_DOC_VALUES_MAX);
		return NULL;
	}
	skip_blanks(l);
	if (kind == TYPE_STRUCT || kind == TYPE_UNION) {
		if (!take_char(l, '{'))
			return literal_expected(l, "\"{MEMBER=VALUE,...}\"");
		return parse_items(l, type, json_object(), '}');
	}
	if (kind == TYPE_ARRAY && *l->p == '[') {
		l->p++;
		return parse_items(l, type, json_array(), ']');
	}
	return *l->p == '"' ? parse_string(l, type) : parse_word(l, type);
}

json_t *
value_from_literal(const struct types *t, uint32_t type, const char *text,
    const struct value_names *names, const char *where)
{
	struct literal l = { t, names, where, text, text, 0 };
	const struct type *of = types_get(t, type);
	bool plain = of->kind != TYPE_STRUCT && of->kind != TYPE_UNION &&
		     *text != '[' && *text != '"';
	json_t *v;

	if (is_hex_array(t, type, text))
		return hex_array(t, type, text);
	/* A whole word may contain commas and brackets. */
	if (plain && of->kind == TYPE_ARRAY)
		return value_from_text(t, type, text, where);
	if (plain)
		return literal_scalar(&l, type, text);
	/* "[" and quotes are text if they are not around all of it. */
	if (types_is_text(t, type) &&
	    (*text == '[' || quoted_length(text) != strlen(text)))
		return value_from_text(t, type, text, where);
	v = parse_literal(&l, type);
	skip_blanks(&l);
	if (v == NULL || *l.p == '\0')
		return v;
	json_decref(v);
	return literal_expected(&l, "the end");
}
