/*
 * What the arguments of a package's program can be, for the completion of a
 * command line.
 */
#ifndef SKEL_PACKAGE_ARGS_WORDS_H
#define SKEL_PACKAGE_ARGS_WORDS_H

#include "package/args.h"

/* Takes one possibility, and a help text for it or NULL. */
typedef void args_word(void *ctx, const char *word, const char *help);

/*
 * Calls take with each word that may stand at a place among the arguments.
 * before is the word before it, or NULL; name, unless it is NULL, is an option
 * "--name" whose value, behind a "=", is wanted.
 */
void args_words(const struct args *a, const char *before, const char *name,
    args_word *take, void *ctx);

#endif
