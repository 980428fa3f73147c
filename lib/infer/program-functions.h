/*
 * The functions that a program consists of: its own, and all those that it
 * calls.
 */
#ifndef SKEL_INFER_PROGRAM_FUNCTIONS_H
#define SKEL_INFER_PROGRAM_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "infer/helper-calls.h"

enum { PROGRAM_FUNCTIONS_MAX = 64 };

struct program_functions {
	struct code_place starts[PROGRAM_FUNCTIONS_MAX];
	size_t n;
};

/*
 * Finds the functions of the program, a function of that name, if it calls
 * anything; at most PROGRAM_FUNCTIONS_MAX.  p is zeroed before.  The calls that
 * are looked at are taken from *work, and it ends early when that is used up.
 */
void program_functions_find(struct program_functions *p,
    const struct helper_calls *c, const char *program, uint64_t *work);

/* Whether the function that starts there is one of them. */
bool program_functions_have(
    const struct program_functions *p, struct code_place start);

/* Whether they write text to the output of an iterator. */
bool program_functions_print(
    const struct program_functions *p, const struct helper_calls *c);

#endif
