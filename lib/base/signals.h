/*
 * Stopping: SIGINT, SIGTERM and SIGHUP are ordinary ends.  The first of a
 * kind sets a flag and interrupts what blocks; a second of the same kind is
 * not caught and does not wait.
 */
#ifndef SKEL_BASE_SIGNALS_H
#define SKEL_BASE_SIGNALS_H

#include <stdbool.h>

/*
 * Catch the three signals and ignore SIGPIPE, so that a reader that leaves
 * shows as EPIPE.  A SIGHUP that was ignored at the start stays so, for
 * nohup(1); a SIGINT does not, because a shell script ignores it for every
 * command that it starts with "&", and may well end one with it.
 * Returns 0, or -1 with errno set.
 */
int signals_catch(void);

/* Whether one of them came. */
bool signals_stop(void);

/* Whether SIGTERM or SIGHUP came.  Ctrl-C reaches a whole pipe at once: whoever
 * reads one finishes what the head of it still sends. */
bool signals_stop_at_once(void);

#endif
