/*
 * Fields: the values of a record by name, one level of a struct at a time, or
 * flattened to "a.b.c".  The members of anonymous structs and unions count as
 * members of the struct around them, as in C.
 */
#ifndef SKEL_RECORD_FIELDS_H
#define SKEL_RECORD_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream/header.h"
#include "types/types.h"

/* Where a value is in a record, and what it is. */
struct field_place {
	uint32_t type; /* TYPE_NONE: all bytes from offset on */
	bool text;     /* TYPE_NONE: they are a line of text */
	bool added; /* TYPE_NONE: there are no bytes, only JSON records have it
		     */
	size_t offset;             /* bytes from the start of the record */
	uint32_t bit_offset, bits; /* a bitfield, unless bits is 0 */
	/* Per-CPU maps: the sum of the values of all CPUs, or all of them. */
	enum field_cpus { FIELD_CPUS_ONE, FIELD_CPUS_SUM, FIELD_CPUS_ALL } cpus;
	/* The member that it is, with what is said of it; NULL: none. */
	const struct type_member *member;
	/* Its kind, and what that needs: the enum of KIND_FLAGS, or where the
	 * address family of KIND_IP is, or the process of KIND_USYM, and its
	 * bytes. */
	enum kind kind;
	const struct type *flags;
	size_t family_offset;
	uint8_t family_size;
	/* There is a text of its kind, whose form field_kind_form() has.  If
	 * another member has the name NAME_text, it is shown in place of the
	 * value only. */
	bool has_text, text_is_hidden;
	enum field_shown {
		FIELD_VALUE,
		FIELD_TEXT,       /* the text in place of the value */
		FIELD_TEXT_BESIDE /* the text, as a field NAME_text */
	} shown;
};

struct field {
	char *name; /* owned: "a.b" */
	char *path; /* owned: its path in JSON, as "key.a.b" */
	struct field_place place;
	size_t name_len; /* set by fields_add() */
};

struct fields {
	struct field *v; /* owned */
	size_t n, cap;
	bool failed; /* memory ran out */
	/* What fields_add_selected() adds of a value that has a text. */
	enum field_texts {
		FIELD_TEXTS_NONE,   /* the value */
		FIELD_TEXTS_BESIDE, /* and the text after it, unless the value
				       was named and no text asked for */
		FIELD_TEXTS_ALONE,  /* the text, as NAME_text */
		FIELD_TEXTS_INSTEAD /* the text as NAME */
	} texts;
	bool without_hidden; /* and not what is hidden, unless it is named */
};

/* What is added to a name for that of the text beside a value. */
#define FIELD_TEXT_SUFFIX "_text"

void fields_free(struct fields *c);

/* Append a copy of a field.  If memory runs out here or below, c->failed is
 * set. */
void fields_add(struct fields *c, const struct field *from);

/* The type of a place, without its typedefs; NULL for TYPE_NONE. */
const struct type *field_place_type(
    const struct types *t, const struct field_place *p);

/* Load the integer at a place, of at most 8 bytes and no bitfield, without
 * extending its sign. */
uint64_t field_place_load(const struct types *t, const struct field_place *p,
    const unsigned char *record);

/* The place of a member of the struct around, which is at offset. */
struct field_place field_place_of_member(const struct types *t,
    const struct type *around, const struct type_member *m, size_t offset);

/* Whether both are the same value.  Places of type TYPE_NONE equal no other. */
bool field_place_equals(
    const struct field_place *a, const struct field_place *b);

/* Whether there is one struct or union at p, and not one for each CPU. */
bool field_place_is_struct(const struct types *t, const struct field_place *p);

/* Append the members of the struct or union at p.  Their names and paths begin
 * at this struct. */
void fields_add_members(
    struct fields *c, const struct types *t, const struct field_place *p);

/*
 * Append the fields that are the members of a JSON record of the map.  Buffers
 * and iterators: the members of the struct, or "value" if the type is no
 * struct, or "text" or "raw" if there is no type.  Sampled maps: "key" and
 * "value"; per CPU "value" is the sum, if values of that type can be added, and
 * "values" has those of all CPUs.
 */
void fields_add_roots(
    struct fields *c, const struct stream_header *h, unsigned int map);

/*
 * Append the fields with the n names of only, in that order; all fields if n is
 * 0.  Members of a sampled map's key and value can be named without "key." and
 * "value.".  deep adds the members of nested structs instead of the structs,
 * with unique names if n is 0.
 * Names that the map lacks are left out; see fields_has().  NAME_text is the
 * text of NAME, if it has one.
 */
void fields_add_selected(struct fields *c, const struct stream_header *h,
    unsigned int map, const char *const *only, size_t n, bool deep);

/* Rename fields of the same name: they get their paths as names, "key.count"
 * and "value.count" for "count", or else a number, "count_2". */
void fields_make_unique(struct fields *c);

/* Remove the fields with that path. */
void fields_remove(struct fields *c, const char *path);

/* Sort by name, in the order of the bytes; or by the offset in the record. */
void fields_sort(struct fields *c);
void fields_sort_by_offset(struct fields *c);

/* Find the field of that name, as -c finds it.  Returns whether it is there. */
bool fields_find(const struct stream_header *h, unsigned int map,
    const char *name, struct field_place *place);

/* The member that the field of that name is, for a caller that adds to what is
 * said of it; NULL if there is no such field, or it is no member. */
struct type_member *fields_find_member(
    struct stream_header *h, unsigned int map, const char *name);

/* Whether the map has a field of that name. */
bool fields_has(
    const struct stream_header *h, unsigned int map, const char *name);

#endif
