/*
 * The command lines of all commands: usage, help, and the options that every
 * command has.
 */
#ifndef SKEL_COMMAND_H
#define SKEL_COMMAND_H

struct command {
	const char *usage; /* "usage: ...", with newlines */
	const char *help;  /* printed after the usage for --help */
};

/* Prints the usage on standard error and exits with EXIT_USAGE. */
_Noreturn void command_usage(const struct command *c);

/*
 * Handles an option that getopt_long() returned and that every command has:
 * -h and -V print and exit, -q and -v set what is reported.  For any other one
 * getopt_long() has reported what is wrong: prints the usage and exits.
 */
void command_option(const struct command *c, int option);

/*
 * Returns the status with which the command has to exit: the given one; but
 * EXIT_FAILURE, after reporting, if memory ran out for any part of the work.
 */
int command_status(int status);

#endif
