/*
 * The names nearest to one that does not exist, for the report of it.
 */
#ifndef SKEL_BASE_SUGGEST_H
#define SKEL_BASE_SUGGEST_H

#include <stddef.h>

#include "base/buf.h"

enum { SUGGEST_MAX = 3, SUGGEST_NAME = 64 };

struct suggest {
	const char *wanted; /* borrowed */
	size_t seen;        /* names that were offered */
	size_t n;
	struct {
		char name[SUGGEST_NAME];
		size_t distance;
	} best[SUGGEST_MAX]; /* the nearest first */
};

/* Consider a name that does exist; longer ones than SUGGEST_NAME are not. */
void suggest_offer(struct suggest *n, const char *name);

/* "; the nearest: a, b", or nothing where none is near: a string to free, ""
 * too, or NULL when memory runs out. */
char *suggest_text(const struct suggest *n);

#endif
