/*
 * Numbers and strings as text.  Each function writes at p and returns the end
 * of what it wrote.  The caller provides the room that the TEXT_..._MAX
 * constants say; bytes of it past the end may be overwritten.  Only the last
 * two functions allocate.
 */
#ifndef SKEL_BASE_TEXT_H
#define SKEL_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum {
	TEXT_U64_MAX = 20,
	TEXT_I64_MAX = 20,
	TEXT_128_MAX = 40,
	TEXT_FLOAT_MAX = 32,
	TEXT_SLACK = 32, /* room past the end that copying may use */
};

/* Room for n bytes of text in any of the forms below: "\u0001" in JSON takes
 * six bytes for one, and CSV has two quotes. */
#define TEXT_ESCAPED_MAX(n) ((n)*6 + 2 + TEXT_SLACK)

char *text_u64(char *p, uint64_t v);
char *text_i64(char *p, int64_t v);
char *text_u128(char *p, unsigned __int128 v);
char *text_i128(char *p, __int128 v);

/* The last n digits of v, with leading zeros; and the nine digits of v, which
 * is less than 10^9. */
char *text_digits(char *p, uint64_t v, int n);
char *text_nanoseconds(char *p, uint32_t v);

/* n bytes as 2 * n hex digits, and the value of a hex digit, or -1. */
char *text_hex(char *p, const unsigned char *s, size_t n);

static inline int
text_hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * The fewest digits that strtof(3) or strtod(3) reads as the same number, laid
 * out as the reference loader does: 1.0, 4.56, 1e16, 1e-7.  Infinities and
 * not-a-number are "null".
 */
char *text_float(char *p, float v);
char *text_double(char *p, double v);

/*
 * A string of at most n bytes, up to its NUL if it has one:
 *
 * text_json: the inside of a JSON string; invalid UTF-8 becomes U+FFFD.
 * text_csv: a field of RFC 4180, quoted if necessary; invalid UTF-8 as above.
 *	Databases take \N for no value unless it is quoted, so that it is.
 * text_tsv: tab, newline, return and backslash as \t \n \r \\; invalid UTF-8 as
 *	above.
 * text_vis: for terminals: control characters, invalid UTF-8 and characters
 * that change the direction of writing as vis(3) shows them.
 */
char *text_json(char *p, const unsigned char *s, size_t n);
char *text_csv(char *p, const unsigned char *s, size_t n);
char *text_tsv(char *p, const unsigned char *s, size_t n);
char *text_vis(char *p, const unsigned char *s, size_t n);

/* Whether the text in n bytes is \N. */
static inline bool
text_is_csv_null(const unsigned char *s, size_t n)
{
	return n >= 2 && s[0] == '\\' && s[1] == 'N' &&
	       (n == 2 || s[2] == '\0');
}

/* The bytes as they are. */
char *text_raw(char *p, const unsigned char *s, size_t n);

/* The forms of text, by number. */
enum style { STYLE_JSON, STYLE_CSV, STYLE_TSV, STYLE_VIS, STYLE_RAW };

/*
 * Append n bytes of text to out in a style.  The text ends early at a NUL.
 * If memory runs out, out->failed is set.
 */
void text_write(struct buf *out, const void *text, size_t n, enum style style);

/*
 * The same for a whole line of text that a program laid out itself: in
 * STYLE_VIS its tabs are kept, so that its columns stay aligned.
 */
void text_write_line(
    struct buf *out, const void *text, size_t n, enum style style);

#endif
