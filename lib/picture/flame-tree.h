/*
 * Flame trees: the frames of a flame graph, made of stacks that were counted.
 * However many stacks there are and however deep they are, only so many frames
 * are kept: the widest.
 *
 * The text of a stack consists of its frames, the outermost first: each is a
 * name without NUL, a NUL, and a byte that is an enum frame_kind, perhaps with
 * FRAME_INLINED.
 */
#ifndef SKEL_PICTURE_FLAME_TREE_H
#define SKEL_PICTURE_FLAME_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "layout/flame.h"

enum frame_kind {
	FRAME_PROCESS = 1,
	FRAME_KERNEL,
	FRAME_USER, /* of a process, and it is not known which of the next */
	FRAME_PROGRAM,
	FRAME_LIBRARY,
	FRAME_GENERATED, /* code of a JIT compiler */
	FRAME_UNKNOWN,
	FRAME_HOST,
	FRAME_KINDS,
	FRAME_INLINED = 0x40,
};

/* Append a frame to the text of a stack; of the name what is before a NUL. */
void flame_tree_write_frame(
    struct buf *out, const char *name, size_t len, unsigned int kind);

struct flame_frame {
	const char *name; /* borrowed from the stacks */
	size_t len;
	unsigned int kind; /* enum frame_kind, perhaps with FRAME_INLINED */
	uint32_t depth;    /* 0: outermost */
	/* Counts to the left of it, and its own. */
	unsigned __int128 start, count;
};

struct flame_bounds {
	size_t frames;      /* the most that are kept */
	uint32_t depth;     /* frames of a stack; those above are cut off */
	unsigned int parts; /* a frame has at least 1/parts of all */
};

struct flame_tree {
	struct flame_frame *v; /* owned; by depth, and from left to right */
	size_t n;
	uint32_t depth; /* rows of frames */
	unsigned __int128 total;
	size_t left_out; /* frames, because of their number or width */
	size_t cut;      /* stacks that were cut off */
};

/* Make the tree of f's stacks, which must outlive it.  Returns 0, or -1 without
 * a report when memory ran out. */
int flame_tree_build(struct flame_tree *t, const struct flame *f,
    const struct flame_bounds *bounds);
void flame_tree_free(struct flame_tree *t);

#endif
