/*
 * Finds functions and tracepoints in the BTF of the running kernel and its
 * modules.  Programs of fentry, fexit and tp_btf can only go to those that are
 * there.  All names are searched for together, because each pass over the BTF
 * of a kernel takes some milliseconds.
 */
#ifndef SKEL_LOAD_KERNEL_NAMES_H
#define SKEL_LOAD_KERNEL_NAMES_H

#include <stdbool.h>

#include "base/hash.h"

/* The type of the tracepoint NAME in the BTF of a kernel has this prefix. */
#define KERNEL_TRACEPOINT_PREFIX "btf_trace_"

/* A zeroed one is empty. */
struct kernel_names {
	struct hash names; /* of struct kernel_name */
	bool known;        /* the kernel has BTF that this process can read */
};

/* Add the name of a function, or of a tracepoint with its prefix.  Returns 0,
 * or -1 if memory runs out. */
int kernel_names_add(struct kernel_names *k, const char *name);

/* Look for the names that were added. */
void kernel_names_read(struct kernel_names *k);

/* Whether the name, which was added, was found. */
bool kernel_names_has(const struct kernel_names *k, const char *name);

void kernel_names_free(struct kernel_names *k);

#endif
