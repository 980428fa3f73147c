/*
 * Polls open maps and writes the stream of what is read from them.
 */
#ifndef CMD_SKEL_POLL_WRITE_STREAM_H
#define CMD_SKEL_POLL_WRITE_STREAM_H

#include "base/output.h"
#include "host/confine.h"
#include "host/map-fds.h"
#include "options.h"
#include "poll/poller.h"
#include "stream/header.h"

/*
 * Writes the stream of the header h, whose maps are open in fds, from its
 * header to its end.  o has the settings of the maps; those of the command line
 * are taken from options.  Once all is open the process is confined, except for
 * needs and for what the symbols of stacks need.  Returns the exit status.
 */
int skel_poll_write_stream(struct stream_header *h, const struct map_fds *fds,
    const struct poller_options *o, const struct skel_poll_options *options,
    struct confine_needs *needs, struct output *out);

#endif
