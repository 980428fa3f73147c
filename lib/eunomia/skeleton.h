/*
 * Skeletons: the objects of the C library's interface.  A skeleton is the
 * program of one package, from the time it is opened until it is released.
 * eunomia.h describes what the functions do; they may be called by several
 * threads as it says.
 *
 * Functions return -1 or NULL after reporting.
 */
#ifndef SKEL_EUNOMIA_SKELETON_H
#define SKEL_EUNOMIA_SKELETON_H

#include <stddef.h>

#include "eunomia/callback-sink.h"
#include "eunomia/eunomia.h"
#include "package/package.h"
#include "poll/poll-control.h"

/* Shared by a skeleton and the handles on it; the last user frees it. */
struct eunomia_polling_handle {
	struct poll_control control;
	atomic_uint users;
};

/* Ends one use of h, which may be NULL. */
void skeleton_release_handle(struct eunomia_polling_handle *h);

/* Opens a skeleton of the package, which belongs to the skeleton from now on
 * and is closed on failure.  btf is as for object_open(). */
struct eunomia_bpf *skeleton_open(struct package *package, const char *btf);
/* Detaches, unloads and frees p, at once or when the thread that loads or polls
 * it has returned. */
void skeleton_release(struct eunomia_bpf *p);

/* Each returns 0 or -1. */
int skeleton_set_option(
    struct eunomia_bpf *p, const char *name, const char *value);
int skeleton_load(struct eunomia_bpf *p);
int skeleton_poll(struct eunomia_bpf *p, enum export_format_type format,
    callback_fn *handler, void *ctx);
/* Returns the descriptor, which p keeps, of the map or program of this name. */
int skeleton_fd(struct eunomia_bpf *p, const char *name);

/* Requests the end of the polling without waiting for it.  Safe in signal
 * handlers. */
void skeleton_stop(struct eunomia_bpf *p);

/* Returns the loaded skeleton's handle with one more use, to be ended by
 * skeleton_release_handle(). */
struct eunomia_polling_handle *skeleton_handle(struct eunomia_bpf *p);

#endif
