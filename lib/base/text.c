#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii-run.h"
#include "base/decimal8.h"
#include "base/text.h"
#include "base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static const uint64_t e8 = DECIMAL8_END, e19 = 10000000000000000000u;

char *
text_digits(char *p, uint64_t v, int n)
{
	char *end = p + n;

	for (; n >= 8; n -= 8, v /= e8)
		decimal8_write_all(p + n - 8, (uint32_t)(v % e8));
	for (; n > 1; n--, v /= 10)
		p[n - 1] = (char)('0' + v % 10);
	if (n == 1)
		*p = (char)('0' + v % 10);
	return end;
}

char *
text_nanoseconds(char *p, uint32_t v)
{
	uint32_t first = v / DECIMAL8_END;

	*p = (char)('0' + first);
	return decimal8_write_all(p + 1, v - first * DECIMAL8_END);
}

/* The last eight digits of v, with leading zeros. */
static char *
last_eight(char *p, uint64_t v)
{
	return decimal8_write_all(p, (uint32_t)(v % e8));
}

char *
text_u64(char *p, uint64_t v)
{
	if (v < e8)
		return decimal8_write(p, (uint32_t)v);
	if (v < e8 * e8)
		return last_eight(decimal8_write(p, (uint32_t)(v / e8)), v);
	p = decimal8_write(p, (uint32_t)(v / (e8 * e8)));
	return last_eight(last_eight(p, v / e8), v);
}

char *
text_i64(char *p, int64_t v)
{
	if (v >= 0)
		return text_u64(p, (uint64_t)v);
	*p = '-';
	return text_u64(p + 1, -(uint64_t)v);
}

char *
text_u128(char *p, unsigned __int128 v)
{
	if (v <= UINT64_MAX)
		return text_u64(p, (uint64_t)v);
	p = text_u128(p, v / e19);
	return text_digits(p, (uint64_t)(v % e19), 19);
}

char *
text_i128(char *p, __int128 v)
{
	if (v >= 0)
		return text_u128(p, (unsigned __int128)v);
	*p = '-';
	return text_u128(p + 1, -(unsigned __int128)v);
}

char *
text_hex(char *p, const unsigned char *s, size_t n)
{
	static const char hex[] = "0123456789abcdef";

	for (; n > 0; n--, s++) {
		*p++ = hex[*s >> 4];
		*p++ = hex[*s & 15];
	}
	return p;
}

/* How the two types of floating-point numbers differ. */
struct precision {
	bool is_float;
	int sure;        /* decimals with this many digits survive */
	double limit;    /* 10 to the power of sure */
	int most;        /* this many digits identify any number */
	int large;       /* most digits before the point, else 1e16 */
	int small;       /* most zeros after the point, else 1e-7 */
	double smallest; /* the smallest normal number */
};

static const struct precision single = { true, 6, 1e6, 9, 13, 5, 0x1p-126 };
static const struct precision twice = { false, 15, 1e15, 17, 16, 4, 0x1p-1022 };

/* 0.DIGITS times 10 to the point. */
struct decimal {
	char digits[24];
	int n;
	int point;
};

/*
 * The fast way for a whole number divided by a power of ten, as most measured
 * values are: both are exact in a double, so dividing them rounds as strtod(3)
 * does.  Returns false if v is no such number.
 */
static bool
decimal_fraction(struct decimal *d, double v, const struct precision *w)
{
	double scale = 1, back;
	uint64_t whole;

	for (int k = 0; k <= w->sure && v * scale < w->limit;
	     k++, scale *= 10) {
		whole = (uint64_t)(v * scale + 0.5);
		back = (double)whole / scale;
		if (w->is_float ? (float)back != (float)v : back != v)
			continue;
		d->n = (int)(text_u64(d->digits, whole) - d->digits);
		d->point = d->n - k;
		return true;
	}
	return false;
}

/* Whether 0.digits times 10 to the point reads back as v. */
static bool
decimal_is(const struct decimal *d, double v, const struct precision *w)
{
	char text[40];

	snprintf(
	    text, sizeof(text), "%.*se%d", d->n, d->digits, d->point - d->n);
	return w->is_float ? strtof(text, NULL) == (float)v
			   : strtod(text, NULL) == v;
}

/* The next larger number of as many digits. */
static void
decimal_increment(struct decimal *d)
{
	int i = d->n;

	while (i > 0 && d->digits[i - 1] == '9')
		d->digits[--i] = '0';
	if (i > 0) {
		d->digits[i - 1]++;
	} else {
		d->digits[0] = '1';
		d->point++;
	}
}

/*
 * Any other number, by trying ever more digits.  Where v is a power of two, the
 * numbers that are read as v reach twice as far above it as below, so the next
 * larger one may do where the nearest does not.
 */
static void
decimal_search(struct decimal *d, double v, const struct precision *w)
{
	int exponent, n = v < w->smallest ? 1 : w->sure;
	bool is_power = frexp(v, &exponent) == 0.5;
	char text[64], *p;

	for (;; n++) {
		snprintf(text, sizeof(text), "%.*e", n - 1, v);
		/* In some locales the point is another character, or several.
		 */
		d->n = 0;
		for (p = text; *p != 'e'; p++)
			if (*p >= '0' && *p <= '9')
				d->digits[d->n++] = *p;
		d->point = atoi(p + 1) + 1;
		if (n >= w->most || decimal_is(d, v, w))
			break;
		if (!is_power)
			continue;
		decimal_increment(d);
		if (decimal_is(d, v, w))
			break;
	}
	while (d->n > 1 && d->digits[d->n - 1] == '0')
		d->n--;
}

/* Lay the number out as Rust's libraries, and so the reference loader, do. */
static char *
emit_decimal(char *p, const struct decimal *d, const struct precision *w)
{
	if (d->point > 0 && d->point <= w->large) {
		for (int i = 0; i < d->n || i <= d->point; i++) {
			if (i == d->point)
				*p++ = '.';
			*p++ = i < d->n ? d->digits[i] : '0';
		}
		return p;
	}
	if (d->point <= 0 && d->point >= -w->small) {
		memcpy(p, "0.0000000", 9);
		p += 2 - d->point;
		memcpy(p, d->digits, (size_t)d->n);
		return p + d->n;
	}
	*p++ = d->digits[0];
	if (d->n > 1) {
		*p++ = '.';
		memcpy(p, d->digits + 1, (size_t)d->n - 1);
		p += d->n - 1;
	}
	*p++ = 'e';
	return text_i64(p, d->point - 1);
}

static char *
emit_real(char *p, double v, const struct precision *w)
{
	struct decimal d;

	if (!isfinite(v)) {
		memcpy(p, "null", 4);
		return p + 4;
	}
	if (signbit(v)) {
		*p++ = '-';
		v = -v;
	}
	if (v == 0) {
		memcpy(p, "0.0", 3);
		return p + 3;
	}
	if (!decimal_fraction(&d, v, w))
		decimal_search(&d, v, w);
	return emit_decimal(p, &d, w);
}

char *
text_float(char *p, float v)
{
	return emit_real(p, (double)v, &single);
}

char *
text_double(char *p, double v)
{
	return emit_real(p, v, &twice);
}

/* Copy one UTF-8 sequence, or U+FFFD for an invalid byte, and set *used to the
 * number of bytes it had at s, where n are left. */
static char *
copy_utf8(char *p, const unsigned char *s, size_t n, size_t *used)
{
	uint32_t c;

	*used = utf8_length(s, n, &c);
	if (*used == 0) {
		memcpy(p, REPLACEMENT, 3);
		*used = 1;
		return p + 3;
	}
	memcpy(p, s, *used);
	return p + *used;
}

static char *
json_escape(char *p, unsigned char c)
{
	static const char letters[] = "btn\0fr"; /* 8 to 13; \v has none */

	*p++ = '\\';
	if (c == '"' || c == '\\') {
		*p++ = (char)c;
	} else if (c >= 8 && c <= 13 && c != 11) {
		*p++ = letters[c - 8];
	} else {
		memcpy(p, "u00", 3);
		p = text_hex(p + 3, &c, 1);
	}
	return p;
}

/* Writes the character at s, where n bytes are left, that cannot be copied as
 * it is, and sets *used to the number of its bytes. */
typedef char *odd_fn(char *p, const unsigned char *s, size_t n, size_t *used);

/* Copy a string to its end or its NUL; odd writes what is not plain ASCII or is
 * one of the characters a and b. */
static inline char *
emit_with(
    char *p, const unsigned char *s, size_t n, char a, char b, odd_fn *odd)
{
	size_t done;

	for (;; s += done, n -= done) {
		done = ascii_run_copy(p, s, n, a, b);
		p += done;
		s += done;
		n -= done;
		if (n == 0 || *s == '\0')
			return p;
		p = odd(p, s, n, &done);
	}
}

static char *
json_odd(char *p, const unsigned char *s, size_t n, size_t *used)
{
	*used = 1;
	return *s < 0x80 ? json_escape(p, *s) : copy_utf8(p, s, n, used);
}

char *
text_json(char *p, const unsigned char *s, size_t n)
{
	return emit_with(p, s, n, '"', '\\', json_odd);
}

/* The end of the string in n bytes, and whether it needs quotes in CSV. */
static const unsigned char *
csv_end(const unsigned char *s, size_t n, bool *quote)
{
	const unsigned char *end = s + n;

	*quote = text_is_csv_null(s, n);
	for (; s < end && *s != '\0'; s++)
		*quote |= *s == '"' || *s == ',' || *s == '\n' || *s == '\r';
	return s;
}

/* A field that cannot be copied as a whole. */
static char *
csv_odd(char *p, const unsigned char *s, size_t n)
{
	bool quote;
	const unsigned char *end = csv_end(s, n, &quote);
	size_t used;

	if (quote)
		*p++ = '"';
	for (; s < end; s += used) {
		used = 1;
		if (*s == '"')
			*p++ = '"';
		if (*s < 0x80)
			*p++ = (char)*s;
		else
			p = copy_utf8(p, s, (size_t)(end - s), &used);
	}
	if (quote)
		*p++ = '"';
	return p;
}

char *
text_csv(char *p, const unsigned char *s, size_t n)
{
	size_t done = ascii_run_copy(p, s, n, '"', ',');

	return (done == n || s[done] == '\0') && !text_is_csv_null(s, n)
		   ? p + done
		   : csv_odd(p, s, n);
}

static char *
tsv_odd(char *p, const unsigned char *s, size_t n, size_t *used)
{
	static const char letters[] = "\tt\nn\rr\\\\";
	const char *letter = letters;

	if (*s >= 0x80)
		return copy_utf8(p, s, n, used);
	*used = 1;
	while (*letter != '\0' && *letter != (char)*s)
		letter += 2;
	if (*letter != '\0')
		*p++ = '\\';
	*p++ = *letter != '\0' ? letter[1] : (char)*s;
	return p;
}

char *
text_tsv(char *p, const unsigned char *s, size_t n)
{
	return emit_with(p, s, n, '\\', '\\', tsv_odd);
}

/* One byte as vis(3) writes it with VIS_CSTYLE | VIS_WHITE. */
static char *
vis_byte(char *p, unsigned char c)
{
	*p++ = '\\';
	if (c >= 7 && c <= 13) {
		*p++ = "abtnvfr"[c - 7];
		return p;
	}
	if (c & 0x80)
		*p++ = 'M';
	c &= 0x7f;
	if (c >= 0x20 && c != 0x7f) {
		*p++ = '-';
		*p++ = (char)c;
	} else {
		*p++ = '^';
		*p++ = (char)(c ^ 0x40);
	}
	return p;
}

/* Whether c is a control character above ASCII, a line or paragraph separator,
 * or a character that changes the direction of writing, with which a line can
 * show something other than it says. */
static bool
steers_terminal(uint32_t c)
{
	return c < 0xa0 || c == 0x61c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Copy a valid character, or show its first byte. */
static char *
vis_odd(char *p, const unsigned char *s, size_t n, size_t *used)
{
	uint32_t c;
	size_t len = *s < 0x80 ? 0 : utf8_length(s, n, &c);

	if (len == 0 || steers_terminal(c)) {
		*used = 1;
		return vis_byte(p, *s);
	}
	*used = len;
	memcpy(p, s, len);
	return p + len;
}

char *
text_vis(char *p, const unsigned char *s, size_t n)
{
	return emit_with(p, s, n, 0x7f, 0x7f, vis_odd);
}

char *
text_raw(char *p, const unsigned char *s, size_t n)
{
	size_t len = strnlen((const char *)s, n);

	memcpy(p, s, len);
	return p + len;
}

void
text_write(struct buf *out, const void *text, size_t n, enum style style)
{
	static char *(*const emit[])(char *, const unsigned char *, size_t) = {
		[STYLE_JSON] = text_json,
		[STYLE_CSV] = text_csv,
		[STYLE_TSV] = text_tsv,
		[STYLE_VIS] = text_vis,
		[STYLE_RAW] = text_raw,
	};
	char *p = buf_room(out, TEXT_ESCAPED_MAX(n));

	/* text may be NULL when n is 0: the data of an empty buffer. */
	if (p != NULL)
		out->len =
		    (size_t)(emit[style](p, n > 0 ? text : "", n) - out->data);
}

void
text_write_line(struct buf *out, const void *text, size_t n, enum style style)
{
	const char *p = text, *end, *tab;

	if (n == 0)
		return;
	end = p + strnlen(p, n);
	while (style == STYLE_VIS &&
	       (tab = memchr(p, '\t', (size_t)(end - p))) != NULL) {
		text_write(out, p, (size_t)(tab - p), style);
		buf_chr(out, '\t');
		p = tab + 1;
	}
	text_write(out, p, (size_t)(end - p), style);
}
