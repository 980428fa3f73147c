#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/json-cursor.h"
#include "base/text.h"

void
json_cursor_open(struct json_cursor *c, const char *text, size_t len)
{
	*c = (struct json_cursor){ .p = text, .end = text + len };
}

static inline bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline void
skip_blanks(struct json_cursor *c)
{
	/* Records that this project wrote have none. */
	if (c->p == c->end || !is_blank(*c->p))
		return;
	c->spaced = true;
	while (c->p < c->end && is_blank(*c->p))
		c->p++;
}

static inline bool
skip_char(struct json_cursor *c, char expected)
{
	if (c->p == c->end || *c->p != expected)
		return false;
	c->p++;
	return true;
}

/* Skip the rest of an escape, after its backslash. */
static bool
skip_escape(struct json_cursor *c)
{
	int digits = 4;

	if (c->p == c->end || *c->p == '\0' ||
	    strchr("\"\\/bfnrtu", *c->p) == NULL)
		return false;
	if (*c->p++ != 'u')
		return true;
	for (; digits > 0 && c->p < c->end && text_hex_value(*c->p) != -1;
	     digits--)
		c->p++;
	return digits == 0;
}

/* The first byte from p on that ends a string or may not be in it as it is: a
 * quote, a backslash, a control byte; or end. */
static inline const char *
find_string_end(const char *p, const char *end)
{
#ifdef __SSE2__
	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i odd = _mm_or_si128(
		    _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v),
		    _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
			_mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));
		unsigned int mask = (unsigned int)_mm_movemask_epi8(odd);

		if (mask != 0)
			return p + __builtin_ctz(mask);
	}
#endif
	while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20)
		p++;
	return p;
}

static inline bool
skip_string(struct json_cursor *c)
{
	if (!skip_char(c, '"'))
		return false;
	for (;;) {
		c->p = find_string_end(c->p, c->end);
		if (c->p == c->end)
			return false;
		if (*c->p == '"') {
			c->p++;
			return true;
		}
		if (!skip_char(c, '\\') || !skip_escape(c))
			return false;
	}
}

static inline bool
skip_digits(struct json_cursor *c)
{
	const char *from = c->p;

	while (c->p < c->end && *c->p >= '0' && *c->p <= '9')
		c->p++;
	return c->p > from;
}

static inline bool
skip_number(struct json_cursor *c)
{
	skip_char(c, '-');
	/* No digit may follow a leading zero. */
	if (!skip_char(c, '0') && !skip_digits(c))
		return false;
	if (skip_char(c, '.') && !skip_digits(c))
		return false;
	if (c->p == c->end || (*c->p != 'e' && *c->p != 'E'))
		return true;
	c->p++;
	if (!skip_char(c, '+'))
		skip_char(c, '-');
	return skip_digits(c);
}

static bool
skip_scalar(struct json_cursor *c)
{
	static const char *const words[] = { "true", "false", "null" };

	if ((unsigned char)(*c->p - '0') <= 9)
		return skip_number(c);
	for (size_t i = 0; i < 3; i++) {
		size_t n = strlen(words[i]);

		if ((size_t)(c->end - c->p) >= n &&
		    memcmp(c->p, words[i], n) == 0) {
			c->p += n;
			return true;
		}
	}
	return skip_number(c);
}

/* Skip the value at the cursor, which has a first byte. */
static bool
skip_value(struct json_cursor *c)
{
	struct json_value key;
	bool object = *c->p == '{';
	int got;

	if (*c->p == '"')
		return skip_string(c);
	if (!object && *c->p != '[')
		return skip_scalar(c);
	if (!json_cursor_enter(c))
		return false;
	while ((got = object ? json_cursor_next_member(c, &key)
			     : json_cursor_next_element(c)) == 1)
		if (c->p == c->end || !skip_value(c))
			return false;
	return got == 0;
}

static inline enum json_value_kind
kind_of(char first)
{
	return first == '"'   ? JSON_VALUE_STRING
	       : first == '{' ? JSON_VALUE_OBJECT
	       : first == '[' ? JSON_VALUE_ARRAY
			      : JSON_VALUE_SCALAR;
}

enum json_value_kind
json_cursor_kind(struct json_cursor *c)
{
	skip_blanks(c);
	return c->p == c->end ? JSON_VALUE_ABSENT : kind_of(*c->p);
}

bool
json_cursor_read(struct json_cursor *c, struct json_value *v)
{
	skip_blanks(c);
	if (c->p == c->end)
		return false;
	v->kind = kind_of(*c->p);
	v->text = c->p;
	if (!skip_value(c))
		return false;
	v->len = (size_t)(c->p - v->text);
	return true;
}

bool
json_cursor_enter(struct json_cursor *c)
{
	skip_blanks(c);
	if (c->p == c->end || (*c->p != '{' && *c->p != '[') ||
	    c->depth == JSON_CURSOR_DEPTH_MAX)
		return false;
	c->p++;
	c->depth++;
	c->first = true;
	return true;
}

/* Step over the comma in front of the next member or element.  Returns as
 * json_cursor_next_element() does. */
static inline int
next_part(struct json_cursor *c, char close)
{
	skip_blanks(c);
	if (skip_char(c, close)) {
		c->first = false; /* of what is around */
		c->depth--;
		return 0;
	}
	if (!c->first && !skip_char(c, ','))
		return -1;
	c->first = false;
	skip_blanks(c);
	return 1;
}

int
json_cursor_next_member(struct json_cursor *c, struct json_value *key)
{
	int got = next_part(c, '}');

	if (got != 1)
		return got;
	key->kind = JSON_VALUE_STRING;
	key->text = c->p;
	if (!skip_string(c))
		return -1;
	key->len = (size_t)(c->p - key->text);
	skip_blanks(c);
	if (!skip_char(c, ':'))
		return -1;
	skip_blanks(c);
	return 1;
}

int
json_cursor_next_element(struct json_cursor *c)
{
	return next_part(c, ']');
}

bool
json_cursor_is_done(struct json_cursor *c)
{
	skip_blanks(c);
	return c->p == c->end;
}

static void
add_utf8(struct buf *out, uint32_t c)
{
	char s[4];
	size_t n;

	if (c == 0 || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = n; i-- > 1; c >>= 6)
		s[i] = (char)(0x80 | (c & 0x3f));
	/* Now c has the bits of the first byte; its length stands in front. */
	s[0] = n == 1 ? (char)c : (char)((0xf00 >> n & 0xff) | c);
	buf_add(out, s, n);
}

static uint32_t
parse_hex4(const char *p)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++)
		v = v << 4 | (uint32_t)text_hex_value(p[i]);
	return v;
}

/* Append the code point whose four digits are at p, or that of a pair of \u
 * escapes.  Returns where they end. */
static const char *
decode_unicode(const char *p, const char *end, struct buf *out)
{
	uint32_t c = parse_hex4(p), low = 0;

	p += 4;
	if ((c & 0xfc00) == 0xd800 && end - p >= 6 && p[0] == '\\' &&
	    p[1] == 'u')
		low = parse_hex4(p + 2);
	if ((low & 0xfc00) == 0xdc00) {
		c = 0x10000 + ((c & 0x3ff) << 10) + (low & 0x3ff);
		p += 6;
	}
	add_utf8(out, c);
	return p;
}

/* What the letter after a backslash stands for. */
static char
decode_letter(char letter)
{
	static const char pairs[] = "b\bf\fn\nr\rt\t";

	for (size_t i = 0; i < sizeof(pairs) - 1; i += 2)
		if (pairs[i] == letter)
			return pairs[i + 1];
	return letter;
}

void
json_value_decode(const struct json_value *string, struct buf *out)
{
	const char *p = string->text + 1, *end = p + string->len - 2, *q;

	while ((q = memchr(p, '\\', (size_t)(end - p))) != NULL) {
		buf_add(out, p, (size_t)(q - p));
		if (q[1] == 'u') {
			p = decode_unicode(q + 2, end, out);
		} else {
			buf_chr(out, decode_letter(q[1]));
			p = q + 2;
		}
	}
	buf_add(out, p, (size_t)(end - p));
}

bool
json_value_is(const struct json_value *string, const char *text)
{
	size_t n = strlen(text);
	struct buf decoded = { 0 };
	bool same;

	if (string->kind != JSON_VALUE_STRING)
		return false;
	if (string->len == n + 2 && memcmp(string->text + 1, text, n) == 0)
		return true;
	if (memchr(string->text, '\\', string->len) == NULL)
		return false;
	json_value_decode(string, &decoded);
	same =
	    decoded.len == n && (n == 0 || memcmp(decoded.data, text, n) == 0);
	buf_free(&decoded);
	return same;
}

uint64_t
json_value_u64(const struct json_value *v)
{
	uint64_t n = 0;

	if (v->kind != JSON_VALUE_SCALAR)
		return 0;
	for (size_t i = 0; i < v->len; i++) {
		unsigned int digit = (unsigned int)(v->text[i] - '0');

		if (digit > 9)
			return 0;
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, digit, &n))
			return UINT64_MAX;
	}
	return n;
}

const char *
json_cursor_string_end(const char *p, const char *end)
{
	struct json_cursor c = { .p = p, .end = end };

	skip_string(&c);
	return c.p;
}

/* Append a string of n bytes, with its quotes, in our own spelling. */
static void
respell_string(struct buf *out, const char *text, size_t n)
{
	const struct json_value string = { JSON_VALUE_STRING, text, n };
	struct buf decoded = { 0 };

	json_value_decode(&string, &decoded);
	buf_chr(out, '"');
	text_write(out, decoded.data, decoded.len, STYLE_JSON);
	buf_chr(out, '"');
	out->failed |= decoded.failed;
	buf_free(&decoded);
}

/* Append a value without its blanks, and its strings respelled or as they are.
 */
static void
write_parts(const struct json_value *v, struct buf *out, bool respell)
{
	const char *p = v->text, *end = p + v->len, *q;

	for (; p < end; p = q) {
		if (*p == '"') {
			q = json_cursor_string_end(p, end);
			if (respell && memchr(p, '\\', (size_t)(q - p)) != NULL)
				respell_string(out, p, (size_t)(q - p));
			else
				buf_add(out, p, (size_t)(q - p));
		} else {
			q = p;
			while (q < end && *q != '"' && !is_blank(*q))
				q++;
			buf_add(out, p, (size_t)(q - p));
			while (q < end && is_blank(*q))
				q++;
		}
	}
}

void
json_value_write_compact(const struct json_value *v, struct buf *out)
{
	write_parts(v, out, false);
}

void
json_value_respell(const struct json_value *v, struct buf *out)
{
	write_parts(v, out, true);
}
