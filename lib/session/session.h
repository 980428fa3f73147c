/*
 * Sessions: the exported maps of a loaded program pinned in a directory
 * (session/session-dir.h), for skel-poll to read, and the header that describes
 * them.
 */
#ifndef SKEL_SESSION_SESSION_H
#define SKEL_SESSION_SESSION_H

#include <stdbool.h>

#include "attach/attach.h"
#include "load/object.h"
#include "stream/header.h"

/*
 * Makes the session's directory and pins there the maps of h, the links of its
 * iterators and, if detached, all links of a, which then outlive this process.
 * dir is a path for the directory, which nobody but root and this user may be
 * able to replace, or NULL for one below SESSION_ROOT.  Turns h into the header
 * of the session: sets its directory and its pins.  Iterators that a left out
 * are dropped from h.  Returns 0, or -1 after reporting, with nothing left
 * pinned.
 */
int session_pin(struct stream_header *h, const char *dir,
    const struct object *o, struct attachments *a, bool detached);

/* Removes the directory of the session h unless the session is detached.
 * Returns 0, or -1 after reporting that the directory stays until the next
 * sweep. */
int session_unpin(const struct stream_header *h);

#endif
