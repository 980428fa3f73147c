/*
 * The sizes of exported ring and perf buffers: checked against the records that
 * go through them, and kept in the header for whoever opens the buffers or
 * reports losses.
 */
#ifndef SKEL_SESSION_EXPORT_BUFFER_H
#define SKEL_SESSION_EXPORT_BUFFER_H

#include "load/object.h"
#include "session/launch-option.h"
#include "stream/header.h"

/* Sets polling.buffer_size of the buffers in h, the exports of o, whose maps
 * have their sizes. */
void export_set_buffers(struct stream_header *h, const struct object *o,
    const struct launch_options *options);

/* Returns 0, or -1 after reporting a buffer through which not even the shortest
 * record of its type can go.  name stands for the package in reports. */
int export_check_buffers(const struct stream_header *h, const char *name);

#endif
