#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-cursor.h"
#include "base/json-doc.h"
#include "base/report.h"

/*
 * An integer above INT64_MAX is a string of MARK and its digits.  A string
 * that begins with MARK has it doubled, so that it is no such integer.  Control
 * characters are escaped in JSON, so in a text both begin with MARK_ESCAPED.
 */
#define MARK "\001"
#define MARK_ESCAPED "\\u0001"
enum { MARK_LEN = sizeof(MARK) - 1, ESCAPED_LEN = sizeof(MARK_ESCAPED) - 1 };

/*
 * jansson 2.14 and 2.15 gather each token in a buffer that starts with 16 bytes
 * and doubles when full, and do not check whether there was memory for that.
 * Without it bytes of the token are lost, and if its closing quote is among
 * them, the parser reads and writes past the end of the token.
 *
 * Therefore a text is parsed as the second element of an array whose first is a
 * string of ours, the primer, which makes the buffer large enough for every
 * other token.  It consists of \u escapes, whose digits jansson does check: a
 * byte is lost where 2^k - 1 bytes were stored, which never is the boundary of
 * two escapes because of the bytes in front of them, so the primer turns into a
 * syntax error.
 */
#define PRIMER_START "\"..."
#define PRIMER_UNIT "\\u0041"
enum {
	BUFFER_START = 16,
	BUFFER_SPARE = 3, /* for a byte of look-ahead and the NUL */
};

static bool
json_doc_is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '+' || c == '-' || c == '.';
}

/* The end of the token at p: a string, a number or word, or one other byte. */
static const char *
json_doc_skip_token(const char *p, const char *end)
{
	if (*p == '"')
		return json_cursor_string_end(p, end);
	if (!json_doc_is_word(*p))
		return p + 1;
	while (p < end && json_doc_is_word(*p))
		p++;
	return p;
}

/* Whether the n bytes at s are an integer above INT64_MAX that fits 64 bits. */
static bool
json_doc_is_big(const char *s, size_t n, uint64_t *out)
{
	char text[24];

	if (n < 19 || n > 20 || *s == '0')
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	if (strspn(text, "0123456789") != n)
		return false;
	errno = 0;
	*out = strtoull(text, NULL, 10);
	return errno == 0 && *out > INT64_MAX;
}

/* Whether the token of n bytes is a string that begins with MARK. */
static bool
json_doc_is_marked(const char *token, size_t n)
{
	return n > ESCAPED_LEN + 1 && token[0] == '"' &&
	       memcmp(token + 1, MARK_ESCAPED, ESCAPED_LEN) == 0;
}

/*
 * Append the text from p on with large integers and strings that begin with
 * MARK as they are in trees.  Set *values to an upper bound on the number of
 * values, and *longest to the length of the longest token.
 */
static void
json_doc_mark(struct buf *out, const char *p, const char *end, size_t *values,
    size_t *longest)
{
	const char *next, *done = p;
	uint64_t big;

	*values = 1;
	*longest = 0;
	for (; p < end; p = next) {
		size_t n;

		next = json_doc_skip_token(p, end);
		n = (size_t)(next - p);
		if (n > *longest)
			*longest = n;
		/* One of these precedes every value but the first. */
		*values += *p == '[' || *p == '{' || *p == ',';
		if (json_doc_is_marked(p, n)) {
			buf_add(out, done, (size_t)(p + 1 - done));
			buf_str(out, MARK_ESCAPED);
			done = p + 1;
		} else if (json_doc_is_big(p, n, &big)) {
			buf_add(out, done, (size_t)(p - done));
			buf_printf(out, "\"" MARK_ESCAPED "%" PRIu64 "\"", big);
			done = next;
		}
	}
	buf_add(out, done, (size_t)(end - done));
}

/* Append a primer for tokens of up to longest bytes. */
static void
json_doc_prime(struct buf *out, size_t longest)
{
	size_t start = out->len, size = BUFFER_START;

	while (size < longest + BUFFER_SPARE)
		size *= 2;
	buf_str(out, PRIMER_START);
	while (!out->failed && out->len - start < size / 2)
		buf_str(out, PRIMER_UNIT);
	buf_chr(out, '"');
}

/* Report why jansson refused the text of len bytes, whose first line is line +
 * 1. */
static void
json_doc_report_refusal(
    const json_error_t *e, size_t len, const char *name, unsigned long line)
{
	line += e->line > 0 ? (unsigned long)e->line : 1;
	if (json_error_code(e) == json_error_numeric_overflow)
		report_error("%s:%lu: %s; a number has at most 64 bits", name,
		    line, e->text);
	else if (json_error_code(e) == json_error_null_character)
		report_error("%s:%lu: a string contains the character \\u0000, "
			     "which no name or value may contain",
		    name, line);
	else if (e->position >= (int)len &&
		 json_error_code(e) != json_error_end_of_input_expected)
		report_error(
		    "%s:%lu: not JSON: the text ends too early", name, line);
	else
		report_error("%s:%lu: not JSON: %s", name, line, e->text);
}

/*
 * Whether memory ran out while jansson parsed the text, whose primer ends at
 * offset primed.  jansson has no error code for this.  If it could not allocate
 * a value, its message is empty.  If its buffer could not grow, it reports an
 * error in the primer, which has none.  If it could not allocate the contents
 * of a string, it calls the string an invalid token or no key; no token that
 * really is invalid ends with a quote.
 */
static bool
json_doc_starved(const json_error_t *e, const char *text, size_t primed)
{
	static const char invalid[] = "invalid token",
			  no_key[] = "string or '}' expected";

	if (e->text[0] == '\0')
		return true;
	return e->position > 0 &&
	       ((size_t)e->position <= primed ||
		   (text[e->position - 1] == '"' &&
		       (strncmp(e->text, invalid, sizeof(invalid) - 1) == 0 ||
			   strncmp(e->text, no_key, sizeof(no_key) - 1) == 0)));
}

json_t *
json_doc_parse(
    const char *text, size_t len, const char *name, unsigned long line)
{
	struct buf marked = { 0 }, b = { 0 };
	size_t values, longest, primed;
	json_t *array = NULL, *v = NULL;
	json_error_t e;

	json_doc_mark(&marked, text, text + len, &values, &longest);
	if (values > JSON_DOC_VALUES_MAX) {
		report_error("%s:%lu: more than %d JSON values", name, line + 1,
		    JSON_DOC_VALUES_MAX);
		goto out;
	}
	buf_chr(&b, '[');
	json_doc_prime(&b, longest);
	primed = b.len;
	buf_chr(&b, ',');
	buf_add(&b, marked.data, marked.len);
	buf_chr(&b, ']');
	if (marked.failed || b.failed) {
		report_nomem();
		goto out;
	}
	array = json_loadb(b.data, b.len, 0, &e);
	if (array == NULL && json_doc_starved(&e, b.data, primed))
		report_nomem();
	else if (array == NULL)
		json_doc_report_refusal(&e, b.len, name, line);
	else if (json_array_size(array) != 2)
		report_error("%s:%lu: not JSON: more than one value at the top",
		    name, line + 1);
	else
		v = json_incref(json_array_get(array, 1));
	json_decref(array);
out:
	buf_free(&marked);
	buf_free(&b);
	return v;
}

/* Append the text from p on, with the changes of json_doc_mark() undone. */
static void
json_doc_unmark(struct buf *out, const char *p, const char *end)
{
	const char *next, *done = p, *inner;
	uint64_t big;
	size_t n;

	for (; p < end; p = next) {
		next = json_doc_skip_token(p, end);
		if (!json_doc_is_marked(p, (size_t)(next - p)))
			continue;
		inner = p + 1 + ESCAPED_LEN;
		n = (size_t)(next - 1 - inner);
		if (json_doc_is_big(inner, n, &big)) {
			buf_add(out, done, (size_t)(p - done));
			buf_add(out, inner, n);
			done = next;
		} else if (n >= ESCAPED_LEN &&
			   memcmp(inner, MARK_ESCAPED, ESCAPED_LEN) == 0) {
			buf_add(out, done, (size_t)(p + 1 - done));
			done = inner;
		}
	}
	buf_add(out, done, (size_t)(end - done));
}

/* Append a piece of the text.  Control characters that JSON permits, DEL and
 * those of C1, are escaped, since the text may be shown on a terminal. */
static int
json_doc_dumped(const char *text, size_t len, void *out)
{
	const char *done = text, *end = text + len;

	for (const char *p = text; p < end; p++) {
		bool c1 = p + 1 < end && *p == '\xc2' &&
			  (unsigned char)p[1] >= 0x80 &&
			  (unsigned char)p[1] <= 0x9f;

		if (*p != '\x7f' && !c1)
			continue;
		buf_add(out, done, (size_t)(p - done));
		p += c1;
		buf_printf(out, "\\u%04x", (unsigned char)*p);
		done = p + 1;
	}
	buf_add(out, done, (size_t)(end - done));
	return 0;
}

int
json_doc_write(const json_t *v, struct buf *out)
{
	static const char mark[] = "\"" MARK_ESCAPED;
	struct buf text = { 0 };
	int ret = 0;

	if (json_dump_callback(v, json_doc_dumped, &text,
		JSON_ENCODE_ANY | JSON_COMPACT) == -1 ||
	    text.failed)
		ret = report_nomem();
	else if (memmem(text.data, text.len, mark, sizeof(mark) - 1) == NULL)
		buf_add(out, text.data, text.len);
	else
		json_doc_unmark(out, text.data, text.data + text.len);
	buf_free(&text);
	return out->failed ? -1 : ret;
}

bool
json_doc_u64(const json_t *v, uint64_t *out)
{
	const char *s = json_string_value(v);

	if (json_is_integer(v) && json_integer_value(v) >= 0) {
		*out = (uint64_t)json_integer_value(v);
		return true;
	}
	return s != NULL && s[0] == MARK[0] &&
	       json_doc_is_big(s + MARK_LEN, strlen(s + MARK_LEN), out);
}

bool
json_doc_is_number(const json_t *v)
{
	uint64_t n;

	return json_is_number(v) || json_doc_u64(v, &n);
}

json_t *
json_doc_find_parent(const json_t *record, const char *path, const char **key)
{
	const char *dot;

	while (record != NULL && (dot = strchr(path, '.')) != NULL) {
		record = json_object_getn(record, path, (size_t)(dot - path));
		path = dot + 1;
	}
	*key = path;
	/* As jansson's own look-ups do. */
	return (json_t *)(uintptr_t)record;
}

const char *
json_doc_string(const json_t *v)
{
	const char *s = json_string_value(v);
	uint64_t n;

	if (s == NULL || s[0] != MARK[0])
		return s;
	if (s[MARK_LEN] == MARK[0])
		return s + MARK_LEN;
	return json_doc_u64(v, &n) ? NULL : s;
}

json_t *
json_doc_u64_new(uint64_t n)
{
	if (n <= INT64_MAX)
		return json_integer((json_int_t)n);
	return json_sprintf(MARK "%" PRIu64, n);
}

json_t *
json_doc_string_new(const char *text, size_t len)
{
	if (len > 0 && text[0] == MARK[0])
		return json_sprintf(MARK "%.*s", (int)len, text);
	return json_stringn(text, len);
}

const char *
json_doc_kind(const json_t *v)
{
	if (v == NULL)
		return "nothing";
	if (json_doc_is_number(v))
		return "a number";
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_NULL:
		return "null";
	default:
		return "a boolean";
	}
}

/* The value of key in obj, or NULL if it is absent or null. */
static json_t *
json_doc_member(const json_t *obj, const char *key)
{
	json_t *v = json_object_get(obj, key);

	return json_is_null(v) ? NULL : v;
}

static int
json_doc_wrong_kind(
    const json_t *v, const char *key, const char *want, const char *where)
{
	report_error(
	    "%s.%s: expected %s, found %s", where, key, want, json_doc_kind(v));
	return -1;
}

int
json_doc_get_string(
    const json_t *obj, const char *key, const char **out, const char *where)
{
	const json_t *v = json_doc_member(obj, key);

	if (v == NULL)
		return 0;
	if (json_doc_string(v) == NULL)
		return json_doc_wrong_kind(v, key, "a string", where);
	*out = json_doc_string(v);
	return 1;
}

int
json_doc_get_bool(
    const json_t *obj, const char *key, bool *out, const char *where)
{
	const json_t *v = json_doc_member(obj, key);

	if (v == NULL)
		return 0;
	if (!json_is_boolean(v))
		return json_doc_wrong_kind(v, key, "true or false", where);
	*out = json_is_true(v);
	return 1;
}

int
json_doc_get_u64(const json_t *obj, const char *key, uint64_t max,
    uint64_t *out, const char *where)
{
	const json_t *v = json_doc_member(obj, key);
	uint64_t n;

	if (v == NULL)
		return 0;
	if (!json_doc_is_number(v))
		return json_doc_wrong_kind(v, key, "a number", where);
	if (!json_doc_u64(v, &n)) {
		report_error(
		    "%s.%s: expected a whole number from 0", where, key);
		return -1;
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

/* Get an array or an object. */
static int
json_doc_get_container(const json_t *obj, const char *key, json_type type,
    json_t **out, const char *where)
{
	json_t *v = json_doc_member(obj, key);

	if (v == NULL)
		return 0;
	if (json_typeof(v) != type)
		return json_doc_wrong_kind(v, key,
		    type == JSON_ARRAY ? "an array" : "an object", where);
	*out = v;
	return 1;
}

int
json_doc_get_array(
    const json_t *obj, const char *key, json_t **out, const char *where)
{
	return json_doc_get_container(obj, key, JSON_ARRAY, out, where);
}

int
json_doc_get_object(
    const json_t *obj, const char *key, json_t **out, const char *where)
{
	return json_doc_get_container(obj, key, JSON_OBJECT, out, where);
}

int
json_doc_missing(const char *key, const char *where)
{
	report_error("%s: %s is missing", where, key);
	return -1;
}
