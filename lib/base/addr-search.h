/*
 * Binary search in an array that is sorted by address.
 */
#ifndef SKEL_BASE_ADDR_SEARCH_H
#define SKEL_BASE_ADDR_SEARCH_H

#include <stddef.h>
#include <stdint.h>

/*
 * The number of elements whose address is at most addr, so that the last of
 * them is the one that addr may be in.  v has n elements of size bytes each,
 * which begin with their address, a uint64_t.
 */
size_t addr_search(const void *v, size_t n, size_t size, uint64_t addr);

#endif
