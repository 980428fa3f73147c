/*
 * Suggestions for a misspelt name: the existing names that are most like it.
 */
#ifndef SKEL_BASE_SUGGEST_H
#define SKEL_BASE_SUGGEST_H

#include <stddef.h>

#include "base/buf.h"

enum {
	SUGGEST_MAX = 3,
	SUGGEST_NAME = 64, /* bytes of a name, with its NUL */
};

/* Initialise with { .wanted = name }. */
struct suggest {
	const char *wanted; /* borrowed */
	size_t seen;        /* names that were offered */
	size_t n;
	struct {
		char name[SUGGEST_NAME];
		size_t distance;
	} best[SUGGEST_MAX]; /* the most alike first */
};

/* Consider a name that exists.  Names too long for SUGGEST_NAME are counted in
 * seen, but never suggested. */
void suggest_offer(struct suggest *n, const char *name);

/* "; the nearest: a, b", or "" if no name is alike.  The caller frees it.  NULL
 * if memory runs out. */
char *suggest_text(const struct suggest *n);

#endif
