#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#include "base/json-doc.h"
#include "base/nomem.h"
#include "base/report.h"

/* jansson's own limit on nesting is 2048; nothing we read needs a tenth. */
#define BIG_MARK '\001'
#define BIG_TEXT "\\u0001"
enum { BIG_TEXT_LEN = 6 };

/* The end of the string literal that starts at p (its opening quote). */
static const char *
skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p < end ? p + 1 : end;
}

/* Whether the n digits are a number above INT64_MAX that still fits u64. */
static bool
is_big(const char *digits, size_t n, uint64_t *out)
{
	char text[24];
	uint64_t v;

	if (n < 19 || n > 20 || digits[0] == '0')
		return false;
	memcpy(text, digits, n);
	text[n] = '\0';
	errno = 0;
	v = strtoull(text, NULL, 10);
	if (errno != 0 || v <= INT64_MAX)
		return false;
	*out = v;
	return true;
}

/* Copy text with each big integer turned into its marked string. */
static void
mark_big(struct buf *out, const char *p, const char *end)
{
	const char *q;
	uint64_t v;

	for (; p < end; p = q) {
		if (*p == '"') {
			q = skip_string(p, end);
		} else if (isdigit((unsigned char)*p) || *p == '-') {
			for (q = p; q < end && strchr("0123456789+-.eE", *q) &&
				    *q != '\0';
			     q++)
				;
			if (strspn(p, "0123456789") >= (size_t)(q - p) &&
			    is_big(p, (size_t)(q - p), &v)) {
				buf_printf(
				    out, "\"" BIG_TEXT "%" PRIu64 "\"", v);
				continue;
			}
		} else {
			for (q = p + 1; q < end && *q != '"' && *q != '-' &&
					!isdigit((unsigned char)*q);
			     q++)
				;
		}
		buf_add(out, p, (size_t)(q - p));
	}
}

static bool
has_big(const char *p, const char *end)
{
	size_t run = 0;

	for (; p < end; p++) {
		run = isdigit((unsigned char)*p) ? run + 1 : 0;
		if (run >= 19)
			return true;
	}
	return false;
}

/* Whether a tree of the text may be made: each value in it is behind a bracket
 * or a comma. */
static bool
is_bounded(const char *p, const char *end)
{
	size_t values = 1;

	if (end - p <= DOC_VALUES_MAX)
		return true;
	while (p < end && values <= DOC_VALUES_MAX) {
		if (*p == '"') {
			p = skip_string(p, end);
			continue;
		}
		values += *p == '[' || *p == '{' || *p == ',';
		p++;
	}
	return values <= DOC_VALUES_MAX;
}

/* Report what jansson says of a text whose first line is line + 1. */
static void
report_refusal(const json_error_t *e, const char *name, unsigned long line)
{
	line += e->line > 0 ? (unsigned long)e->line : 1;
	if (json_error_code(e) == json_error_numeric_overflow)
		report_error("%s:%lu: %s; a number has at most 64 bits", name,
		    line, e->text);
	else if (json_error_code(e) == json_error_null_character)
		report_error(
		    "%s:%lu: a text holds the character \\u0000, which "
		    "no name or value may",
		    name, line);
	else
		report_error("%s:%lu: not JSON: %s", name, line, e->text);
}

/*
 * jansson's parser goes on where the text of a token found no memory: it reads
 * past the token's end then, or fails an assertion.  So that it never sees a
 * failure, it is left by longjmp(3), and what it had is freed: all that it
 * allocates and frees meanwhile is noted.  Its memory comes from where it came
 * before; a host of the C library may use jansson too.
 */
static json_malloc_t get_memory;
static json_free_t free_memory;
static once_flag watched = ONCE_FLAG_INIT;
static _Thread_local struct {
	bool runs;
	jmp_buf starved;
	struct buf noted; /* uintptr_t: addresses, those that were freed | 1 */
} parser;

static bool
note(uintptr_t address)
{
	buf_add(&parser.noted, &address, sizeof(address));
	return !parser.noted.failed;
}

static void *
get_watched(size_t size)
{
	void *p = get_memory(size);

	if (parser.runs) {
		if (p != NULL && note((uintptr_t)p))
			return p;
		free_memory(p);
		longjmp(parser.starved, 1);
	}
	if (p == NULL)
		nomem_note();
	return p;
}

static void
free_watched(void *p)
{
	/* What cannot be noted stays to be freed. */
	if (parser.runs && p != NULL && !note((uintptr_t)p | 1))
		longjmp(parser.starved, 1);
	free_memory(p);
}

static void
watch_memory(void)
{
	json_get_alloc_funcs(&get_memory, &free_memory);
	json_set_alloc_funcs(get_watched, free_watched);
}

static int
compare_addresses(const void *a, const void *b)
{
	uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;

	return (x > y) - (x < y);
}

/* Free what the parser has not freed: an address may have come more than once,
 * and is still in use if it was freed one time less. */
static void
free_noted(void)
{
	uintptr_t *v = (uintptr_t *)(void *)parser.noted.data;
	size_t n = parser.noted.len / sizeof(*v);

	if (n > 0)
		qsort(v, n, sizeof(*v), compare_addresses);
	for (size_t i = 0; i < n;) {
		uintptr_t address = v[i];
		long uses = 0;

		for (; i < n && (v[i] & ~(uintptr_t)1) == address; i++)
			uses += (v[i] & 1) != 0 ? -1 : 1;
		if (uses > 0)
			free_memory((void *)address);
	}
}

/* json_loadb(), or NULL with *starved set when memory ran out. */
static json_t *
load(const char *text, size_t len, json_error_t *e, bool *starved)
{
	json_t *v;

	call_once(&watched, watch_memory);
	*starved = setjmp(parser.starved) != 0;
	if (*starved) {
		parser.runs = false;
		free_noted();
		buf_free(&parser.noted);
		return NULL;
	}
	parser.runs = true;
	v = json_loadb(text, len, JSON_DECODE_ANY, e);
	parser.runs = false;
	buf_free(&parser.noted);
	return v;
}

json_t *
doc_parse(const char *text, size_t len, const char *name, unsigned long line)
{
	struct buf marked = { 0 };
	json_error_t e;
	bool starved;
	json_t *v;

	if (!is_bounded(text, text + len)) {
		report_error("%s:%lu: more than %d JSON values", name, line + 1,
		    DOC_VALUES_MAX);
		return NULL;
	}
	if (has_big(text, text + len)) {
		/* A NUL ends the spans above before it can overrun. */
		struct buf copy = { 0 };

		buf_add(&copy, text, len);
		buf_chr(&copy, '\0');
		if (!copy.failed)
			mark_big(&marked, copy.data, copy.data + len);
		marked.failed |= copy.failed;
		buf_free(&copy);
		if (marked.failed) {
			buf_free(&marked);
			report_nomem();
			return NULL;
		}
		text = marked.data;
		len = marked.len;
	}
	v = load(text, len, &e, &starved);
	if (starved)
		report_nomem();
	else if (v == NULL)
		report_refusal(&e, name, line);
	buf_free(&marked);
	return v;
}

static int
take_text(const char *text, size_t len, void *out)
{
	buf_add(out, text, len);
	return 0;
}

/* Append text with each marked string turned back into its number. */
static void
unmark_big(struct buf *out, const char *p, const char *end)
{
	const char *q, *digits;
	size_t n;
	uint64_t v;

	for (; p < end; p = q) {
		if (*p != '"') {
			q = memchr(p, '"', (size_t)(end - p));
			if (q == NULL)
				q = end;
			buf_add(out, p, (size_t)(q - p));
			continue;
		}
		q = skip_string(p, end);
		n = (size_t)(q - p);
		digits = p + 1 + BIG_TEXT_LEN;
		if (n > BIG_TEXT_LEN + 2 &&
		    memcmp(p + 1, BIG_TEXT, BIG_TEXT_LEN) == 0 &&
		    strspn(digits, "0123456789") == n - BIG_TEXT_LEN - 2 &&
		    is_big(digits, n - BIG_TEXT_LEN - 2, &v))
			buf_add(out, digits, n - BIG_TEXT_LEN - 2);
		else
			buf_add(out, p, n);
	}
}

int
doc_write(const json_t *v, struct buf *out, bool indented)
{
	struct buf text = { 0 };
	size_t flags = JSON_ENCODE_ANY;
	int ret = 0;

	flags |= indented ? JSON_INDENT(2) : JSON_COMPACT;
	if (json_dump_callback(v, take_text, &text, flags) == -1 || text.failed)
		ret = report_nomem();
	else
		unmark_big(out, text.data, text.data + text.len);
	buf_free(&text);
	return out->failed ? -1 : ret;
}

bool
doc_u64(const json_t *v, uint64_t *out)
{
	const char *s;

	if (json_is_integer(v) && json_integer_value(v) >= 0) {
		*out = (uint64_t)json_integer_value(v);
		return true;
	}
	s = json_string_value(v);
	return s != NULL && s[0] == BIG_MARK &&
	       strspn(s + 1, "0123456789") == strlen(s + 1) &&
	       is_big(s + 1, strlen(s + 1), out);
}

json_t *
doc_u64_new(uint64_t n)
{
	if (n <= INT64_MAX)
		return json_integer((json_int_t)n);
	return json_sprintf("\001%" PRIu64, n);
}

const char *
doc_kind(const json_t *v)
{
	uint64_t n;

	if (v == NULL)
		return "nothing";
	if (doc_u64(v, &n))
		return "a number";
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
	case JSON_REAL:
		return "a number";
	case JSON_NULL:
		return "null";
	default:
		return "a boolean";
	}
}

static int
wrong_kind(
    const json_t *v, const char *key, const char *want, const char *where)
{
	report_error(
	    "%s.%s: expected %s, found %s", where, key, want, doc_kind(v));
	return -1;
}

int
doc_get_string(
    const json_t *obj, const char *key, const char **out, const char *where)
{
	const json_t *v = json_object_get(obj, key);
	uint64_t n;

	if (v == NULL || json_is_null(v))
		return 0;
	if (!json_is_string(v) || doc_u64(v, &n))
		return wrong_kind(v, key, "a string", where);
	*out = json_string_value(v);
	return 1;
}

int
doc_get_bool(const json_t *obj, const char *key, bool *out, const char *where)
{
	const json_t *v = json_object_get(obj, key);

	if (v == NULL || json_is_null(v))
		return 0;
	if (!json_is_boolean(v))
		return wrong_kind(v, key, "true or false", where);
	*out = json_is_true(v);
	return 1;
}

int
doc_get_u64(const json_t *obj, const char *key, uint64_t max, uint64_t *out,
    const char *where)
{
	const json_t *v = json_object_get(obj, key);
	uint64_t n;

	if (v == NULL || json_is_null(v))
		return 0;
	if (!doc_u64(v, &n)) {
		if (json_is_number(v)) {
			report_error("%s.%s: expected a whole number from 0",
			    where, key);
			return -1;
		}
		return wrong_kind(v, key, "a number", where);
	}
	if (n > max) {
		report_error("%s.%s: %" PRIu64 " is too large; at most %" PRIu64
			     " is allowed",
		    where, key, n, max);
		return -1;
	}
	*out = n;
	return 1;
}

int
doc_get_array(
    const json_t *obj, const char *key, json_t **out, const char *where)
{
	json_t *v = json_object_get(obj, key);

	if (v == NULL || json_is_null(v))
		return 0;
	if (!json_is_array(v))
		return wrong_kind(v, key, "an array", where);
	*out = v;
	return 1;
}

int
doc_get_object(
    const json_t *obj, const char *key, json_t **out, const char *where)
{
	json_t *v = json_object_get(obj, key);

	if (v == NULL || json_is_null(v))
		return 0;
	if (!json_is_object(v))
		return wrong_kind(v, key, "an object", where);
	*out = v;
	return 1;
}

int
doc_missing(const char *key, const char *where)
{
	report_error("%s: %s is missing", where, key);
	return -1;
}
