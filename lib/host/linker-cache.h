/*
 * The cache in which the dynamic linker of glibc finds libraries by name,
 * /etc/ld.so.cache; see ldconfig(8).
 */
#ifndef SKEL_HOST_LINKER_CACHE_H
#define SKEL_HOST_LINKER_CACHE_H

#include <stddef.h>

/*
 * The path of the first library of this name in the cache that is for this
 * machine.  If the name ends with a dot, as "libc.so.", what follows it does
 * not matter.  Returns a string to free; or NULL if there is none, or no cache.
 */
char *linker_cache_find(const char *name);

/* The same in len bytes of a cache, for those libraries that fits() accepts. */
char *linker_cache_search(const char *cache, size_t len, const char *name,
    int (*fits)(const char *path));

#endif
