/*
 * The table of types: the part of a program's type information that records and
 * arguments need.  Its nodes refer to each other by index.  It is made from BTF
 * (elf/btf.h) or from the header of a stream (types_parse()), and is all that
 * the rest of the suite knows about the layout of records.
 *
 * The members of a node are those of skel-stream(5).  A pointer does not refer
 * to the type it points at, so the graph has no cycles; types_parse() and the
 * reader of BTF refuse cycles by value.
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
#include "types/kind.h"
#include "types/name-table.h"

enum type_kind {
	TYPE_INT,
	TYPE_BOOL,
	TYPE_CHAR, /* plain char, of which an array is text */
	TYPE_FLOAT,
	TYPE_POINTER,
	TYPE_ENUM,
	TYPE_ARRAY,
	TYPE_STRUCT,
	TYPE_UNION,
	TYPE_TYPEDEF,
};

enum {
	/* Bounds on the work and memory that a type from outside can cost. */
	TYPES_MAX = 65536,          /* nodes in a table */
	TYPES_SIZE_MAX = 16 << 20,  /* bytes of one value */
	TYPES_LEAVES_MAX = 1 << 18, /* members of one value, with those of its
				       members; an array has its element's */
	TYPES_TEXT_MAX = 256 << 20, /* bytes of one value as text, roughly */
	TYPES_NAMES_MAX = 16 << 20, /* bytes of all paths "a.b.c" in a value */
	TYPES_DEPTH_MAX = 64,       /* nested arrays, structs and typedefs */
	TYPES_WIDTH_MAX = 4096,     /* columns of a member in a table */
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
	 * The width of a bitfield, or 0 for an ordinary member.  Its bits start
	 * bit_offset (0 to 7) bits after offset, counted from the least
	 * significant one, as on every little-endian machine.
	 */
	uint32_t bit_offset;
	uint32_t bits;
	/* What is said of it beside its type.  member_kinds_set() adds
	 * those that are known without being said. */
	struct member_kind as;
	char *help;     /* owned: one line, or NULL */
	bool hidden;    /* a table leaves it out, unless it is chosen */
	bool time;      /* it is the time of the record */
	bool gauge;     /* a number that goes up and down, and no count */
	uint32_t width; /* its columns in a table; 0: as its type needs */
	/* The slots of a linear histogram: slot i counts step values, of which
	 * start + i * step is the least.  0: 1 */
	uint64_t step, start;
};

struct type {
	enum type_kind kind;
	char *name;                  /* owned; "" if there is none */
	uint64_t size;               /* bytes */
	bool is_signed;              /* int, char, enum */
	uint32_t of;                 /* array, typedef: index of a type */
	uint64_t count;              /* array: elements */
	struct type_member *members; /* owned; struct, union */
	size_t nmembers;
	struct type_constant *constants; /* owned; enum */
	size_t nconstants;
	/* The constants in the order of their names, and of their values; equal
	 * ones as they are declared.  Owned, set by types_check(). */
	const struct type_constant **by_name, **by_value;
	size_t name_columns; /* on a terminal, of the longest "NAME(value)" */
	/* Of an enum whose constants are bits: those that stand alone, in its
	 * size; otherwise 0. */
	uint64_t bits;
	/* The cost of showing one value, set and bounded by types_check(). */
	uint32_t depth, leaves, name_bytes, text_bytes;
};

struct types {
	struct type *v; /* owned */
	size_t n;
	size_t cap;
	struct name_table c_nodes; /* of types/c-names.c */
};

void types_free(struct types *t);
void types_free_type(struct type *type);

/* The name of a kind in the header of a stream: "int", "struct" ... */
const char *types_kind_name(enum type_kind kind);

/*
 * Check a type and append it.  What it owns belongs to the table then, and is
 * released on failure; *type is empty in both cases.  Types that it refers to
 * must be in the table.  The check covers all that other functions rely on:
 * sizes, offsets, that every member is inside its struct, counts, and the
 * bounds above.  where names the type in reports: "x.json: types[3]". Returns
 * the index of the new node, or TYPE_NONE.
 */
uint32_t types_add(struct types *t, struct type *type, const char *where);

/* Adds a type for values of which only the size is known: an unsigned number,
 * "u32", or an array of bytes.  Returns as types_add(). */
uint32_t types_add_bytes(struct types *t, uint64_t size, const char *where);

/*
 * Check a node that is in the table, as types_add() does.  The types that it
 * refers to must have been checked before.  Returns 0 or -1.
 */
int types_check(struct types *t, uint32_t i, const char *where);

/*
 * Parse the "types" of a stream's header (skel-stream(5)) into the empty table
 * t. Nodes keep their indexes, and may refer to later ones. Returns 0, or -1
 * with t empty.
 */
int types_parse(struct types *t, const json_t *array, const char *where);

/* Returns the table as JSON, a new reference, or NULL after reporting that
 * memory ran out. */
json_t *types_write(const struct types *t);

/* The node at index i, which must be valid, or the type that its typedefs name.
 */
const struct type *types_get(const struct types *t, uint32_t i);

/* Whether the type is an array of char, which is text. */
bool types_is_text(const struct types *t, uint32_t i);

/*
 * Find the array with which a value ends: the type itself, or the member that
 * begins last, also within structs that begin last.  It may be a flexible one,
 * of no elements.  Returns whether there is one; then *array is its type and
 * *offset where it begins, in bytes.
 */
bool types_find_last_array(
    const struct types *t, uint32_t type, uint32_t *array, uint64_t *offset);

/* Append the type as C spells it: "enum kind", "char[16]". */
void types_write_name(const struct types *t, uint32_t i, struct buf *out);

/* The first constant of the enum with this value, or with this name of len
 * bytes; or NULL. */
const struct type_constant *types_find_constant(
    const struct type *type, uint64_t value);
const struct type_constant *types_find_constant_named(
    const struct type *type, const char *name, size_t len);

#endif
