#include "merge/merge-heap.h"

#include <stdbool.h>

static bool
is_before(const struct merge_top *a, const struct merge_top *b)
{
	return a->time_ns != b->time_ns ? a->time_ns < b->time_ns
					: a->input < b->input;
}

/* Put a top in at place i, or above it. */
static void
sift_up(struct merge_heap *h, size_t i, struct merge_top top)
{
	for (; i > 0 && is_before(&top, &h->v[(i - 1) / 2]); i = (i - 1) / 2)
		h->v[i] = h->v[(i - 1) / 2];
	h->v[i] = top;
}

void
merge_heap_add(struct merge_heap *h, struct merge_top top)
{
	sift_up(h, h->n++, top);
}

void
merge_heap_lower(struct merge_heap *h, struct merge_top top)
{
	size_t i = 0;

	while (i < h->n && h->v[i].input != top.input)
		i++;
	if (i < h->n && top.time_ns < h->v[i].time_ns)
		sift_up(h, i, top);
}

/* Put a top in place of the first one. */
static void
sift_down(struct merge_heap *h, struct merge_top top)
{
	size_t i = 0, child;

	while ((child = 2 * i + 1) < h->n) {
		if (child + 1 < h->n &&
		    is_before(&h->v[child + 1], &h->v[child]))
			child++;
		if (!is_before(&h->v[child], &top))
			break;
		h->v[i] = h->v[child];
		i = child;
	}
	h->v[i] = top;
}

void
merge_heap_replace_first(struct merge_heap *h, uint64_t time_ns)
{
	sift_down(h, (struct merge_top){ time_ns, h->v[0].input });
}

void
merge_heap_drop_first(struct merge_heap *h)
{
	h->n--;
	if (h->n > 0)
		sift_down(h, h->v[h->n]);
}
