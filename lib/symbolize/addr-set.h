/*
 * The addresses that were looked up already, with a note on each.
 */
#ifndef SKEL_SYMBOLIZE_ADDR_SET_H
#define SKEL_SYMBOLIZE_ADDR_SET_H

#include <stdint.h>

#include "base/hash.h"

enum { ADDR_SET_MAX = 1 << 16 };

/* A zeroed one is empty. */
struct addr_set {
	struct hash hash;
};

void addr_set_free(struct addr_set *s);

/* The note on an address, or 0 if it has none. */
unsigned char addr_set_get(const struct addr_set *s, uint64_t addr);

/* Set the note on an address, which is not 0.  The set is emptied before it
 * gets more than ADDR_SET_MAX addresses, and when memory runs out. */
void addr_set_set(struct addr_set *s, uint64_t addr, unsigned char note);

#endif
