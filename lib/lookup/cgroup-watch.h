/*
 * Tells of the directories that are made and removed in a tree, by which
 * cgroups begin and end.
 *
 * With CAP_SYS_ADMIN, and a kernel that can say which one an event is about
 * (Linux 6.6), fanotify(7) tells of all of a file system, also of directories
 * that have gone again when the event is read.  Else inotify(7) tells of those
 * in each directory that cgroup_watch_dir() was called for.
 */
#ifndef SKEL_LOOKUP_CGROUP_WATCH_H
#define SKEL_LOOKUP_CGROUP_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

enum cgroup_event_type {
	CGROUP_MADE,
	CGROUP_ENDED,
	CGROUP_LOST, /* events are missing */
};

struct cgroup_event {
	enum cgroup_event_type type;
	uint64_t dir;     /* the inode of the directory that it is in */
	uint64_t id;      /* its own, of CGROUP_ENDED only */
	const char *name; /* in that directory; borrowed until the next call */
};

enum { CGROUP_WATCH_BYTES = 16 << 10 };

/* Opened by cgroup_watch_open(). */
struct cgroup_watch {
	int fd;           /* owned; -1: nothing is told */
	bool whole;       /* of the whole file system, by fanotify(7) */
	bool incomplete;  /* a directory could not be watched */
	struct hash dirs; /* of inotify(7): of struct watched_dir */
	size_t at, len;   /* of the events below */
	_Alignas(8) char events[CGROUP_WATCH_BYTES];
};

/* Watch the file system of path, or, if that is not possible or whole is not
 * set, directories. */
void cgroup_watch_open(struct cgroup_watch *w, const char *path, bool whole);
void cgroup_watch_close(struct cgroup_watch *w);

/* Be told also of the directory of a descriptor, whose inode is id, unless all
 * are watched. */
void cgroup_watch_dir(struct cgroup_watch *w, int fd, uint64_t id);

/* Store the next event.  Returns false if there is none yet. */
bool cgroup_watch_next(struct cgroup_watch *w, struct cgroup_event *e);

#endif
