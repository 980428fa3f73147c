/*
 * Compiles the C source of a BPF program with clang, in a child.
 */
#ifndef SKEL_PACK_COMPILE_H
#define SKEL_PACK_COMPILE_H

#include <stdbool.h>

#include "base/buf.h"

/* What came of it; zeroed, it is empty. */
struct compiled {
	struct buf object;
	struct buf source; /* the text that was compiled */
	struct buf header; /* that of x.h, if x.bpf.c includes it */
};

/* Whether the name is that of a C source. */
bool compile_is_source(const char *file);

/*
 * Runs $CLANG, or clang, with what a BPF program needs, then with the nflags
 * flags.  It writes its messages to standard error by itself, and no files.
 * To be called before the process is confined.  Returns 0, or -1 after the
 * reason was reported; compiled_free() in both cases.
 */
int compile_source(
    const char *file, char *const flags[], int nflags, struct compiled *out);
void compiled_free(struct compiled *c);

#endif
