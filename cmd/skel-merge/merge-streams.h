/*
 * The streams that skel-merge is within: which inputs are parts of which, where
 * they begin and end, and the header of them all.
 */
#ifndef SKEL_MERGE_STREAMS_H
#define SKEL_MERGE_STREAMS_H

#include "merge.h"

/* An input has its first line, or will not have one.  Returns 0, or -1. */
int merge_open_input(struct merge *m, struct merge_input *in);

/* Go on behind the end of an input's stream.  Returns 0, or -1. */
int merge_go_on(struct merge *m, struct merge_input *in);

/* A stream of an input is over, or the part of it that the input has. */
void merge_end_stream(struct merge *m, struct merge_input *in);

/* An input is over. */
void merge_close_input(struct merge *m, struct merge_input *in);

/* Write the header of all streams that inputs are within.  Returns 0; or -1
 * after reporting, if nothing can be merged. */
int merge_begin_output(struct merge *m);

void merge_free_streams(struct merge *m);

#endif
