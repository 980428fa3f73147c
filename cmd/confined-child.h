/*
 * Runs a function in a child process that is confined as skel-pack is, so that
 * what a stranger made is taken apart by a process without privilege.  For
 * commands only: a library starts no process in its host's name.
 */
#ifndef SKEL_CONFINED_CHILD_H
#define SKEL_CONFINED_CHILD_H

#include <stddef.h>

#include "base/buf.h"

/* Appends its result to reply.  Returns 0, or -1 after reporting. */
typedef int confined_child_fn(void *ctx, struct buf *reply);

/*
 * Calls fn with ctx in a child that may open no file and use only so much
 * memory and time, and appends at most max bytes of its reply to reply.  What
 * the child reports goes to standard error.  name stands for its input in
 * reports.  To be called before anything privileged was done: the child
 * has a copy of the memory, but only standard error of the descriptors. Returns
 * 0, or -1 after the child or this function has reported what failed.
 */
int confined_child_run(confined_child_fn *fn, void *ctx, const char *name,
    size_t max, struct buf *reply);

#endif
