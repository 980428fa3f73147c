/*
 * Functions that a process generated at run time.  JIT compilers list them for
 * perf(1) in /tmp/perf-PID.map, one line "START SIZE name" for each.
 */
#ifndef SKEL_LOOKUP_JIT_MAP_H
#define SKEL_LOOKUP_JIT_MAP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/buf.h"

struct jit_symbol {
	uint64_t start, size;
	const char *name;
};

enum {
	JIT_MAP_BYTES_MAX = 16 << 20,    /* that are read of a file */
	JIT_MAP_FUNCTIONS_MAX = 1 << 19, /* that are kept of it */
};

/* A zeroed one is empty. */
struct jit_map {
	struct buf text;      /* the file, which has the names */
	struct jit_symbol *v; /* owned; sorted by address */
	size_t n;
	/* Of the file when it was read. */
	struct timespec mtime;
	off_t size;
};

void jit_map_free(struct jit_map *m);

/* Parse text, which becomes m's; m's functions are replaced.  Invalid lines are
 * skipped.  If memory runs out, functions are missing. */
void jit_map_parse(struct jit_map *m, struct buf *text);

/*
 * Read the functions of a process, whose pid in its own namespace is pid, from
 * /tmp in its root directory, unless the file is the one that was read before.
 * m becomes empty if there is no file, or it is not one that the process's
 * user, uid, could have written: anyone can write to /tmp, and make links and
 * mounts there.  So it must be an ordinary file with one name that belongs to
 * uid, or to root if all users may read it.  Of a file larger than
 * JIT_MAP_BYTES_MAX the rest is not read, and no last line without its end,
 * which may still be written.
 *
 * Returns 0, or -1, with nothing read, if that may take more memory than
 * bytes_max.
 */
int jit_map_read(
    struct jit_map *m, int root, pid_t pid, uid_t uid, uint64_t bytes_max);

/* The bytes of memory that it has. */
size_t jit_map_bytes(const struct jit_map *m);

/* The function that contains addr, or NULL. */
const struct jit_symbol *jit_map_find(const struct jit_map *m, uint64_t addr);

#endif
