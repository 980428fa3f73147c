/*
 * Commands: what the command lines of all of them have in common.
 */
#ifndef SKEL_COMMAND_H
#define SKEL_COMMAND_H

struct command {
	const char *usage; /* the lines of "usage: ..." */
	const char *help;  /* what follows them for --help */
};

/* Print the usage on standard error and exit as for a wrong command line. */
_Noreturn void command_usage(const struct command *c);

/*
 * Do what every command does for an option that getopt_long() returned: -h,
 * -q, -v, -V.  For any other it has said what is wrong: prints the usage and
 * exits.
 */
void command_option(const struct command *c, int option);

/*
 * The exit status of a command that would end with this one: 1, and a report,
 * if memory ran out for whatever part of the work.
 */
int command_status(int status);

#endif
