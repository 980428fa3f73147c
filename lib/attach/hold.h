/*
 * Holds.  A hold is a thing that keeps a program attached until it is released:
 * a link of libbpf, the descriptor of a link, or a function that detaches where
 * the kernel has no link.
 */
#ifndef SKEL_ATTACH_HOLD_H
#define SKEL_ATTACH_HOLD_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stddef.h>

#include "attach/error.h"

struct attach_hold {
	struct bpf_link *link;     /* owned, or NULL */
	int fd;                    /* owned: a link without libbpf, or -1 */
	bool socket;               /* fd is a socket, which cannot be pinned */
	void (*undo)(void *state); /* detaches and frees state; or NULL */
	void *state;
};

/* An attached program.  Initialise with { .program = program }. */
struct attachment {
	const struct bpf_program *program; /* borrowed */
	struct attach_hold *holds;         /* owned */
	size_t nholds, holds_cap;
	/* Constants: the perf event that the machine lacks, and the one that
	 * is sampled instead; or NULL. */
	const char *lacking_event, *sampled_event;
	/* The perf event that runs the program, a constant, if it has a name;
	 * or NULL; and how often: one of the two is 0. */
	const char *event;
	uint64_t frequency, period;
};

/*
 * Add a link, a descriptor or a function to the attachment, which owns it then.
 * If the link is NULL or the descriptor negative, return the failure in errno.
 * If memory runs out, detach the program and return ENOMEM.
 */
struct attach_error attach_hold_link(
    struct attachment *a, struct bpf_link *link);
struct attach_error attach_hold_fd(struct attachment *a, int fd);
struct attach_error attach_hold_socket(struct attachment *a, int fd);
struct attach_error attach_hold_undo(
    struct attachment *a, void (*undo)(void *state), void *state);

/* Release the last hold, of at least one. */
void attach_hold_release_last(struct attachment *a);

/* Detach the program, and release everything that a owns. */
void attach_hold_release(struct attachment *a);

#endif
