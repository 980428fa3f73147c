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
