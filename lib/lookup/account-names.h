/*
 * The names of users or groups in a file in the format of /etc/passwd or
 * /etc/group.
 */
#ifndef SKEL_LOOKUP_ACCOUNT_NAMES_H
#define SKEL_LOOKUP_ACCOUNT_NAMES_H

#include <stdint.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/hash.h"

enum {
	ACCOUNT_NAMES_BYTES_MAX = 16 << 20, /* that are read of a file */
};

/* Initialise with ACCOUNT_NAMES("/etc/passwd"). */
struct account_names {
	const char *path;   /* borrowed */
	struct hash v;      /* of struct account */
	struct buf text;    /* has the names */
	struct stat status; /* of the file when it was read */
};

/* An element of the table. */
struct account {
	struct hash_key key; /* the number, 0 */
	const char *name;    /* borrowed from the text */
};

#define ACCOUNT_NAMES(file)                                                    \
	{                                                                      \
		.path = (file), .v = {.size = sizeof(struct account) }         \
	}

void account_names_free(struct account_names *a);

/* The name of a number, or NULL; reads the file if it is not the one that was
 * read before.  Valid until the next call.  Of several names for one number it
 * is the first, as for getpwuid(3). */
const char *account_names_find(struct account_names *a, uint64_t id);

#endif
