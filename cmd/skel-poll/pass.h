/*
 * Passing on: a stream that comes in goes out again, with fewer maps, fewer
 * records, or in the other encoding.
 */
#ifndef SKEL_PASS_H
#define SKEL_PASS_H

#include "base/output.h"
#include "choice.h"
#include "stream/stream.h"

/*
 * r has read the header, whose encoding is changed if that is asked for.
 * Returns the exit status of the command.
 */
int pass(struct stream_reader *r, const struct choice *c, struct output *out);

#endif
