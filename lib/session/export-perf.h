/*
 * Export perf: which maps have only records of programs that run at the samples
 * of one perf event, for the header of the stream, from which readers tell how
 * much time a record stands for.
 */
#ifndef SKEL_SESSION_EXPORT_PERF_H
#define SKEL_SESSION_EXPORT_PERF_H

#include <bpf/libbpf.h>

#include "attach/attach.h"
#include "stream/header.h"

/* Set the event in the maps of h that only such programs of the loaded object
 * use, if all of them run at its samples and equally often.  What the kernel
 * does not tell is left out.  Returns 0, or -1 after reporting that memory ran
 * out. */
int export_perf(
    struct stream_header *h, const struct attachments *a, struct bpf_object *o);

#endif
