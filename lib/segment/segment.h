/*
 * Segment: a part of a stream that is a stream of its own.  It begins with the
 * header, and has all names that its records need, and where their addresses
 * are mapped from: those that were told before it began come before the first
 * record that needs them, and those that are told while it is written come
 * where they came.
 *
 * Where names follow their records (skel-stream(5)), the last ones may come
 * when the next segment has begun; segment_add_late() adds them to the one
 * before.
 *
 * Lines are appended to a buffer, whose member failed tells if memory ran out.
 */
#ifndef SKEL_SEGMENT_SEGMENT_H
#define SKEL_SEGMENT_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "segment/told-names.h"
#include "stream/line.h"

enum {
	/* The addresses, stacks and numbers of a segment whose names it has.
	 * When there are more, the oldest may be told again. */
	SEGMENT_IDS_MAX = 1 << 20,
};

struct segment {
	struct told_names *told; /* borrowed; NULL: records have no names */
	struct buf *out;         /* borrowed */
	struct hash ids;         /* struct segment_id */
	size_t ids_max;          /* set by segment_begin() to the most */
	size_t lacking;          /* names that are still to be told */
	uint64_t records, lost;  /* for "@end" */
	uint64_t addrs[STACK_DEPTH_MAX]; /* of one stack, that are to be told */
	struct buf body;                 /* of a record, without the stuffing */
};

/*
 * Begins a segment with the header line of the stream, without its newline, and
 * with what was told since then: the clocks of its hosts, unless they are those
 * of the header, and which names are not told any more.  told is NULL for JSON.
 */
void segment_begin(struct segment *s, struct told_names *told, struct buf *out,
    const char *text, size_t len, const struct stream_header *h,
    const struct clock_offsets *clocks,
    const struct clock_offsets *header_clocks);
void segment_free(struct segment *s);

/* Appends the names of a binary record that the segment lacks and that were
 * told, to be followed by the line of the record. */
void segment_add_names(
    struct segment *s, unsigned int map, const unsigned char *data, size_t len);

/* The same for a record of which there is only the line, of len bytes with the
 * newline. */
void segment_add_names_of(struct segment *s, const char *text, size_t len);

/* Notes what a line about names says, which was taken by told_names_take() and
 * is a line of the segment. */
void segment_note_line(struct segment *s, const struct stream_line *line);

/* Appends what a line about names, which was taken and came after the segment,
 * says of names that it lacks. */
void segment_add_late(struct segment *s, const struct stream_line *line);

/* Whether a line about names has any that the segment lacks. */
bool segment_lacks_any(const struct segment *s, const struct stream_line *line);

#endif
