/*
 * Passing on: a stream that comes in goes out again, with fewer maps, fewer
 * records, or in the other encoding.
 */
#ifndef SKEL_PASS_H
#define SKEL_PASS_H

#include "base/output.h"
#include "options.h"
#include "stream/stream.h"

/*
 * r has read the header, whose encoding is changed if that is asked for.
 * Returns the exit status of the command.
 */
int skel_poll_pass_stream(struct stream_reader *r,
    const struct skel_poll_options *c, struct output *out);

#endif
