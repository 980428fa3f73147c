/*
 * Suggestions for a misspelt or incomplete name: the existing names that are
 * most like it.  Those that begin alike come first.
 */
#ifndef SKEL_BASE_SUGGEST_H
#define SKEL_BASE_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum {
	SUGGEST_MAX = 3,
	SUGGEST_NAME = 64,  /* bytes of a name, with its NUL */
	SUGGEST_PREFIX = 3, /* letters with which a longer name may begin */
};

/* Initialise with { .wanted = name }. */
struct suggest {
	const char *wanted; /* borrowed */
	size_t seen;        /* names that were offered */
	size_t n;
	struct suggestion {
		char name[SUGGEST_NAME];
		bool continues; /* it is the wanted one and more */
		bool alike;     /* its first half is that of the wanted one */
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
