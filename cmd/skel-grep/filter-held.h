/*
 * The records of a filter that wait for names: the query compares with the name
 * of a user or a cgroup, and the header says that names come after the records.
 * What comes behind a record that waits does so too, to keep its place.
 */
#ifndef SKEL_GREP_FILTER_HELD_H
#define SKEL_GREP_FILTER_HELD_H

#include "filter.h"

/* Begin with the stream whose plans are compiled.  Returns 0, or -1 after
 * reporting that memory ran out. */
int filter_open_held(struct filter *f);
void filter_close_held(struct filter *f);

/* Hold a record back with its line of text, if it has to wait or something
 * does.  Returns whether it is held. */
bool filter_hold_record(struct filter *f, const struct stream_record *r,
    const char *text, size_t text_len);

/* The same for another line. */
bool filter_hold_line(struct filter *f, const struct stream_line *line);

/* Filter what need not wait longer than now, all of it with UINT64_MAX.
 * Returns 0, or -1 if the output failed. */
int filter_release(struct filter *f, uint64_t now);

#endif
