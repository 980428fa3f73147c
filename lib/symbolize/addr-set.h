/*
 * Addresses that were looked up already, with a note on each: a set that is
 * emptied when it gets too large.
 */
#ifndef SKEL_SYMBOLIZE_ADDR_SET_H
#define SKEL_SYMBOLIZE_ADDR_SET_H

#include <stddef.h>
#include <stdint.h>

enum { KNOWN_MAX = 1 << 16 };

/* A zeroed one is empty. */
struct known {
	uint64_t *addrs;      /* owned: hashed, with room for cap */
	unsigned char *notes; /* owned; 0: no address is there */
	size_t n, cap;        /* cap: a power of two, or 0 */
};

void known_free(struct known *k);

/* The note on an address, or 0. */
unsigned char known_get(const struct known *k, uint64_t addr);

/* Set it; not to 0.  Without memory the set is emptied. */
void known_set(struct known *k, uint64_t addr, unsigned char note);

#endif
