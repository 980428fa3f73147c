/*
 * Arrays sorted by address: each element begins with its address, a uint64_t.
 */
#ifndef SKEL_BASE_ADDR_SEARCH_H
#define SKEL_BASE_ADDR_SEARCH_H

#include <stddef.h>
#include <stdint.h>

/* How many of the n elements at v, each of size bytes, are not behind addr: the
 * last of them, if any, is where to look. */
size_t addr_search(const void *v, size_t n, size_t size, uint64_t addr);

#endif
