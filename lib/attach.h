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
	char *program;     /* owned */
	const char *where; /* borrowed; "off", "cgroup:/sys/fs/cgroup/x" */
};

struct attachment {
	const struct bpf_program *program; /* borrowed */
	struct bpf_link *link;             /* owned */
};

struct attachments {
	struct attachment *v; /* owned */
	size_t n;
};

/* Take apart "PROG=WHERE", which w borrows.  Returns 0, or -1 after reporting
 * what is wrong with it. */
int attach_where_parse(struct attach_where *w, const char *text);
void attach_where_free(struct attach_where *w);

/* What programs like this one are called: "tracepoint", "uprobe". */
const char *attach_kind(const struct bpf_program *program);

/*
 * Whether attach_all() could attach the programs of the opened object, as far
 * as that shows before it is loaded: that there are programs of the names that
 * the wheres have, and that each can go where it is sent.
 */
int attach_check(
    const struct object *o, const struct attach_where *wheres, size_t nwheres);

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
