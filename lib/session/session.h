/*
 * Sessions: the directory on bpffs that belongs to one run of skel-load, with
 * the exported maps (and, detached, the links) pinned in it.  Pins outlive a
 * kill -9, so the directory carries its owner's identity and whoever meets one
 * whose owner is dead sweeps it.
 *
 * The functions report what is wrong and return -1.
 */
#ifndef SKEL_SESSION_SESSION_H
#define SKEL_SESSION_SESSION_H

#include <stdbool.h>

#include "attach/attach.h"
#include "host/confine.h"
#include "load/object.h"
#include "stream/stream.h"

#define SESSION_ROOT "/sys/fs/bpf/skel"

struct session {
	char *dir; /* owned */
	bool detached;
};

/*
 * Make the directory: dir, or one below SESSION_ROOT if NULL, for the owner
 * alone, where nobody else can put another in its place; pin the maps of
 * h there, the links of its iterators and, when detached, all of a's links; set
 * h's session fields.  On failure nothing is left behind.
 */
int session_pin(struct session *s, const char *dir, struct stream_header *h,
    const struct object *o, struct attachments *a, bool detached);

/* Unpin everything, unless detached, and release s.  Returns 0, or -1 after
 * reporting what stays until the next sweep. */
int session_close(struct session *s);

/* skel-load --unload DIR: unpin everything in it, which detaches.  Refuses a
 * directory that is no session's. */
int session_unload(const char *dir);

/* Add what looking for the directory of a session and removing it needs to n,
 * once the way there was checked. */
void session_add_needs(struct confine_needs *n);

/* Sweep the directories below SESSION_ROOT whose owner is dead, quietly if
 * there are none. */
void session_sweep(void);

/* The same for one directory, whoever made it; a live or detached owner's is
 * left alone. */
void session_sweep_dir(const char *dir);

#endif
