#include <string.h>

#include "base/addr-search.h"

size_t
addr_search(const void *v, size_t n, size_t size, uint64_t addr)
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
