/*
 * What the words of a skel-poll command line may become: the maps of a session
 * or stream on it, and those of the kernel.
 */
#ifndef SKEL_POLL_COMPLETE_POLL_H
#define SKEL_POLL_COMPLETE_POLL_H

#include "complete.h"

/* For struct command. */
void complete_poll(struct completion *c, const char *what, size_t before);

#endif
