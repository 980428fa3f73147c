/*
 * The names nearest to one that does not exist, for the report of it.
 */
#ifndef SKEL_BASE_SUGGEST_H
#define SKEL_BASE_SUGGEST_H

#include <stddef.h>

#include "base/buf.h"

enum { NEAREST_MAX = 3, NEAREST_NAME = 64 };

struct nearest {
	const char *wanted; /* borrowed */
	size_t seen;        /* names that were offered */
	size_t n;
	struct {
		char name[NEAREST_NAME];
		size_t distance;
	} best[NEAREST_MAX]; /* the nearest first */
};

/* Consider a name that does exist; longer ones than NEAREST_NAME are not. */
void nearest_offer(struct nearest *n, const char *name);

/* "; the nearest: a, b", or nothing where none is near: a string to free, ""
 * too, or NULL when memory runs out. */
char *nearest_text(const struct nearest *n);

#endif
