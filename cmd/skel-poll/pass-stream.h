/*
 * Passing a stream on: copies it with fewer maps, fewer records or in the other
 * encoding.
 */
#ifndef CMD_SKEL_POLL_PASS_STREAM_H
#define CMD_SKEL_POLL_PASS_STREAM_H

#include "base/output.h"
#include "options.h"
#include "stream/reader.h"

/*
 * Copies the stream whose header r has read.  Changes the encoding in that
 * header if -f asks for another one.  Returns the exit status of the command.
 */
int skel_poll_pass_stream(struct stream_reader *r,
    const struct skel_poll_options *o, struct output *out);

#endif
