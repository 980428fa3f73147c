/*
 * Numbers that are found by a name: the place of an argument, of a variable, of
 * a map.  Looking up n names takes O(n) time, whatever the names are.
 *
 * A name belongs to a scope, which is any number, so that one table can have
 * the names of several lists.
 */
#ifndef SKEL_TYPES_NAME_TABLE_H
#define SKEL_TYPES_NAME_TABLE_H

#include <stdint.h>

#include "base/hash.h"

#define NAME_NONE UINT32_MAX

/* Initialise with { 0 }. */
struct name_table {
	struct hash hash;
	struct hash_key first; /* random */
};

/* Add a name and its number.  One that is there already keeps its number.
 * Returns 0, or -1 after reporting. */
int name_table_add(
    struct name_table *t, uint32_t scope, const char *name, uint32_t number);

/* The number of a name, or NAME_NONE. */
uint32_t name_table_find(
    const struct name_table *t, uint32_t scope, const char *name);

void name_table_free(struct name_table *t);

#endif
