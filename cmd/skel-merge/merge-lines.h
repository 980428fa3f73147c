/*
 * The lines of an input: written as they come, or put into its queue.
 */
#ifndef SKEL_MERGE_LINES_H
#define SKEL_MERGE_LINES_H

#include "merge.h"

/* Take the lines that have been read of an input.  Returns 0, or -1 if the
 * output failed or memory ran out. */
int merge_take_lines(struct merge *m, struct merge_input *in);

#endif
