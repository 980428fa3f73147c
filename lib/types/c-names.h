/*
 * Types by their names in C, for packages that come without an object.
 */
#ifndef SKEL_TYPES_C_NAMES_H
#define SKEL_TYPES_C_NAMES_H

#include "types/types.h"

/*
 * Find the type that a C declaration without an identifier names, such as
 * "unsigned int", "__u32", "pid_t", "char[16]", "u64[4]", "bool", "float" or
 * "struct foo *", with the sizes of a 64-bit BPF program.  const and volatile
 * are ignored.  Missing nodes are added to t.
 * Returns the index of the type, or TYPE_NONE without a report if the name
 * alone does not tell the size ("struct foo", "enum foo", "my_type_t").
 */
uint32_t c_names_find(struct types *t, const char *name);

#endif
