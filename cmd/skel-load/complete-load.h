/*
 * What the words of a skel-load command line may become: the maps, programs and
 * arguments of the package on it, wherever that stands, and the places of this
 * machine to which programs can be attached.
 */
#ifndef SKEL_LOAD_COMPLETE_LOAD_H
#define SKEL_LOAD_COMPLETE_LOAD_H

#include "complete.h"

/* For struct command. */
void complete_load(struct completion *c, const char *what, size_t before);

#endif
