/*
 * Addresses that were looked up already, with a note on each: a set that is
 * emptied when it gets too large.
 */
#ifndef SKEL_SYMBOLIZE_ADDR_SET_H
#define SKEL_SYMBOLIZE_ADDR_SET_H

#include <stddef.h>
#include <stdint.h>

enum { ADDR_SET_MAX = 1 << 16 };

/* A zeroed one is empty. */
struct addr_set {
	uint64_t *addrs;      /* owned: hashed, with room for cap */
	unsigned char *notes; /* owned; 0: no address is there */
	size_t n, cap;        /* cap: a power of two, or 0 */
};

void addr_set_free(struct addr_set *k);

/* The note on an address, or 0. */
unsigned char addr_set_get(const struct addr_set *k, uint64_t addr);

/* Set it; not to 0.  Without memory the set is emptied. */
void addr_set_set(struct addr_set *k, uint64_t addr, unsigned char note);

#endif
