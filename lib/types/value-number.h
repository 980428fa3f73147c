/*
 * The parts of values that value.c and value-bytes.c share: ranges of integers,
 * enum constants and floating-point numbers.
 */
#ifndef SKEL_TYPES_VALUE_NUMBER_H
#define SKEL_TYPES_VALUE_NUMBER_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/int128.h"
#include "types/types.h"

/*
 * Check that w fits the type, or its lowest bits if it is a bitfield.  shown is
 * w as the user wrote it.
 * Returns 0, or -1 after reporting.
 */
int value_check_range(const struct types *t, uint32_t type, unsigned int bits,
    const struct int128 *w, const char *shown, const char *where);

/* Parse a constant of an enum as records show it, "NAME" or "NAME(3)".  Returns
 * false if it is neither, or no constant has the name. */
bool value_parse_constant(
    const struct type *type, const char *text, struct int128 *out);

/* Report that text names no constant of the enum, with those that exist. */
void value_report_constant(
    const struct type *type, const char *text, const char *where);

/* Returns a new reference to d, which was read from size bytes: 1.23 for 1.23f,
 * not 1.2300000190734863.  NULL if it is not finite or memory runs out. */
json_t *value_real(double d, size_t size);

#endif
