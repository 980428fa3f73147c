/*
 * The walk over a map: the kernel gives the keys of a map in nearly the same
 * order each time, so the key behind the one that came last in the pass before
 * is tried first, which is cheaper than a hash of it.
 *
 * A walk that runs out of memory, or has too many keys, knows fewer of them.
 */
#ifndef SKEL_METRICS_KEY_WALK_H
#define SKEL_METRICS_KEY_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { KEY_WALK_BYTES = 128, KEY_WALK_KEYS = 65536 };

/* Initialise with { 0 }, and then offset and len. */
struct key_walk {
	/* Where in a record the bytes are by which keys are told apart; len: 0
	 * for no walk, at most KEY_WALK_BYTES. */
	size_t offset, len;
	unsigned char *keys; /* owned: len bytes of each, in their order */
	uint32_t *places;    /* owned: what is known of each */
	size_t n, cap;
	size_t next;  /* the one that is tried */
	uint64_t era; /* in which the places are what they were */
};

/* Whether the record has the key that is next, whose place is *place then. */
static inline bool
key_walk_find(struct key_walk *w, uint64_t era, const unsigned char *record,
    size_t *place)
{
	if (w->next >= w->n || w->era != era ||
	    memcmp(w->keys + w->next * w->len, record + w->offset, w->len) != 0)
		return false;
	*place = w->places[w->next++];
	return true;
}

/* The record, which was not found, has the key of this place: it is expected
 * here in the next pass. */
void key_walk_note(struct key_walk *w, uint64_t era,
    const unsigned char *record, size_t place);

/* The next record is the first of a pass. */
static inline void
key_walk_end_pass(struct key_walk *w)
{
	w->next = 0;
}

void key_walk_free(struct key_walk *w);

#endif
