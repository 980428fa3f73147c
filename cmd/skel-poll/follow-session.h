/*
 * Following a session: its pinned maps are opened and polled until the session
 * is over, and what is found becomes a stream.
 */
#ifndef SKEL_FOLLOW_H
#define SKEL_FOLLOW_H

#include "base/output.h"
#include "options.h"
#include "stream/stream.h"

/*
 * r has read the session; its header is turned into the stream's.  Returns the
 * exit status of the command.
 */
int skel_poll_follow_session(struct stream_reader *r,
    const struct skel_poll_options *c, struct output *out);

#endif
