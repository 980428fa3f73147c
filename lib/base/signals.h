/*
 * SIGINT, SIGTERM and SIGHUP are ordinary ends of a command.  The first one of
 * a kind sets a flag and interrupts blocking system calls.  Those of that kind
 * that follow within half a second are the same request, since timeout(1), npm
 * and others signal a process and then its group; a later one kills the
 * process.
 */
#ifndef SKEL_BASE_SIGNALS_H
#define SKEL_BASE_SIGNALS_H

#include <stdbool.h>

/*
 * Catch the three signals, and ignore SIGPIPE so that writing to a closed pipe
 * fails with EPIPE.  A SIGHUP that is ignored already stays ignored, for
 * nohup(1).  SIGINT does not, because a shell script ignores it in every
 * command that it starts with "&", and may send it to end one.  Opens the
 * descriptor of signals_wake_fd(), so that a confined process calls this before
 * it is.  Returns 0, or -1 with errno set.
 */
int signals_catch(void);

/*
 * A descriptor that can be read when a signal came since signals_clear_wake():
 * whoever waits for others waits for it too, and needs no time limit to notice
 * a signal that came just before.  -1 before signals_catch(), which poll(2)
 * ignores.
 */
int signals_wake_fd(void);

/* Called when that descriptor can be read, and before the flags below are
 * looked at. */
void signals_clear_wake(void);

/* Make that descriptor readable; for the handlers of other signals. */
void signals_wake(void);

/* Catch SIGUSR1 too, which asks a command for something and does not end it.
 * Returns 0, or -1 with errno set. */
int signals_catch_request(void);

/* Whether it came since the last call. */
bool signals_take_request(void);

/*
 * Have a write beyond the largest size that a file may have (ulimit -f) fail
 * with EFBIG, and not end the process by SIGXFSZ.  Programs that the process
 * starts find the signal as it was.
 */
void signals_catch_file_limit(void);

/* Have fn, which must be safe in a signal handler, called before a signal that
 * comes again kills the process; NULL: nothing. */
void signals_before_death(void (*fn)(void));

/* Whether one of the three came. */
bool signals_stop(void);

/*
 * Whether SIGTERM or SIGHUP came.  SIGINT from the terminal reaches all
 * commands of a pipeline at once; those that read a pipe then go on to its end,
 * so that no record is lost between them.
 */
bool signals_stop_at_once(void);

#endif
