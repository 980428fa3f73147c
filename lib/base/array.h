/*
 * Growable arrays, as a pointer, the number of elements, and the number that
 * there is room for; and binary search.
 */
#ifndef SKEL_BASE_ARRAY_H
#define SKEL_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Make room for at least one more element after the n elements of the array v,
 * whose allocated length is cap; v and cap, a size_t, must be lvalues and start
 * as NULL and 0.  The room doubles, so appending n elements takes O(n) time.
 * Returns false, with v as it was, if memory runs out, which is counted
 * (base/nomem.h) but not reported.
 */
#define array_room(v, n, cap)                                                  \
	((n) < (cap) || array_grow(&(v), &(cap), sizeof(*(v))))

bool array_grow(void *array, size_t *cap, size_t size);

/*
 * Set at, a size_t, to the number of elements that come before: is_before is an
 * expression that says of element number at whether it does, which must be true
 * of the first ones and false of the others.  There are n elements.
 */
#define array_partition(at, n, is_before)                                      \
	do {                                                                   \
		size_t low_ = 0, high_ = (n);                                  \
                                                                               \
		while (low_ < high_) {                                         \
			(at) = low_ + (high_ - low_) / 2;                      \
			if (is_before)                                         \
				low_ = (at) + 1;                               \
			else                                                   \
				high_ = (at);                                  \
		}                                                              \
		(at) = low_;                                                   \
	} while (0)

/*
 * In an array that is sorted by address, count the elements whose address is at
 * most addr; the last of them is the one that addr may be in.  v has n elements
 * of size bytes each, which begin with their address, a uint64_t.
 */
size_t array_count_below(const void *v, size_t n, size_t size, uint64_t addr);

#endif
