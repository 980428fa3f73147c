/*
 * Growable arrays: a pointer, the number of elements, and the number that there
 * is room for.
 */
#ifndef SKEL_BASE_ARRAY_H
#define SKEL_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Make room for at least one more element behind the n elements of the array v,
 * whose allocated length is cap; v and cap, a size_t, must be lvalues and start
 * as NULL and 0.  The room doubles, so appending n elements takes O(n) time.
 * Returns false, with v as it was, if memory runs out: noted, not reported.
 */
#define array_room(v, n, cap)                                                  \
	((n) < (cap) || array_grow(&(v), &(cap), sizeof(*(v))))

bool array_grow(void *array, size_t *cap, size_t size);

#endif
