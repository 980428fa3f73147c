/*
 * Numbers of a type, for value.c and types/value-bytes.c: ranges, constants of
 * enums, reals in their own width.
 */
#ifndef SKEL_TYPES_VALUE_NUMBER_H
#define SKEL_TYPES_VALUE_NUMBER_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/int128.h"
#include "types/types.h"

/*
 * Whether w fits so many bits of the type.  If not, says so: shown is w as it
 * was given.  Returns 0, or -1 after reporting.
 */
int value_check_range(const struct types *t, uint32_t type, unsigned int bits,
    const struct int128 *w, const char *shown, const char *where);

/* "NAME" or "NAME(3)", as records show a constant: false if it is neither. */
bool value_constant(
    const struct type *type, const char *text, struct int128 *out);

/* Report that text names no constant of the enum, and which there are. */
void value_bad_constant(
    const struct type *type, const char *text, const char *where);

/* A new reference to d, which came from so many bytes: 1.23 for 1.23f, not
 * 1.2300000190734863.  NULL for what JSON cannot say, and without memory. */
json_t *value_real(double d, size_t size);

#endif
