/*
 * Histograms in JSON.  Beside "slots", the counts, stand the unit of the values
 * and what each slot counts, up to the last one that is not empty:
 *
 *	"unit":"us","buckets":[{"min":0,"max":1,"count":5},...]
 *
 * Numbers are integers with all their digits.  A slot that also counts all that
 * is larger has no max.
 */
#ifndef SKEL_LAYOUT_HIST_BUCKETS_H
#define SKEL_LAYOUT_HIST_BUCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/json-cursor.h"
#include "base/text.h"
#include "layout/hist.h"
#include "types/types.h"

enum {
	HIST_BUCKETS_MAX = 4096, /* arrays with more slots have no buckets */
	HIST_EXP2_SLOTS = 64,    /* whose numbers are in keys */
	/* Bytes of one, with its comma. */
	HIST_BUCKET_MAX = sizeof(",{\"min\":,\"max\":,\"count\":}") +
			  2 * TEXT_U64_MAX + TEXT_128_MAX,
};

/* What the histograms of a map have in common. */
struct hist_map {
	bool linear;
	const char *unit; /* borrowed; NULL: it is not known */
};

/* Whether a member of that name and type holds slots that get buckets. */
bool hist_are_slots(const struct types *t, const char *name, uint32_t type);

/* What slots count that are this member. */
struct hist_scale hist_member_scale(
    const struct hist_map *m, const struct type_member *member);

/* Append ,"unit":"us","buckets": which an array follows. */
void hist_write_buckets_key(struct buf *out, const struct hist_map *m);

/* Write slot i of n at p, where there is room for HIST_BUCKET_MAX, without a
 * comma.  Returns the end. */
char *hist_write_bucket(
    char *p, const struct hist_scale *s, size_t i, size_t n, __int128 count);

/*
 * Write the buckets of a key at p: that one, or none if its number is negative
 * or the count is 0.  There is a last one if it is not linear.  Returns the
 * end.
 */
char *hist_write_key_bucket(
    char *p, const struct hist_scale *s, __int128 number, __int128 count);

/* Append the array for the slots of a JSON record, whose counts are written as
 * they are spelled, unless they are no numbers. */
void hist_write_json_buckets(struct buf *out, const struct hist_scale *s,
    size_t n, const struct json_value *slots);

/* The integer in a scalar or, if it is too long for 128 bits, the nearest; 0 if
 * it is none. */
__int128 hist_json_integer(const struct json_value *v);

#endif
