/*
 * UTF-8: validity, and the columns that a terminal needs for a text.
 */
#ifndef SKEL_BASE_UTF8_H
#define SKEL_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decode the sequence at s, of which n > 0 bytes may be read, into *c.
 * Returns its length, 1 to 4, or 0 for an invalid sequence, which includes
 * overlong forms, surrogates and code points above U+10FFFF.
 */
size_t utf8_length(const unsigned char *s, size_t n, uint32_t *c);

/* The number of bytes at the start of s that are valid. */
size_t utf8_valid_len(const char *s, size_t n);
bool utf8_is_valid(const char *s, size_t n);

/*
 * The columns of n bytes of text, by wcwidth(3).  A byte of an invalid sequence
 * and a control character count as one.
 */
size_t utf8_columns(const char *s, size_t n);

/* The number of bytes at the start of s, in whole characters, that fit into the
 * columns. */
size_t utf8_fitting(const char *s, size_t n, size_t columns);

#endif
