/*
 * Emitting: values as text, straight into memory.  Each function writes at p
 * and returns where it stopped; the caller made room (EMIT_..._MAX), and no
 * more than that is touched.  Nothing here allocates or knows a type.
 */
#ifndef SKEL_BASE_TEXT_H
#define SKEL_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

enum {
	TEXT_U64_MAX = 20,
	TEXT_I64_MAX = 20,
	TEXT_128_MAX = 40,
	TEXT_FLOAT_MAX = 32,
	TEXT_SLACK = 32, /* the text functions write ahead of their end */
};

/* The most that n bytes of text can become in any of the forms below: six for
 * each in JSON, two quotes, and the slack. */
#define TEXT_ESCAPED_MAX(n) ((n)*6 + 2 + TEXT_SLACK)

char *text_u64(char *p, uint64_t v);
char *text_i64(char *p, int64_t v);
char *text_u128(char *p, unsigned __int128 v);
char *text_i128(char *p, __int128 v);

/* n digits with leading zeros, for times; and the nine of v < 10^9. */
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
 * The shortest digits that read back as the same number in its own width:
 * 1.0, 4.56, 1e16, 1e-7; null for what is no number.
 */
char *text_float(char *p, float v);
char *text_double(char *p, double v);

/*
 * Text of at most n bytes, to its NUL if it has one.
 *
 * text_json: without the quotes; bytes that are not UTF-8 become U+FFFD.
 * text_csv: a field of RFC 4180, quoted where it must be; UTF-8 as above.
 * text_tsv: tab, newline, return and backslash as \t \n \r \\; UTF-8 as above.
 * text_vis: for terminals: control bytes, what is not UTF-8 and what turns the
 *	direction of writing as vis(3) shows them.
 */
char *text_json(char *p, const unsigned char *s, size_t n);
char *text_csv(char *p, const unsigned char *s, size_t n);
char *text_tsv(char *p, const unsigned char *s, size_t n);
char *text_vis(char *p, const unsigned char *s, size_t n);

#endif
