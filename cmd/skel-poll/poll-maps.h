/*
 * skel-poll map:ID, map:NAME or a pin: polls maps that somebody else loaded.
 */
#ifndef CMD_SKEL_POLL_POLL_MAPS_H
#define CMD_SKEL_POLL_POLL_MAPS_H

#include <stddef.h>

#include "base/output.h"
#include "options.h"

/* Polls the maps that the n operands name, until a signal, -n, -t or --once
 * ends that.  Returns the exit status. */
int skel_poll_maps(const char *const *operands, size_t n,
    const struct skel_poll_options *o, struct output *out);

#endif
