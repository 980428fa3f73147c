/*
 * Types of one table in another: copied, and compared.
 */
#ifndef SKEL_COUNT_COPY_TYPES_H
#define SKEL_COUNT_COPY_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#include "types/types.h"

/* Copy a type and those that it refers to into the table to.  Returns its
 * index there, or TYPE_NONE after reporting. */
uint32_t copy_types_add(
    struct types *to, const struct types *from, uint32_t type);

/* Whether two types have the same layout, and mean the same: the names of
 * typedefs and structs do not matter. */
bool copy_types_equal(
    const struct types *a, uint32_t i, const struct types *b, uint32_t j);

#endif
