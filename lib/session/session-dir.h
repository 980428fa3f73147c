/*
 * Session directories: a directory on bpffs that belongs to one run of
 * skel-load and holds its pins.  Pins outlive a process that is killed, so the
 * directory also holds a mark, an empty directory whose name says which process
 * owns it, and which that process keeps locked as long as it lives.  A
 * skel-load that starts removes (sweeps) the directories whose owner is dead,
 * and a skel-poll whose session ends does so with the session's own.
 *
 * Functions that return int return 0, or -1 after reporting what failed.
 */
#ifndef SKEL_SESSION_SESSION_DIR_H
#define SKEL_SESSION_SESSION_DIR_H

#include "host/confine.h"

/* The default parent of session directories. */
#define SESSION_ROOT "/sys/fs/bpf/skel"

/* The directory for a session of the program called name: a path below
 * SESSION_ROOT, for the caller to free, or NULL after reporting. */
char *session_dir_default(const char *name);

/*
 * Makes the directory dir, an absolute path, for this user alone and marks it
 * as this process's.  An empty directory, and one whose owner is dead, may be
 * there already.  On failure nothing has changed.
 */
int session_dir_claim(const char *dir);

/*
 * A process owns one directory.  The functions up to session_dir_remove_own()
 * take the path that was claimed, and work on what it was then.
 */

/* Replaces the mark of this process by one that says that the session is
 * detached, so that nobody sweeps it. */
int session_dir_disown(const char *dir);

/*
 * Pins fd in dir as prefix and name; characters that a name on bpffs cannot
 * have become underscores.  Returns the path, for the caller to free, or NULL
 * after reporting.
 */
char *session_dir_pin(
    const char *dir, int fd, const char *prefix, const char *name);

/*
 * Makes in dir the directory whose lock is the turn to read the map, and which
 * goes with dir (poll/turn.h).  Returns 0, or -1 after reporting.
 */
int session_dir_make_turn(const char *dir, const char *map);

/* Opens it.  Returns the descriptor, or -1 with errno set: to ENOENT where an
 * older version made the session. */
int session_dir_open_turn(const char *dir, const char *map);

/* Removes dir with the pins in it if this process owns it; another's directory
 * and one that is gone are left alone. */
int session_dir_remove_own(const char *dir);

/* Removes dir with the pins in it, which detaches its programs, if its session
 * is detached or its owner is dead; anything else is an error. */
int session_dir_unload(const char *dir);

/* Removes dir if its owner is dead, with a notice. */
void session_dir_sweep(const char *dir);

/*
 * Returns the pid of the live owner of the session's directory dir; 0 if it is
 * detached; -1 if there is none, or none that this process can tell by its pid.
 * Nothing is reported.
 */
long session_dir_owner(const char *dir);

/* Sweeps all directories below SESSION_ROOT. */
void session_dir_sweep_all(void);

/* Adds to n what a confined process needs to find and remove a session's
 * directory after it has checked the path to it. */
void session_dir_add_needs(struct confine_needs *n);

#endif
