#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-doc.h"
#include "base/report.h"

/*
 * An integer above INT64_MAX is a string of its digits behind MARK.  A string
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
 * them, the parser reads and writes on behind the token.
 *
 * Therefore the first token of a text is a string of ours, the primer, which
 * makes the buffer large enough for every other token.  It consists of \u
 * escapes, whose digits jansson does check: a byte is lost where 2^k - 1 bytes
 * were stored, which never is the boundary of two escapes because of the bytes
 * in front of them, so the primer turns into a syntax error.
 */
#define PRIMER_START "\"..."
#define PRIMER_UNIT "\\u0041"
enum {
	TOKEN_SHORT = ESCAPED_LEN + 1, /* needs no growth and has no MARK */
	BUFFER_START = 16,
	BUFFER_SPARE = 3, /* for a byte of look-ahead and the NUL */
};

/* The end of the string literal that starts with the quote at p. */
static const char *
json_doc_skip_string(const char *p, const char *end)
{
	const char *q, *back;

	for (p++; (q = memchr(p, '"', (size_t)(end - p))) != NULL; p = q + 1) {
		for (back = q; back > p && back[-1] == '\\'; back--)
			;
		if ((q - back) % 2 == 0)
			return q + 1;
	}
	return end;
}

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
		return json_doc_skip_string(p, end);
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
	return n > TOKEN_SHORT && token[0] == '"' &&
	       memcmp(token + 1, MARK_ESCAPED, ESCAPED_LEN) == 0;
}

/* The facts about a text that are needed to parse it. */
struct json_doc_text {
	const char *text, *end; /* borrowed */
	const char *first;      /* its first byte that is not blank, or end */
	size_t values;          /* an upper bound on their number */
	size_t longest;         /* bytes of its longest token */
};

static struct json_doc_text
json_doc_scan(const char *text, size_t len)
{
	struct json_doc_text d = { text, text + len, text + len, 1, 0 };
	const char *p, *next;

	for (p = text; p < d.end; p = next) {
		size_t n;

		next = json_doc_skip_token(p, d.end);
		n = (size_t)(next - p);
		if (n > d.longest)
			d.longest = n;
		if (d.first == d.end && *p != ' ' && *p != '\t' && *p != '\r' &&
		    *p != '\n')
			d.first = p;
		/* Every value but the first is behind one of these. */
		d.values += *p == '[' || *p == '{' || *p == ',';
	}
	return d;
}

/* Append the text from p on, with large integers and strings that begin with
 * MARK as they are in trees. */
static void
json_doc_mark(struct buf *out, const char *p, const char *end)
{
	const char *next, *done = p;
	uint64_t big;

	for (; p < end; p = next) {
		next = json_doc_skip_token(p, end);
		if (json_doc_is_marked(p, (size_t)(next - p))) {
			buf_add(out, done, (size_t)(p + 1 - done));
			buf_str(out, MARK_ESCAPED);
			done = p + 1;
		} else if (json_doc_is_big(p, (size_t)(next - p), &big)) {
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

/* Report why jansson refused the text, whose first line is line + 1. */
static void
json_doc_report_refusal(
    const json_error_t *e, const char *name, unsigned long line)
{
	line += e->line > 0 ? (unsigned long)e->line : 1;
	if (json_error_code(e) == json_error_numeric_overflow)
		report_error("%s:%lu: %s; a number has at most 64 bits", name,
		    line, e->text);
	else if (json_error_code(e) == json_error_null_character)
		report_error("%s:%lu: a string contains the character \\u0000, "
			     "which no name or value may contain",
		    name, line);
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

/* json_loadb(), with a report if it fails. */
static json_t *
json_doc_load(const char *text, size_t len, size_t primed, const char *name,
    unsigned long line)
{
	json_error_t e;
	json_t *v = json_loadb(text, len, JSON_DECODE_ANY, &e);

	if (v != NULL)
		return v;
	if (json_doc_starved(&e, text, primed))
		report_nomem();
	else
		json_doc_report_refusal(&e, name, line);
	return NULL;
}

/* Parse the text with a primer as the first member or element of its root, or
 * with both in an array if the root is neither object nor array, and remove the
 * primer again. */
static json_t *
json_doc_load_primed(
    const struct json_doc_text *d, const char *name, unsigned long line)
{
	char root = d->first < d->end ? *d->first : '\0';
	bool wrapped = root != '{' && root != '[';
	const char *rest = wrapped ? d->text : d->first + 1;
	struct buf b = { 0 };
	json_t *v = NULL, *item;
	size_t primed;

	if (wrapped)
		buf_chr(&b, '[');
	else
		buf_add(&b, d->text, (size_t)(rest - d->text));
	if (root == '{')
		buf_str(&b, "\"" MARK_ESCAPED "\":");
	json_doc_prime(&b, d->longest);
	primed = b.len;
	buf_chr(&b, ',');
	json_doc_mark(&b, rest, d->end);
	if (wrapped)
		buf_chr(&b, ']');
	if (b.failed)
		report_nomem();
	else
		v = json_doc_load(b.data, b.len, primed, name, line);
	buf_free(&b);
	if (v == NULL)
		return NULL;
	if (root == '{') {
		json_object_del(v, MARK);
	} else if (root == '[') {
		json_array_remove(v, 0);
	} else {
		item = json_array_size(v) == 2
			   ? json_incref(json_array_get(v, 1))
			   : NULL;
		if (item == NULL)
			report_error(
			    "%s:%lu: not JSON: more than one value at the top",
			    name, line + 1);
		json_decref(v);
		v = item;
	}
	return v;
}

json_t *
json_doc_parse(
    const char *text, size_t len, const char *name, unsigned long line)
{
	struct json_doc_text d = json_doc_scan(text, len);

	if (d.values > JSON_DOC_VALUES_MAX) {
		report_error("%s:%lu: more than %d JSON values", name, line + 1,
		    JSON_DOC_VALUES_MAX);
		return NULL;
	}
	if (d.longest > TOKEN_SHORT)
		return json_doc_load_primed(&d, name, line);
	return json_doc_load(text, len, 0, name, line);
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

static int
json_doc_dumped(const char *text, size_t len, void *out)
{
	buf_add(out, text, len);
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

int
json_doc_get_array(
    const json_t *obj, const char *key, json_t **out, const char *where)
{
	json_t *v = json_doc_member(obj, key);

	if (v == NULL)
		return 0;
	if (!json_is_array(v))
		return json_doc_wrong_kind(v, key, "an array", where);
	*out = v;
	return 1;
}

int
json_doc_get_object(
    const json_t *obj, const char *key, json_t **out, const char *where)
{
	json_t *v = json_doc_member(obj, key);

	if (v == NULL)
		return 0;
	if (!json_is_object(v))
		return json_doc_wrong_kind(v, key, "an object", where);
	*out = v;
	return 1;
}

int
json_doc_missing(const char *key, const char *where)
{
	report_error("%s: %s is missing", where, key);
	return -1;
}
