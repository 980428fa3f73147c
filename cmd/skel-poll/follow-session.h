/*
 * Following a session: opens its pinned maps, polls them until the session ends
 * and writes a stream.
 */
#ifndef CMD_SKEL_POLL_FOLLOW_SESSION_H
#define CMD_SKEL_POLL_FOLLOW_SESSION_H

#include "base/output.h"
#include "options.h"
#include "stream/reader.h"

/* Polls the session that r has read; its header becomes that of the stream.
 * Returns the exit status of the command. */
int skel_poll_follow_session(struct stream_reader *r,
    const struct skel_poll_options *options, struct output *out);

#endif
