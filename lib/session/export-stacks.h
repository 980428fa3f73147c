/*
 * Stacks of exported maps: finds the stack-trace map that the stack ids in
 * their records refer to.  Used by session/export.c only.
 */
#ifndef SKEL_SESSION_EXPORT_STACKS_H
#define SKEL_SESSION_EXPORT_STACKS_H

#include "load/object.h"
#include "stream/header.h"

/*
 * If records of map number map of h have stack ids, sets its stacks to the
 * stack-trace map that its interpreter names or, if it names none, to the
 * object's only one.  Also checks that the members that the interpreter names
 * exist.  Returns 0, or -1 after reporting.
 */
int export_stacks(
    struct stream_header *h, unsigned int map, const struct object *o);

#endif
