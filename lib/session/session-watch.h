/*
 * Notices without looking again and again that a session may have ended: its
 * owner ends, or its directory is removed.
 */
#ifndef SKEL_SESSION_SESSION_WATCH_H
#define SKEL_SESSION_SESSION_WATCH_H

/*
 * Returns a descriptor that becomes readable when the owner of the session's
 * directory dir ends, or dir or anything beside it is removed; or -1 if the
 * kernel or the permissions of this process allow only to look.  A process
 * watches one session.  To be called before it is confined.
 */
int session_watch_open(const char *dir);

/* Called when that is readable, before one looks at the session. */
void session_watch_clear(void);

void session_watch_close(void);

#endif
