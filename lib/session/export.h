/*
 * Exports: decides which maps and iterators of an object become part of the
 * stream and what types their records have.  The package says so; where it does
 * not, the object's BTF does.
 */
#ifndef SKEL_SESSION_EXPORT_H
#define SKEL_SESSION_EXPORT_H

#include <stddef.h>

#include "attach/attach.h"
#include "load/object.h"
#include "poll/poller.h"
#include "stream/header.h"

/*
 * Fills in the maps and types of h for the object o, which is opened but not
 * yet loaded: first the maps, then the iterators among the programs that a will
 * attach.  only holds the names of those to export (-m); if nonly is 0, all are
 * exported.  Also changes definitions of maps: ring and perf buffers that have
 * the type of their records as value get none, because the kernel refuses it,
 * and sampled arrays become mappable.  as holds nas arguments of --as.  Returns
 * 0, or -1 after reporting.
 */
int export_maps(struct stream_header *h, struct object *o,
    const struct attachments *a, const char *const *only, size_t nonly,
    const char *const *as, size_t nas);

/* Gives the poller p of h the links of its iterators, which are attached only
 * after the poller was opened.  Iterators that were left out have no link.
 * Returns 0, or -1 after reporting. */
int export_links(const struct stream_header *h, const struct attachments *a,
    struct poller *p);

#endif
