/*
 * skel-poll --list: the maps that the kernel has, with the programs that use
 * them, the processes that hold them, and their pins.
 */
#ifndef CMD_SKEL_POLL_LIST_MAPS_H
#define CMD_SKEL_POLL_LIST_MAPS_H

#include "base/output.h"
#include "options.h"

/* Writes the list: a table, or with -f json an object for each map.  Returns
 * the exit status. */
int skel_poll_list_maps(const struct skel_poll_options *o, struct output *out);

#endif
