/*
 * Perf maps: the functions that a process generated at run time, as many JIT
 * compilers list them for perf(1) in /tmp/perf-PID.map, a line
 * "START SIZE name" each.
 */
#ifndef SKEL_SYMBOLIZE_JIT_MAP_H
#define SKEL_SYMBOLIZE_JIT_MAP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

struct jit_symbol {
	uint64_t start, size;
	const char *name;
};

/* A zeroed one is empty. */
struct jit_map {
	struct buf text;      /* the file; names lie in it */
	struct jit_symbol *v; /* owned; by address */
	size_t n;
};

void jit_map_free(struct jit_map *m);

/* Take the functions from text, which is taken over, in place of those that
 * were there; lines that are none are skipped. */
void jit_map_parse(struct jit_map *m, struct buf *text);

/* Take those of a process, from its own /tmp.  A file that another user put
 * there is left alone.  Without one, m is empty. */
void jit_map_read(struct jit_map *m, pid_t pid);

/* The function that addr lies in, or NULL. */
const struct jit_symbol *jit_map_find(const struct jit_map *m, uint64_t addr);

#endif
