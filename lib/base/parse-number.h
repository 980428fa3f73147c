/*
 * Digits: numbers in the lines of files that others write, of which nothing
 * but digits may stand where one is.
 */
#ifndef SKEL_BASE_PARSE_NUMBER_H
#define SKEL_BASE_PARSE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Read the number at *p, in base 10 or 16, that ends before the character
 * behind, and move *p past that.  Returns false, with *p where it was, if none
 * that fits 64 bits stands there.
 */
bool digits_read(const char **p, int base, char behind, uint64_t *out);

#endif
