/*
 * The paths of cgroups below the mount of their hierarchy, version 2, by their
 * ids, which are the inodes of their directories.
 *
 * Those that there are are noted when the first is asked for, and from then on
 * each that begins, as cgroup-watch.h can; so one that has ended keeps its
 * path.
 */
#ifndef SKEL_LOOKUP_CGROUP_NAMES_H
#define SKEL_LOOKUP_CGROUP_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "kinds/name-store.h"
#include "lookup/cgroup-watch.h"

enum {
	/* The oldest are dropped; and no more are read at a time. */
	CGROUP_NAMES_MAX = 1 << 16,
};

/* Opened by one of the first two functions. */
struct cgroup_names {
	int root;     /* owned: the directory; -1: there is none */
	char *prefix; /* owned: of the path of every cgroup, or "" */
	uint64_t root_id;
	struct hash v;   /* of struct cgroup_name */
	uint64_t walked; /* when the tree was read; 0: never */
	bool stale;      /* cgroups may be missing */
	size_t visited;  /* directories in this reading */
	struct cgroup_watch watch;
	char path[NAME_STORE_TEXT_MAX + 1];
};

/* An element of the table. */
struct cgroup_name {
	struct hash_key key; /* the id, 0 */
	uint64_t parent;     /* its id */
	char *name;          /* owned: in the directory of that */
};

/* Find the mount of the hierarchy, and watch it.  Nothing after this needs a
 * privilege.  Without a mount there are no paths. */
void cgroup_names_open(struct cgroup_names *c);

/* The same of a directory; the paths begin with prefix.  whole is of
 * cgroup_watch_open(). */
void cgroup_names_open_at(
    struct cgroup_names *c, const char *dir, const char *prefix, bool whole);

void cgroup_names_close(struct cgroup_names *c);

/* Note the cgroups of which the watch has told since the last call. */
void cgroup_names_note(struct cgroup_names *c);

/* The path of a cgroup, "/" or "/system.slice/x.service", valid until the next
 * call; NULL if it is unknown.  One longer than NAME_STORE_TEXT_MAX is cut. */
const char *cgroup_names_find(struct cgroup_names *c, uint64_t id);

#endif
