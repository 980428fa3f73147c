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
#include "stream/header.h"

/* The text of a key that stands for all keys for which there was no room. */
#define COUNT_OTHER_TEXT "(other)"

enum { COUNT_KEY_MAX = 8192 }; /* bytes */

/* A part of the key or of the value. */
struct shape_part {
	struct counted_member member; /* its kind; borrows types until the
					 header is made */
	size_t offset, size;
};

struct count_shape {
	const struct question *question; /* borrowed */
	struct shape_part key[QUESTION_BY_MAX];
	/* By column: what is measured, and where the value has it. */
	struct counted_member measured[QUESTION_COLUMNS_MAX];
	struct shape_part value[QUESTION_COLUMNS_MAX];
	size_t key_size, value_size;
	bool other; /* the last byte of the key's members tells the row of all
		       other keys; if not, a text says "(other)" */
	size_t other_offset;
};

/*
 * Add the members of another map, which are those of q->by and then one for
 * each column, to the kinds that hold all values.  Returns 0, or -1 after
 * reporting members of two maps that no type holds.
 */
int count_shape_add(struct count_shape *s, const struct counted_member *members,
    const char *where);

/* Whether the values of these members fit the shape as it is. */
bool count_shape_fits(
    const struct count_shape *s, const struct counted_member *members);

/* Lay out key and value and make the header for it, of a stream that goes on
 * from that of from.  Returns 0, or -1 after reporting. */
int count_shape_make_header(struct count_shape *s, struct stream_header *h,
    const struct stream_header *from, enum stream_encoding encoding);

#endif
