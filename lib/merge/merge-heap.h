/*
 * Merge heap: which of many inputs has the line with the least time.  Of two
 * with the same time it is the one with the lesser number.
 */
#ifndef SKEL_MERGE_MERGE_HEAP_H
#define SKEL_MERGE_MERGE_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct merge_top {
	uint64_t time_ns;
	size_t input;
};

/* Zeroed but for v, which has room for all inputs. */
struct merge_heap {
	struct merge_top *v; /* owned by the caller */
	size_t n;
};

/* Add an input that is not in the heap. */
void merge_heap_add(struct merge_heap *h, struct merge_top top);

/* An input that is in the heap has an earlier time now. */
void merge_heap_lower(struct merge_heap *h, struct merge_top top);

/* The first one has another time now; or is removed. */
void merge_heap_replace_first(struct merge_heap *h, uint64_t time_ns);
void merge_heap_drop_first(struct merge_heap *h);

#endif
