/*
 * Functions that a process generated at run time.  JIT compilers list them for
 * perf(1) in /tmp/perf-PID.map, one line "START SIZE name" for each.
 */
#ifndef SKEL_LOOKUP_JIT_MAP_H
#define SKEL_LOOKUP_JIT_MAP_H

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
	struct buf text;      /* the file, which has the names */
	struct jit_symbol *v; /* owned; sorted by address */
	size_t n;
};

void jit_map_free(struct jit_map *m);

/* Parse text, which becomes m's; m's functions are replaced.  Invalid lines are
 * skipped.  If memory runs out, functions are missing. */
void jit_map_parse(struct jit_map *m, struct buf *text);

/* Read the functions of a process from /tmp in its root directory.  m becomes
 * empty if there is no file, or the file belongs to another user, because
 * anyone can write to /tmp. */
void jit_map_read(struct jit_map *m, pid_t pid);

/* The function that contains addr, or NULL. */
const struct jit_symbol *jit_map_find(const struct jit_map *m, uint64_t addr);

#endif
