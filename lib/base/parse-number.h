/*
 * Numbers in the files that the kernel and other programs write.
 */
#ifndef SKEL_BASE_PARSE_NUMBER_H
#define SKEL_BASE_PARSE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Parse the digits at *p, in base 10 or 16, up to the character end, and move
 * *p past that character.  Returns false, with *p unchanged, if there is
 * anything else before end or if the number does not fit 64 bits.
 */
bool parse_digits(const char **p, int base, char end, uint64_t *out);

#endif
