/*
 * Counted members: where a member that a question names is in the records of
 * one map, and what can be done with it.
 */
#ifndef SKEL_COUNT_COUNTED_MEMBER_H
#define SKEL_COUNT_COUNTED_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/suggest.h"
#include "stream/header.h"
#include "types/types.h"

enum member_class {
	MEMBER_INT, /* also characters, pointers, bitfields */
	MEMBER_ENUM,
	MEMBER_BOOL,
	MEMBER_FLOAT,
	MEMBER_TEXT,  /* up to its NUL, or all of size */
	MEMBER_BYTES, /* an array, a struct or a union */
};

/* The bytes of a text of no fixed size, with its NUL. */
enum { MEMBER_TAIL_TEXT = 256 };

struct counted_member {
	enum member_class class;
	/* Borrowed; type is TYPE_NONE if class, size and is_signed say all. */
	const struct types *types;
	uint32_t type;
	size_t size; /* bytes; of a bitfield, those of its type */
	bool is_signed;

	size_t offset;             /* in the record */
	uint32_t bit_offset, bits; /* a bitfield, unless bits is 0 */
	/* The sum of the integers of so many CPUs, stride bytes apart, unless
	 * cpus is 0. */
	size_t cpus, stride;
	size_t cpu_size;      /* bytes of one of them */
	bool tail;            /* a text that goes on to the end of the record */
	const char *constant; /* borrowed: a text that all records have */
	/* Borrowed: what is said of it, or NULL.  Its kind is that of the note,
	 * unless another map has another one. */
	const struct type_member *note;
	enum kind kind;
	bool swapped; /* it is read in network order */
	bool absent;  /* the map lacks it: it is all zeros */
};

/*
 * Find the member called name in map number map of h: as "a.b", for a sampled
 * map also as "key.a" and "value.b".  "@map", "@host" and "@type" are the names
 * of the map, of its host and of the type of its records.  Returns 1; 0 if the
 * map has no such member; or -1 after reporting that it is there but cannot be
 * counted.
 */
int counted_member_find(struct counted_member *m, const struct stream_header *h,
    unsigned int map, const char *name);

/* Let a number in network order be read as what it means. */
void counted_member_measure(struct counted_member *m);

/* Offer the names of all members of a map. */
void counted_member_suggest(
    struct suggest *s, const struct stream_header *h, unsigned int map);

/*
 * Make *to the kind of member that holds all values of both, where each may be
 * of another map.  Its place is that of *to.  Returns false if nothing does.
 */
bool counted_member_widen(
    struct counted_member *to, const struct counted_member *from);

/* Whether both are of one class and type, apart from their places. */
bool counted_member_same(
    const struct counted_member *a, const struct counted_member *b);

/* Whether its bytes are in network order, so that the first one counts most. */
bool counted_member_is_swapped(const struct counted_member *m);

/* "an integer", "a text" ... */
const char *counted_member_class(const struct counted_member *m);

#endif
