/*
 * What the arguments of a package's program may become.
 */
#ifndef SKEL_ARGS_COMPLETE_ARGS_H
#define SKEL_ARGS_COMPLETE_ARGS_H

#include "complete.h"

/* For struct command. */
void complete_args(struct completion *c, const char *what, size_t before);

#endif
