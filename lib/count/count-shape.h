/*
 * Count shapes: the key and the value of the map that counting makes, as types
 * in the header of a stream, and where each part of them is in bytes.
 */
#ifndef SKEL_COUNT_COUNT_SHAPE_H
#define SKEL_COUNT_COUNT_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "count/counted-member.h"
#include "count/question.h"
#include "record/stack-layout.h"
#include "stream/header.h"

/* The text of a key that stands for all keys for which there was no room. */
#define COUNT_OTHER_TEXT "(other)"

enum {
	COUNT_KEY_MAX = 8192, /* bytes */
	COUNT_IMPLIED_MAX = QUESTION_BY_MAX,
	COUNT_PARTS_MAX = QUESTION_BY_MAX + COUNT_IMPLIED_MAX, /* of a key */
};

/* A part of the key or of the value. */
struct shape_part {
	struct counted_member member; /* its class; borrows types, those of the
					 header as soon as it is made */
	uint32_t type;                /* in the header */
	size_t offset, size;
};

/* A member that nobody asked for, without which another one of the key would
 * mean nothing. */
struct implied_part {
	struct by_member by; /* owned */
	bool hidden;         /* a table leaves it out */
};

struct count_shape {
	const struct question *question; /* borrowed */
	/* Those of --by, and then the implied ones. */
	struct shape_part key[COUNT_PARTS_MAX];
	struct implied_part implied[COUNT_IMPLIED_MAX];
	size_t nimplied;
	/* The part that is the family of an address of --by, counted from 1; 0:
	 * none. */
	size_t family[QUESTION_BY_MAX];
	bool has_family; /* one of these is set */
	/* The parts that are stacks, and the process of theirs, counted from 1;
	 * 0: none. */
	size_t stacks[STACK_SIDES], pid;
	bool with_symbols; /* of stacks */
	char *stack_map;   /* owned: the map that ids of stacks refer to */
	/* By column: what is measured, and where the value has it. */
	struct counted_member measured[QUESTION_COLUMNS_MAX];
	struct shape_part value[QUESTION_COLUMNS_MAX];
	size_t key_size, value_size;
	bool other; /* the last byte of the key's members tells the row of all
		       other keys; if not, a text says "(other)" */
	size_t other_offset;
};

/* Release what a shape holds, and begin anew. */
void count_shape_reset(struct count_shape *s);

/* How many parts the key has, and the member of a map that one of them is. */
size_t count_shape_parts(const struct count_shape *s);
const struct by_member *count_shape_part(const struct count_shape *s, size_t i);

/* Add the parts that members of a map imply, which are those of q->by: the
 * family of an address, the process of a stack, which the layout has if the map
 * has stacks.  Returns 0, or -1 after reporting. */
int count_shape_imply(struct count_shape *s, const struct stream_header *h,
    unsigned int map, const struct counted_member *members,
    const struct stack_layout *layout);

/* Which stack of the layout a member is; STACK_SIDES: none. */
enum stack_side count_stack_side(
    const struct stack_layout *layout, const struct counted_member *m);

/*
 * Add the members of another map, those of the key's parts and those of the
 * columns, to the types that hold all values.  Returns 0, or -1 after
 * reporting members of two maps that no type holds.
 */
int count_shape_add(struct count_shape *s, const struct counted_member *parts,
    const struct counted_member *columns, const char *where);

/* Whether the values of these members fit the shape as it is. */
bool count_shape_fits(const struct count_shape *s,
    const struct counted_member *parts, const struct counted_member *columns);

/* Whether counting made a map of a stream: its rows have their order. */
bool count_shape_made(const struct stream_header *h, unsigned int map);

/* Lay out key and value and make the header for it, of a stream that goes on
 * from that of from.  Returns 0, or -1 after reporting. */
int count_shape_make_header(struct count_shape *s, struct stream_header *h,
    const struct stream_header *from, enum stream_encoding encoding);

#endif
