/*
 * Reads the stacks of a BPF_MAP_TYPE_STACK_TRACE map by their ids.
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
	uint32_t depth;   /* the most addresses of a stack */
	uint32_t n;       /* ids are below this */
	uint64_t *read;   /* owned: when each id was last read; 0: never */
	uint64_t *addrs;  /* owned: room for one stack */
};

/* name and fd are borrowed until stack_map_close().  Returns 0, or -1 after
 * reporting why the map cannot be used. */
int stack_map_open(struct stack_map *m, const char *name, int fd);
void stack_map_close(struct stack_map *m);

/*
 * Get the addresses of a stack id, innermost first.  The kernel may reuse an id
 * for another stack, so it is read again if the last read is some time before
 * now.  A new stack is added to store and, unless out is NULL, appended to out
 * as a line "@stack".  If an id gets another stack, changing() is called
 * first.  Returns their number, 0 if the kernel has no such stack;
 * the addresses are borrowed from store until it changes.
 */
size_t stack_map_get(struct stack_map *m, int32_t id, uint64_t now,
    struct symbol_store *store, struct buf *out, const uint64_t **addrs,
    int (*changing)(void *ctx), void *ctx);

#endif
