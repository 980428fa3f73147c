/*
 * Counters: rows of counts and other columns for groups of records, by the
 * question (count/question.h).  The maps of a stream are looked at once, when
 * it begins; a record then costs no look-up by name and no allocation but that
 * of new rows.
 */
#ifndef SKEL_COUNT_COUNTER_H
#define SKEL_COUNT_COUNTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "count/count-shape.h"
#include "count/json-source.h"
#include "count/question.h"
#include "stream/header.h"

struct counter; /* opaque */

/* Make a counter for a question, which must outlive it.  Returns NULL after
 * reporting that memory ran out. */
struct counter *counter_new(const struct question *q);
void counter_free(struct counter *c);

/*
 * Begin to count the records of a stream.  Maps with wanted[map] false, and
 * those that lack a member of the question, are left out.  Returns 1; 0 if the
 * rows so far are of other types: counter_reset() and call it again; or -1
 * after reporting that no map can be counted.
 */
int counter_begin(struct counter *c, const struct stream_header *h,
    const bool *wanted, const char *where);

/* Begin to count records of JSON without a header, whose members get the types
 * that their values need.  Returns as counter_begin(). */
int counter_begin_untyped(struct counter *c, enum stream_encoding encoding);

/* The input that was counted is closed: forget what is borrowed of it. */
void counter_end_input(struct counter *c);

/* Forget all rows and their types. */
void counter_reset(struct counter *c);

/* The header of the stream of rows; NULL until it is made. */
struct stream_header *counter_header(struct counter *c);

/* Make it, when counter_begin() has returned 1 for the first time, for a stream
 * that goes on from that of from.  Returns 0, or -1 after reporting. */
int counter_make_header(struct counter *c, const struct stream_header *from,
    enum stream_encoding encoding);

/* Whether the rows are complete only at the end: no map that is counted has
 * passes of its own. */
bool counter_has_one_pass(const struct counter *c);

/* Let the header have the member that tells the row of all other keys, where no
 * text does, or leave it out if there is no such row.  Returns whether this
 * has changed the header. */
bool counter_show_other(struct counter *c, bool always);

/* Whether records of a map are counted. */
bool counter_counts(const struct counter *c, unsigned int map);

/* Whether each pass over a map that is counted replaces the one before. */
bool counter_is_replaced(const struct counter *c);

/* Count a record, which may end within its last array.  Returns 0, or -1 after
 * reporting that memory ran out. */
int counter_add(
    struct counter *c, unsigned int map, const unsigned char *data, size_t len);

/* What was read of a record in JSON. */
struct counter_json {
	enum json_got got;
	const unsigned char *data; /* JSON_GOOD: for counter_add() */
	size_t len;
	uint64_t time_ns;   /* kept if the record has none */
	bool changed;       /* the rows, and so their header, are of other
			       types now */
	size_t wrong_at;    /* JSON_NOT: the column */
	const char *name;   /* JSON_LACKS, JSON_WRONG: the member */
	const char *wanted; /* JSON_WRONG: what it should be; NULL if this was
			       reported */
};

/* Read the record of len bytes at text, of a map of JSON records. */
void counter_read_json(struct counter *c, unsigned int map, const char *text,
    size_t len, struct counter_json *out);

/* Tell the names that the record has, as json_source_tell_names(). */
int counter_tell_names(struct counter *c, unsigned int map,
    struct name_store *names, struct buf *lines);

/* Report a member that no record in JSON had.  Returns whether there is one. */
bool counter_report_unseen(const struct counter *c, const char *where);

/* Whether there are rows. */
bool counter_has_any(const struct counter *c);

/* Remove the rows, as before a pass that does not go on from the last. */
void counter_clear(struct counter *c);

/* Receives a row: key and value.  Returns whether to go on. */
typedef bool counter_row(void *ctx, const unsigned char *row, size_t len);

/* Hand out the rows, sorted, at most those that question.top says and that of
 * all others.  Returns how many; or -1 after reporting that memory ran out. */
int64_t counter_rows(struct counter *c, counter_row *fn, void *ctx);

/* Report which maps of the input were left out. */
void counter_report_maps(const struct counter *c, const char *where);

/* Report what the rows could not hold, since counter_reset(). */
void counter_report_rows(const struct counter *c);

#endif
