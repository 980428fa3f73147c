/*
 * Types: the part of a program's type information that records and arguments
 * need, as a table of nodes that refer to each other by index.  It comes from
 * BTF (btf.h) or from the header of a stream (types_read()), and the rest of
 * the suite asks nobody else what a byte means.
 *
 * Node layout follows skel-stream(5).  Pointers do not refer to what they
 * point at, so the graph of types held by value has no cycles; types_read() and
 * the BTF reader refuse one.
 *
 * The functions report what is wrong and return -1.
 */
#ifndef SKEL_TYPES_TYPES_H
#define SKEL_TYPES_TYPES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum type_kind {
	TYPE_INT,
	TYPE_BOOL,
	TYPE_CHAR, /* C's char itself: an array of it is text */
	TYPE_FLOAT,
	TYPE_POINTER,
	TYPE_ENUM,
	TYPE_ARRAY,
	TYPE_STRUCT,
	TYPE_UNION,
	TYPE_TYPEDEF,
};

enum {
	/* Bounds on what a type from outside may ask for. */
	TYPES_MAX = 65536,          /* nodes in a table */
	TYPES_SIZE_MAX = 16 << 20,  /* bytes of one value */
	TYPES_LEAVES_MAX = 1 << 18, /* members of one value, nested ones too;
				       an array counts its element once */
	TYPES_TEXT_MAX = 256 << 20, /* bytes of one value as text, about */
	TYPES_NAMES_MAX = 16 << 20, /* bytes of all "a.b.c" of one value */
	TYPES_DEPTH_MAX = 64,       /* arrays, structs, typedefs in another */
};

#define TYPE_NONE UINT32_MAX

struct type_constant {
	char *name;     /* owned */
	uint64_t value; /* two's complement when the enum is signed */
};

struct type_member {
	char *name; /* owned; "" for an anonymous struct or union */
	uint32_t type;
	uint64_t offset; /* bytes from the start of the struct */
	/*
	 * A bitfield's bits start bit_offset (0 to 7) bits after offset,
	 * counted from the least significant as on every little-endian machine.
	 * bits is 0 for an ordinary member.
	 */
	uint32_t bit_offset;
	uint32_t bits;
};

struct type {
	enum type_kind kind;
	char *name;                  /* owned; "" where there is none */
	uint64_t size;               /* bytes */
	bool is_signed;              /* int, char, enum */
	uint32_t of;                 /* array, typedef */
	uint64_t count;              /* array */
	struct type_member *members; /* owned; struct, union */
	size_t nmembers;
	struct type_constant *constants; /* owned; enum */
	size_t nconstants;
	/* What showing one value costs; set and bounded by types_check(). */
	uint32_t depth, leaves, name_bytes, text;
};

struct types {
	struct type *v; /* owned */
	size_t n;
	size_t cap;
};

void types_free(struct types *t);
void type_free(struct type *type);

/* "int", "struct" ...: as the header of a stream spells it. */
const char *type_kind_name(enum type_kind kind);

/*
 * Append type, taking over what it owns, even on failure.  of and the members'
 * types must be nodes that are already there.  Checks everything the other
 * functions and the plans rely on: sizes, offsets, counts, the bounds above.
 * where names the type in reports: "x.json: types[3]".
 * Returns the index of the new node, or TYPE_NONE.
 */
uint32_t types_add(struct types *t, struct type *type, const char *where);

/*
 * The check of types_add() for a node that is in the table already.  Its of and
 * its members' types must have been checked before.  Returns 0 or -1.
 */
int types_check(struct types *t, uint32_t i, const char *where);

/*
 * Read the table from its JSON (skel-stream(5)): t must be empty.  Nodes may
 * stand in any order in the array and keep their indexes.
 * Returns 0, or -1 with t empty.
 */
int types_read(struct types *t, const json_t *array, const char *where);

/* The table as JSON: a new reference, or NULL when memory ran out. */
json_t *types_write(const struct types *t);

/* The node at i with typedefs followed.  i must be an index of t. */
const struct type *types_get(const struct types *t, uint32_t i);

/* Whether i (typedefs followed) is an array of char, that is, text. */
bool types_is_text(const struct types *t, uint32_t i);

/* Append the type as C spells it: "enum kind", "char[16]". */
void types_write_name(const struct types *t, uint32_t i, struct buf *out);

/* The enum's constant with this value, or NULL. */
const struct type_constant *type_constant_of(
    const struct type *type, uint64_t value);

#endif
