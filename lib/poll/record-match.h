/*
 * Record match: tells which of a map's types each of its records has.  The
 * header of the stream has an entry for each type (struct stream_map), which
 * gives either the value of a member, or nothing: then the sizes differ.
 */
#ifndef SKEL_POLL_RECORD_MATCH_H
#define SKEL_POLL_RECORD_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream/header.h"

/* One type of the records. */
struct record_match_type {
	unsigned int map;   /* the index of its entry in the header */
	size_t whole;       /* bytes of a whole record as it is read */
	size_t size, least; /* of the entry: record_size, least_size */
	bool flexible;      /* it ends with a flexible array */
	uint64_t value;     /* of the member, if that tells */
};

struct record_match {
	struct record_match_type
	    *v; /* owned; NULL: all records have the map's one type */
	size_t n;
	/* The member: its place, up to 8 bytes of which bits bits count from
	 * bit_offset on; bits is 0 if the size tells. */
	size_t offset, bytes;
	unsigned int bit_offset, bits;
};

/*
 * Finds the types of the map whose first entry is number map of h.  Returns 0,
 * also if there is only one, which all records have unless it has a value; or
 * -1 after reporting why they cannot be told apart.
 */
int record_match_open(
    struct record_match *t, const struct stream_header *h, unsigned int map);
void record_match_close(struct record_match *t);

/*
 * Returns the index of the entry whose type the record of len bytes has, or -1
 * if it has none of them.  By size that is the type of exactly this size, or
 * else the smallest one within whose last array the record ends.
 */
int record_match_find(
    const struct record_match *t, const void *record, size_t len);

#endif
