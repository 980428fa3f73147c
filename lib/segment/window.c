#include <sys/mman.h>

#include "segment/window.h"

/* What is used of a new window. */
enum { CAP_FIRST = 64 << 10 };

int
window_open(struct window *w, size_t max)
{
	void *bytes;

	max &= ~(size_t)7;
	bytes = mmap(NULL, max, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	*w = (struct window){ .bytes = NULL };
	if (bytes == MAP_FAILED)
		return -1;
	w->bytes = bytes;
	w->mapped = max;
	window_limit(w, max);
	return 0;
}

void
window_limit(struct window *w, size_t max)
{
	w->max = max < w->mapped ? max & ~(size_t)7 : w->mapped;
	w->cap = w->max < CAP_FIRST ? w->max : CAP_FIRST;
}

void
window_close(struct window *w)
{
	if (w->bytes != NULL)
		munmap(w->bytes, w->mapped);
	*w = (struct window){ .bytes = NULL };
}

/* Use more memory: twice as much, but at least what is needed up to end. */
static bool
grow(struct window *w, size_t end)
{
	size_t cap = 2 * w->cap > end ? 2 * w->cap : end;

	if (end > w->max)
		return false;
	w->cap = cap < w->max ? cap : w->max;
	return true;
}

char *
window_make_room(struct window *w, size_t size)
{
	if (w->wrapped) {
		/* Put the newer lines behind the older ones again. */
		if (!grow(w, w->wrap + w->end + size))
			return NULL;
		memcpy(w->bytes + w->wrap, w->bytes, w->end);
		w->end += w->wrap;
		w->wrapped = false;
		return w->bytes + w->end;
	}
	/* The memory before the oldest line is used again as long as that is
	 * enough. */
	if (w->first <= size)
		return grow(w, w->end + size) ? w->bytes + w->end : NULL;
	w->wrap = w->end;
	w->end = 0;
	w->wrapped = true;
	return w->bytes;
}
