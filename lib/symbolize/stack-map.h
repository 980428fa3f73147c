/*
 * Stack maps: the addresses behind the ids that a BPF_MAP_TYPE_STACK_TRACE map
 * gave out.
 */
#ifndef SKEL_SYMBOLIZE_STACK_MAP_H
#define SKEL_SYMBOLIZE_STACK_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "record/symbol-store.h"

struct stack_map {
	const char *name; /* borrowed */
	int fd;           /* borrowed */
	uint32_t depth;   /* addresses that one has room for */
	uint32_t n;       /* ids below this one may be given out */
	uint64_t *looked; /* owned: when each id was looked up last; 0: never */
	uint64_t *addrs;  /* owned: room for one stack */
};

/* Returns 0, or -1 after reporting what is wrong with the map. */
int stack_map_open(struct stack_map *m, const char *name, int fd);
void stack_map_close(struct stack_map *m);

/*
 * The addresses of an id, innermost first, borrowed until the next change of
 * store.  An id may come to stand for another stack, so the kernel is asked
 * again now and then; what is new goes into store and, unless out is NULL, as
 * a line to out.  Returns how many; 0: the kernel has none.
 */
size_t stack_map_get(struct stack_map *m, int32_t id, uint64_t now,
    struct symbol_store *store, struct buf *out, const uint64_t **addrs);

#endif
