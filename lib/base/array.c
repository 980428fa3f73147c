#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/nomem.h"

enum { FIRST_ROOM = 8 };

bool
array_grow(void *array, size_t *cap, size_t size)
{
	size_t more = *cap == 0 ? FIRST_ROOM : *cap * 2;
	void *v, *grown;

	/* array points to a pointer of some other type than void *. */
	memcpy(&v, array, sizeof(v));
	if ((grown = reallocarray(v, more, size)) == NULL) {
		nomem_note();
		return false;
	}
	memcpy(array, &grown, sizeof(grown));
	*cap = more;
	return true;
}

size_t
array_count_below(const void *v, size_t n, size_t size, uint64_t addr)
{
	const char *elements = v;
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint64_t at;

		memcpy(&at, elements + middle * size, sizeof(at));
		if (at <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
