/*
 * Merge types: one table of types for the headers of several streams, in which
 * types that agree in all that a header says of them are one.
 *
 * The headers have been parsed before, so every reference in them is good.
 * Keys that nobody knows are kept.
 */
#ifndef SKEL_MERGE_MERGE_TYPES_H
#define SKEL_MERGE_MERGE_TYPES_H

#include <jansson.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"

/* Zeroed but for array, which is a new one. */
struct merge_types {
	json_t *array;      /* owned: the table, as "types" of a header */
	struct hash nodes;  /* what is in it, by its text */
	struct hash enums;  /* names of enums, of which each is there once */
	struct buf scratch; /* the text of a node */
};

/* Returns 0, or -1 after reporting that memory ran out. */
int merge_types_open(struct merge_types *t);
void merge_types_close(struct merge_types *t);

/*
 * Add the types of a header.  index has room for as many numbers as there are,
 * and is set to where each of them is in the table.  Returns 0, or -1 after
 * reporting that memory ran out.
 */
int merge_types_add(
    struct merge_types *t, const json_t *types, uint32_t *index);

#endif
