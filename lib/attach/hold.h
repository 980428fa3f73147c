/*
 * What holds a program in its place: links, descriptors, and functions that
 * take a program away again where the kernel has no link for it.
 */
#ifndef SKEL_ATTACH_HOLD_H
#define SKEL_ATTACH_HOLD_H

#include <bpf/libbpf.h>
#include <stddef.h>

#include "attach/error.h"

struct attach_hold {
	struct bpf_link *link;     /* owned, or NULL */
	int fd;                    /* owned: a link without libbpf, or -1 */
	void (*undo)(void *state); /* detaches and frees state; or NULL */
	void *state;
};

/* One attached program.  One zeroed but for its program is empty. */
struct attachment {
	const struct bpf_program *program; /* borrowed */
	struct attach_hold *holds;         /* owned */
	size_t nholds, holds_cap;
};

/*
 * Add what holds the program; it belongs to the attachment then.  A link that
 * is NULL, or a negative descriptor, is the failure that errno tells.  When
 * memory runs out, the thing is released and the result is ENOMEM.
 */
struct attach_error attach_hold_link(
    struct attachment *a, struct bpf_link *link);
struct attach_error attach_hold_fd(struct attachment *a, int fd);
struct attach_error attach_hold_undo(
    struct attachment *a, void (*undo)(void *state), void *state);

/* Detach the program, and release what is owned. */
void attach_hold_release(struct attachment *a);

#endif
