/*
 * Integers of any width that a type can have, up to 128 bits and a sign: as
 * text, as JSON, and as the bits of a C integer.
 *
 * In JSON, an integer that fits 64 bits, signed or unsigned, is a number
 * (base/json-doc.h); a larger one is a string of decimal digits, as the
 * reference loader has it.
 */
#ifndef SKEL_BASE_INT128_H
#define SKEL_BASE_INT128_H

#include <jansson.h>
#include <stdbool.h>

struct int128 {
	bool negative;
	unsigned __int128 magnitude;
};

enum { INT128_TEXT_SIZE = 48 }; /* bytes for any of them, with a NUL */

enum int128_result {
	INT128_NUMBER,
	INT128_TOO_LARGE, /* a number of more than 128 bits */
	INT128_NONE,      /* not an integer */
};

/* Parse all of text as a decimal, hex (0x) or octal (0) number with an optional
 * sign. */
enum int128_result int128_parse(const char *text, struct int128 *out);

/* Convert a JSON number, or a string that int128_parse() accepts. */
enum int128_result int128_from_json(const json_t *v, struct int128 *out);

/* Returns a new reference, or NULL if memory runs out. */
json_t *int128_to_json(const struct int128 *w);

/* Write w in decimal, with a NUL. */
void int128_to_text(const struct int128 *w, char text[INT128_TEXT_SIZE]);

/* The range of an integer of bits (1 to 128) bits, and whether w is in it.
 */
struct int128 int128_least(unsigned int bits, bool is_signed);
struct int128 int128_greatest(unsigned int bits, bool is_signed);
bool int128_fits(const struct int128 *w, unsigned int bits, bool is_signed);

/* Convert to two's complement, and back from the lowest bits of value. */
unsigned __int128 int128_bits(const struct int128 *w);
struct int128 int128_from_bits(
    unsigned __int128 value, unsigned int bits, bool is_signed);

#endif
