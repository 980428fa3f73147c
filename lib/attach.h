/*
 * Attaching: a table from the kind of a program to how it is attached.  A new
 * way to attach is a new row.
 *
 * The functions report what is wrong and return -1.
 */
#ifndef SKEL_ATTACH_H
#define SKEL_ATTACH_H

#include <bpf/libbpf.h>
#include <stddef.h>

#include "object.h"

/* A "-a PROG=WHERE" of the command line. */
struct attach_where {
	const char *program; /* borrowed */
	const char *where;   /* borrowed; "off", "cgroup:/sys/fs/cgroup/x" */
};

struct attachment {
	const struct bpf_program *program; /* borrowed */
	struct bpf_link *link;             /* owned */
};

struct attachments {
	struct attachment *v; /* owned */
	size_t n;
};

/*
 * Attach every program of the loaded object that the package does not hold
 * back (link: false) and the wheres do not turn off.  All or nothing: when one
 * fails, reports "program handle_exit: ..." and detaches the others.
 */
int attach_all(struct attachments *a, const struct object *o,
    const struct attach_where *wheres, size_t nwheres);

/* Detach all. */
void attach_close(struct attachments *a);

#endif
