/*
 * The open descriptors that belong to one map of a stream: the map itself, and
 * the maps beside it that the header names.  An array of them has one element
 * for each map of the header, in its order.
 */
#ifndef SKEL_HOST_MAP_FDS_H
#define SKEL_HOST_MAP_FDS_H

#include <stddef.h>

/* Each is -1 if there is no such thing. */
struct map_fds {
	int map;      /* of an iterator: its link, -1 until it is attached */
	int stacks;   /* the stack-trace map that ids in the records refer to */
	int lost;     /* the program's counter of the records that it lost */
	int reported; /* the count of the losses that readers have reported */
	int turn;     /* the directory whose lock is the turn to read the map */
};

/* Returns an array of n, all -1, to be freed; or NULL after reporting. */
struct map_fds *map_fds_new(size_t n);

/* Closes the descriptors in an array of n and frees it.  fds may be NULL. */
void map_fds_close(struct map_fds *fds, size_t n);

#endif
