/*
 * What skel-merge writes: the header of the streams that it is within, their
 * lines, and the end.
 */
#ifndef SKEL_MERGE_WRITE_H
#define SKEL_MERGE_WRITE_H

#include "merge.h"

/* Whether a stream is the only one of the output, which it is as it was. */
static inline bool
merge_is_alone(const struct merge *m)
{
	return m->nstreams == 1;
}

/* Append a binary record, whose line is the len bytes at text. */
void merge_write_record(struct merge *m, const struct merge_input *in,
    unsigned int map, const char *text, size_t len);

/* Append a JSON record.  What is wrong with it is reported and counted. */
void merge_write_json(
    struct merge *m, struct merge_input *in, const char *text, size_t len);

/* Append a control line, the text of a tree; NULL: it is parsed again. */
void merge_write_control(struct merge *m, const struct merge_input *in,
    const char *text, size_t len, json_t *tree);

/* Keep a line about names or clocks, in case that another header has to be
 * written. */
void merge_keep_told(
    struct merge *m, struct merge_stream *s, const char *text, size_t len);

/* Take what the "@end" of an input says into that of the output. */
void merge_take_end(
    struct merge *m, const struct merge_input *in, const struct stream_line *l);

/* Append that a stream was cut. */
void merge_write_cut(struct merge *m, const struct merge_stream *s);

/* Append the end of the output, unless there is none. */
void merge_write_end(struct merge *m);

/*
 * Append the header of the n streams, after the end of what was before, and
 * what those streams have told that were in the output already.  Returns 0; or
 * -1 after reporting that they do not fit into one stream, with the output as
 * it was.
 */
int merge_write_header(
    struct merge *m, struct merge_stream *const *streams, size_t n);

#endif
