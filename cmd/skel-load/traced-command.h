/*
 * The command of -c, which is traced: it is started before anything else, waits
 * until everything is attached, and ends with the trace.
 *
 * A supervisor, a child, is its parent.  It has the rights of the command, so
 * that it can end it when this process has given up its own, and does so too if
 * this process is killed.
 */
#ifndef SKEL_LOAD_TRACED_COMMAND_H
#define SKEL_LOAD_TRACED_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"

/* The text that stands for the process of the command in options and arguments.
 */
#define TRACED_COMMAND_PID "{pid}"

struct traced_command {
	pid_t pid;        /* of the command; 0 if there is none */
	pid_t supervisor; /* its parent */
	int gate;         /* owned: the command waits for a byte from it */
	int control;      /* owned: its end ends the command */
	int ended;        /* owned: at its end when the command has ended */
	bool released;
};

#define TRACED_COMMAND_NONE                                                    \
	{                                                                      \
		.gate = -1, .control = -1, .ended = -1                         \
	}

/*
 * Starts "sh -c text", as the user who called sudo if it was called, in a
 * process group of its own, with our standard error as its output.  Its input
 * is /dev/null if no_input is set or ours is a terminal.  It waits before the
 * shell.  Returns 0, or -1 after reporting.
 */
int traced_command_start(
    struct traced_command *c, const char *text, bool no_input);

/* Lets the command run. */
void traced_command_release(struct traced_command *c);

/*
 * Ends the command, if it runs: SIGTERM to its process group, and after two
 * seconds SIGKILL.  A command that ran has its exit status reported as a
 * notice. Does nothing without a command.
 */
void traced_command_finish(struct traced_command *c);

/* Appends text with a NUL, in which the number of the process replaces
 * TRACED_COMMAND_PID. */
void traced_command_expand(
    const struct traced_command *c, const char *text, struct buf *out);

#endif
