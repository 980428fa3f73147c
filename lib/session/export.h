/*
 * Exports: which of an object's maps and iterators are shown and with which
 * types, decided from the package, and from the object's own BTF where the
 * package is silent.
 */
#ifndef SKEL_SESSION_EXPORT_H
#define SKEL_SESSION_EXPORT_H

#include <stddef.h>

#include "attach/attach.h"
#include "load/object.h"
#include "poll/poller.h"
#include "stream/stream.h"

/*
 * Fill h's maps and types for the opened, not yet loaded object o: the maps,
 * then the iterators among the programs that a is to attach.  Ring and perf
 * buffers defined with a value type are made acceptable to the kernel (value
 * size 0) on the way.  only: names of those to take (-m), all if nonly is 0.
 * Returns 0, or -1 after reporting.
 */
int export_maps(struct stream_header *h, struct object *o,
    const struct attachments *a, const char *const *only, size_t nonly);

/* Give the poller of h the links of its iterators, which were attached after
 * it was opened; those that were left out have none.  Returns 0, or -1 after
 * reporting. */
int export_links(const struct stream_header *h, const struct attachments *a,
    struct poller *p);

#endif
