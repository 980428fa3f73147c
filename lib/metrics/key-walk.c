#include <stdlib.h>

#include "metrics/key-walk.h"

/* Makes room for one more key. */
static bool
grow(struct key_walk *w)
{
	size_t cap = w->cap == 0 ? 64 : w->cap * 2;
	void *p;

	if (w->n < w->cap)
		return true;
	if ((p = reallocarray(w->keys, cap, w->len)) == NULL)
		return false;
	w->keys = p;
	if ((p = reallocarray(w->places, cap, sizeof(*w->places))) == NULL)
		return false;
	w->places = p;
	w->cap = cap;
	return true;
}

void
key_walk_note(
    struct key_walk *w, uint64_t era, const unsigned char *record, size_t place)
{
	if (w->len == 0)
		return;
	if (w->era != era) {
		w->n = w->next = 0;
		w->era = era;
	}
	if (w->next >= KEY_WALK_KEYS || place > UINT32_MAX ||
	    (w->next == w->n && !grow(w)))
		return;
	memcpy(w->keys + w->next * w->len, record + w->offset, w->len);
	w->places[w->next++] = (uint32_t)place;
	if (w->n < w->next)
		w->n = w->next;
}

void
key_walk_free(struct key_walk *w)
{
	free(w->keys);
	free(w->places);
	*w = (struct key_walk){ 0 };
}
