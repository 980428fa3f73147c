/*
 * Following a session: its pinned maps are opened and polled until the session
 * is over, and what is found becomes a stream.
 */
#ifndef SKEL_FOLLOW_H
#define SKEL_FOLLOW_H

#include "base/output.h"
#include "choice.h"
#include "stream/stream.h"

/*
 * r has read the session; its header is turned into the stream's.  Returns the
 * exit status of the command.
 */
int follow(struct stream_reader *r, const struct choice *c, struct output *out);

#endif
