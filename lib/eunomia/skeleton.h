/*
 * Skeletons: what the C library hands out, a program from being opened to
 * being released.  The contracts are those of eunomia.h.
 *
 * The functions report what is wrong and return -1 or NULL.
 */
#ifndef SKEL_EUNOMIA_SKELETON_H
#define SKEL_EUNOMIA_SKELETON_H

#include <stddef.h>

#include "eunomia/callback-sink.h"
#include "eunomia/eunomia.h"
#include "package/package.h"
#include "poll/poll-control.h"

/* Shared by a skeleton and the handles on it; the last one frees it. */
struct eunomia_polling_handle {
	struct poll_control control;
	atomic_uint users;
};

void skeleton_release_handle(struct eunomia_polling_handle *h);

/* A skeleton of the package, which it takes over, whatever comes of it.
 * btf as object_open() has it. */
struct eunomia_bpf *skeleton_open(struct package *package, const char *btf);
void skeleton_release(struct eunomia_bpf *p);

int skeleton_load(struct eunomia_bpf *p);
int skeleton_poll(struct eunomia_bpf *p, enum export_format_type format,
    callback_fn *handler, void *ctx);
int skeleton_fd(struct eunomia_bpf *p, const char *name);

/* End the polling, without waiting; safe in signal handlers. */
void skeleton_stop(struct eunomia_bpf *p);

/* One more use of the loaded skeleton's handle. */
struct eunomia_polling_handle *skeleton_handle(struct eunomia_bpf *p);

#endif
