/*
 * Wide: whole numbers of any width a type can have, up to 128 bits, with a
 * sign; as text, as JSON and as the bits of an integer.
 */
#ifndef SKEL_BASE_INT128_H
#define SKEL_BASE_INT128_H

#include <jansson.h>
#include <stdbool.h>

struct wide {
	bool negative;
	unsigned __int128 magnitude;
};

enum { WIDE_TEXT = 48 }; /* bytes for any of them as text */

enum wide_result {
	WIDE_NUMBER,
	WIDE_TOO_LARGE, /* a number of more than 128 bits */
	WIDE_NONE,      /* no whole number */
};

/* All of text as a number: decimal, hex (0x) or octal (0), with a sign. */
enum wide_result wide_parse(const char *text, struct wide *out);

/* A JSON integer, or a string of digits as this module writes large ones. */
enum wide_result wide_from_json(const json_t *v, struct wide *out);

/* A new reference: an integer if it fits 64 bits, else a string of decimal
 * digits.  NULL when memory ran out. */
json_t *wide_json(const struct wide *w);

/* w in decimal. */
void wide_text(const struct wide *w, char text[WIDE_TEXT]);

/* The least and the greatest number of so many bits (1 to 128). */
struct wide wide_least(unsigned int bits, bool is_signed);
struct wide wide_greatest(unsigned int bits, bool is_signed);
bool wide_fits(const struct wide *w, unsigned int bits, bool is_signed);

/* The number as two's complement, and back from the lowest bits of one. */
unsigned __int128 wide_bits(const struct wide *w);
struct wide wide_from_bits(
    unsigned __int128 value, unsigned int bits, bool is_signed);

#endif
