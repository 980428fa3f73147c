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

#include "stream/header.h"
#include "types/types.h"

/* Where a value lies in a record, and what it is. */
struct field_place {
	uint32_t type;             /* TYPE_NONE: all bytes from offset on */
	bool text;                 /* those are a line of text */
	size_t offset;             /* bytes from the start of the record */
	uint32_t bit_offset, bits; /* a bitfield, unless bits is 0 */
	/* Per-CPU maps: this stands for all CPUs' values, or their sum. */
	enum field_cpus { FIELD_CPUS_ONE, FIELD_CPUS_SUM, FIELD_CPUS_ALL } cpus;
};

struct field {
	char *name; /* owned: "a.b" */
	char *path; /* owned: where JSON has it; "key.a.b" in sampled maps */
	struct field_place place;
	size_t name_len; /* set by fields_add() */
};

struct fields {
	struct field *v; /* owned */
	size_t n, cap;
	bool failed; /* memory ran out */
};

void fields_free(struct fields *c);

/* Append a copy of a column. */
void fields_add(struct fields *c, const struct field *from);

/* The node of a place, typedefs followed; NULL for raw bytes. */
const struct type *field_place_type(
    const struct types *t, const struct field_place *p);

/* Whether both are the same value of a record, and one at all. */
bool field_place_equals(
    const struct field_place *a, const struct field_place *b);

/* Whether a place holds members: a struct or union, one of it. */
bool field_place_is_struct(const struct types *t, const struct field_place *p);

/* Append the members of the struct or union at p, one level of them; names
 * and paths are those of the members alone. */
void fields_add_members(
    struct fields *c, const struct types *t, const struct field_place *p);

/*
 * Append the roots of a map's records: for ring and perf buffers the members
 * or, if it is no struct, "value"; for sampled maps "key", then "value" or,
 * per CPU, "value" as the sum, where there is one, and "values"; "text" or
 * "raw" where there is no type.
 */
void fields_add_roots(
    struct fields *c, const struct stream_header *h, unsigned int map);

/*
 * Append the columns named by only (n names, all if 0), in that order: members
 * of sampled maps' keys and values stand without "key." and "value.".  deep
 * flattens nested structs to columns of their own.  A name that the map does
 * not have is left out: see fields_has().
 */
void fields_add_selected(struct fields *c, const struct stream_header *h,
    unsigned int map, const char *const *only, size_t n, bool deep);

/* Take out the columns with that path. */
void fields_remove(struct fields *c, const char *path);

/* Sort by name, as bytes compare; or by where the values lie in the record. */
void fields_sort(struct fields *c);
void fields_sort_by_offset(struct fields *c);

/* Whether the map has something of that name. */
bool fields_has(
    const struct stream_header *h, unsigned int map, const char *name);

#endif
