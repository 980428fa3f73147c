/*
 * Wide: whole numbers of any width a type can have, up to 128 bits, with a
 * sign; as text, as JSON and as the bits of an integer.
 */
#ifndef SKEL_BASE_INT128_H
#define SKEL_BASE_INT128_H

#include <jansson.h>
#include <stdbool.h>

struct int128 {
	bool negative;
	unsigned __int128 magnitude;
};

enum { INT128_TEXT_SIZE = 48 }; /* bytes for any of them as text */

enum int128_result {
	INT128_NUMBER,
	INT128_TOO_LARGE, /* a number of more than 128 bits */
	INT128_NONE,      /* no whole number */
};

/* All of text as a number: decimal, hex (0x) or octal (0), with a sign. */
enum int128_result int128_parse(const char *text, struct int128 *out);

/* A JSON integer, or a string of digits as this module writes large ones. */
enum int128_result int128_from_json(const json_t *v, struct int128 *out);

/* A new reference: an integer if it fits 64 bits, else a string of decimal
 * digits.  NULL when memory ran out. */
json_t *int128_to_json(const struct int128 *w);

/* w in decimal. */
void int128_to_text(const struct int128 *w, char text[INT128_TEXT_SIZE]);

/* The least and the greatest number of so many bits (1 to 128). */
struct int128 int128_least(unsigned int bits, bool is_signed);
struct int128 int128_greatest(unsigned int bits, bool is_signed);
bool int128_fits(const struct int128 *w, unsigned int bits, bool is_signed);

/* The number as two's complement, and back from the lowest bits of one. */
unsigned __int128 int128_bits(const struct int128 *w);
struct int128 int128_from_bits(
    unsigned __int128 value, unsigned int bits, bool is_signed);

#endif
