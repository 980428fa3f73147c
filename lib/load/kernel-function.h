/*
 * Explains why a function of the running kernel cannot be traced, though others
 * can: it is missing, inlined, changed by the compiler, one of several with its
 * name, or the kernel does not let it be traced.
 */
#ifndef SKEL_LOAD_KERNEL_FUNCTION_H
#define SKEL_LOAD_KERNEL_FUNCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/buf.h"

struct kernel_function {
	const char *name;  /* borrowed */
	bool symbols;      /* the kernel's functions could be listed */
	size_t count;      /* those of this name */
	char variant[128]; /* "NAME.isra.0", of which there is one; or "" */
	bool traces;       /* the traceable functions could be listed */
	bool traceable;    /* this one is among them */
	bool fentry;       /* this kernel attaches fentry programs */
	bool in_btf;       /* the kernel's BTF describes the function */
};

/* Looks up what /proc/kallsyms and, if tracefs is mounted,
 * available_filter_functions say about the function.  in_btf is for the
 * caller to set. */
void kernel_function_find(struct kernel_function *f, const char *name);

/* Does that with these files, in place of the kernel's; each may be NULL. */
void kernel_function_read(struct kernel_function *f, const char *name,
    FILE *kallsyms, FILE *traceable);

/* Appends why no program of this way ("fentry") can be attached to f. */
void kernel_function_explain(
    const struct kernel_function *f, const char *way, struct buf *out);

#endif
