/*
 * Attaches the programs of a loaded object, and detaches them again.  The ways
 * to attach are structs of functions (attach/way.h), one file for each subject;
 * attach/kind.c lists which programs can go which way.
 *
 * The functions report errors and return -1, unless noted.
 */
#ifndef SKEL_ATTACH_ATTACH_H
#define SKEL_ATTACH_ATTACH_H

#include <stdbool.h>

#include "attach/choose.h"
#include "host/confine.h"
#include "stream/header.h"

/*
 * Attach the chosen programs of the loaded object.  If one fails that must not,
 * detaches the others again and returns -1.  If it failed and there is another
 * form of it (attach/forms.h), returns 1: the object has to be opened and
 * loaded again, for which attach_choose() chooses that.
 */
int attach_all(struct attachments *a);

/* Whether the program of this name is an iterator that is to be attached. */
bool attach_is_iterator(const struct attachments *a, const char *program);

/* The descriptor of the first link of the program of this name, or -1.  It
 * stays the attachment's. */
int attach_link_fd(const struct attachments *a, const char *program);

/* Add to the header which perf events are sampled in place of others. */
int attach_describe_events(
    const struct attachments *a, struct stream_header *h);

/* Add what detaching needs to n.  Links need nothing: closing their
 * descriptors detaches. */
void attach_add_needs(const struct attachments *a, struct confine_needs *n);

/* Detach all programs. */
void attach_detach(struct attachments *a);

/* Detach all programs and release a. */
void attach_close(struct attachments *a);

#endif
