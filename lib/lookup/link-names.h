/*
 * The names of the network interfaces of this process's network namespace.
 *
 * The kernel tells of each that comes, changes or goes, so that one which went
 * before anybody asked for it has a name too.
 */
#ifndef SKEL_LOOKUP_LINK_NAMES_H
#define SKEL_LOOKUP_LINK_NAMES_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"

/* Opened by link_names_open(). */
struct link_names {
	int fd;        /* owned: a socket of the kernel's, or -1 */
	struct hash v; /* of struct link_name */
	uint32_t last; /* the number of the last request */
	bool known;    /* all that there were when that was answered are in v */
};

/* An element of the table. */
struct link_name {
	struct hash_key key; /* the index, 0 */
	char name[IFNAMSIZ]; /* the last one that it had */
};

/* Ask to be told of interfaces, which needs a socket; nothing after this does.
 * Without one there are no names. */
void link_names_open(struct link_names *l);
void link_names_close(struct link_names *l);

/* Note what the kernel has told since the last call. */
void link_names_note(struct link_names *l);

/* The name of an interface that is there, or was while l was open; or NULL.
 * Valid until the next call. */
const char *link_names_find(struct link_names *l, uint64_t index);

#endif
