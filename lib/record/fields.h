/*
 * Columns: the values of a record by name.  A record is a tree of types; this
 * module finds what lies in it, level by level or flattened to a.b.c, with
 * the members of anonymous structs and unions in their parent.
 */
#ifndef SKEL_RECORD_FIELDS_H
#define SKEL_RECORD_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream/stream.h"
#include "types/types.h"

/* Where a value lies in a record, and what it is. */
struct place {
	uint32_t type;             /* TYPE_NONE: all bytes from offset on */
	bool text;                 /* those are a line of text */
	size_t offset;             /* bytes from the start of the record */
	uint32_t bit_offset, bits; /* a bitfield, unless bits is 0 */
	/* Per-CPU maps: this stands for all CPUs' values, or their sum. */
	enum place_cpus { CPUS_ONE, CPUS_SUM, CPUS_ALL } cpus;
};

struct column {
	char *name; /* owned: "a.b" */
	char *path; /* owned: where JSON has it; "key.a.b" in sampled maps */
	struct place place;
	size_t name_len; /* set by columns_add() */
};

struct columns {
	struct column *v; /* owned */
	size_t n, cap;
	bool failed; /* memory ran out */
};

void columns_free(struct columns *c);

/* Append a copy of a column. */
void columns_add(struct columns *c, const struct column *from);

/* The node of a place, typedefs followed; NULL for raw bytes. */
const struct type *place_type(const struct types *t, const struct place *p);

/* Whether both are the same value of a record, and one at all. */
bool place_is(const struct place *a, const struct place *b);

/* Whether a place holds members: a struct or union, one of it. */
bool place_is_struct(const struct types *t, const struct place *p);

/* Append the members of the struct or union at p, one level of them; names
 * and paths are those of the members alone. */
void columns_members(
    struct columns *c, const struct types *t, const struct place *p);

/*
 * Append the roots of a map's records: for ring and perf buffers the members
 * or, if it is no struct, "value"; for sampled maps "key", then "value" or,
 * per CPU, "value" as the sum, where there is one, and "values"; "text" or
 * "raw" where there is no type.
 */
void columns_roots(
    struct columns *c, const struct stream_header *h, unsigned int map);

/*
 * Append the columns named by only (n names, all if 0), in that order: members
 * of sampled maps' keys and values stand without "key." and "value.".  deep
 * flattens nested structs to columns of their own.  A name that the map does
 * not have is left out: see columns_has().
 */
void columns_select(struct columns *c, const struct stream_header *h,
    unsigned int map, const char *const *only, size_t n, bool deep);

/* Take out the columns with that path. */
void columns_drop(struct columns *c, const char *path);

/* By name, as bytes compare. */
void columns_sort(struct columns *c);

/* Whether the map has something of that name. */
bool columns_has(
    const struct stream_header *h, unsigned int map, const char *name);

#endif
