/*
 * Stacks of exported maps: which stack-trace map the ids in their records
 * belong to.  For session/export.c.
 */
#ifndef SKEL_SESSION_EXPORT_STACKS_H
#define SKEL_SESSION_EXPORT_STACKS_H

#include "load/object.h"
#include "stream/stream.h"

/*
 * Set stacks of map number map of h, if its records have ids of stacks: to the
 * map that its interpreter names, else to the object's only one.  Checks what
 * the interpreter says of the records.  Returns 0, or -1 after reporting.
 */
int export_stacks(
    struct stream_header *h, unsigned int map, const struct object *o);

#endif
