#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "picture/flame-tree.h"

enum { GATHER = 4 }; /* times as many as are kept are gathered */

struct builder {
	struct flame_tree *tree;
	const struct flame_bounds *bounds;
	size_t cap; /* of the tree's frames */
	/* Owned: those whose end was not seen yet, by depth. */
	struct flame_frame *open;
	size_t nopen;
	unsigned __int128 at; /* counts so far */
	/* Only frames before this one, by width, are kept. */
	struct flame_frame last;
	bool full;
};

void
flame_tree_write_frame(
    struct buf *out, const char *name, size_t len, unsigned int kind)
{
	buf_add(out, name, strnlen(name, len));
	buf_chr(out, '\0');
	buf_chr(out, (char)kind);
}

/* Read the frame at *at.  Returns false at the end of the text. */
static bool
next_frame(const char **at, const char *end, struct flame_frame *f)
{
	size_t left = (size_t)(end - *at);

	*f = (struct flame_frame){ .name = *at, .len = strnlen(*at, left) };
	if (f->len + 2 > left)
		return false;
	f->kind = (unsigned char)(*at)[f->len + 1];
	*at += f->len + 2;
	return true;
}

static int
compare(unsigned __int128 a, unsigned __int128 b)
{
	return (a > b) - (a < b);
}

/* The widest first; so each frame comes after those that it is in. */
static int
by_width(const void *a, const void *b)
{
	const struct flame_frame *x = a, *y = b;
	int d = compare(y->count, x->count);

	if (d == 0)
		d = compare(x->depth, y->depth);
	return d != 0 ? d : compare(x->start, y->start);
}

static int
by_place(const void *a, const void *b)
{
	const struct flame_frame *x = a, *y = b;
	int d = compare(x->depth, y->depth);

	return d != 0 ? d : compare(x->start, y->start);
}

/* Keep no more frames than the bound says. */
static void
prune(struct builder *b)
{
	struct flame_tree *t = b->tree;
	size_t most = b->bounds->frames;

	if (t->n <= most)
		return;
	qsort(t->v, t->n, sizeof(*t->v), by_width);
	b->last = t->v[most];
	b->full = true;
	t->left_out += t->n - most;
	t->n = most;
}

/* The frame that was opened last has ended.  Returns 0, or -1 when memory ran
 * out. */
static int
close_frame(struct builder *b)
{
	struct flame_frame f = b->open[--b->nopen];
	struct flame_tree *t = b->tree;

	f.count = b->at - f.start;
	if (f.count < (t->total + b->bounds->parts - 1) / b->bounds->parts ||
	    (b->full && by_width(&f, &b->last) >= 0)) {
		t->left_out++;
		return 0;
	}
	if (!array_room(t->v, t->n, b->cap))
		return -1;
	t->v[t->n++] = f;
	if (t->n >= b->bounds->frames * GATHER)
		prune(b);
	return 0;
}

static bool
is_same(const struct flame_frame *a, const struct flame_frame *b)
{
	return a->kind == b->kind && a->len == b->len &&
	       memcmp(a->name, b->name, a->len) == 0;
}

/* Add a stack, of which those with the same outer frames are neighbours. */
static int
add_stack(struct builder *b, const struct flame_stack *s)
{
	const char *at = s->text, *end = s->text + s->len;
	struct flame_frame f;
	size_t depth = 0;

	while (next_frame(&at, end, &f)) {
		if (depth == b->bounds->depth) {
			b->tree->cut++;
			break;
		}
		if (depth == b->nopen || !is_same(&b->open[depth], &f)) {
			while (b->nopen > depth)
				if (close_frame(b) == -1)
					return -1;
			f.start = b->at;
			f.depth = (uint32_t)depth;
			b->open[b->nopen++] = f;
		}
		depth++;
	}
	while (b->nopen > depth)
		if (close_frame(b) == -1)
			return -1;
	b->at += s->count;
	return 0;
}

static int
add_stacks(struct builder *b, const struct flame_stack *stacks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		b->tree->total += stacks[i].count;
	for (size_t i = 0; i < n; i++)
		if (stacks[i].count > 0 && add_stack(b, &stacks[i]) == -1)
			return -1;
	while (b->nopen > 0)
		if (close_frame(b) == -1)
			return -1;
	return 0;
}

int
flame_tree_build(struct flame_tree *t, const struct flame *f,
    const struct flame_bounds *bounds)
{
	struct builder b = { .tree = t, .bounds = bounds };
	struct flame_stack *stacks;
	int ret = -1;
	size_t n;

	*t = (struct flame_tree){ .n = 0 };
	stacks = flame_sort(f, &n);
	b.open = calloc(bounds->depth, sizeof(*b.open));
	if (stacks != NULL && b.open != NULL)
		ret = add_stacks(&b, stacks, n);
	free(b.open);
	free(stacks);
	if (ret == -1) {
		flame_tree_free(t);
		return -1;
	}
	prune(&b);
	if (t->n > 0) {
		qsort(t->v, t->n, sizeof(*t->v), by_place);
		t->depth = t->v[t->n - 1].depth + 1;
	}
	return 0;
}

void
flame_tree_free(struct flame_tree *t)
{
	free(t->v);
	*t = (struct flame_tree){ .n = 0 };
}
