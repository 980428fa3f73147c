/*
 * The command lines of all commands: usage, help, and the options that every
 * command has.
 */
#ifndef SKEL_COMMAND_H
#define SKEL_COMMAND_H

#include <getopt.h>
#include <stdint.h>

/* The exit statuses beside 0 and 1; skel(7) lists them. */
enum {
	EXIT_USAGE = 2, /* the command line was wrong; nothing was done */
	EXIT_LOST = 3,  /* everything was done, but records were lost */
};

/* The end of every command's table of long options, which command_option()
 * handles. */
#define COMMAND_OPTIONS                                                        \
	{ "help", no_argument, NULL, 'h' },                                    \
	    { "no-log", no_argument, NULL, 'q' },                              \
	    { "quiet", no_argument, NULL, 'q' },                               \
	    { "verbose", no_argument, NULL, 'v' },                             \
	    { "version", no_argument, NULL, 'V' },                             \
	{                                                                      \
		NULL, 0, NULL, 0                                               \
	}

struct command {
	const char *usage; /* "usage: ...", with newlines */
	const char *help;  /* printed after the usage for --help */
};

/* Prints the usage on standard error and exits with EXIT_USAGE. */
_Noreturn void command_usage(const struct command *c);

/*
 * Returns the next option, as getopt_long(3) does.  Reports what is wrong with
 * one in the same words, but never writes control characters of the command
 * line to a terminal; then returns '?', as it does for a missing argument.
 * Letters begin with "+:".  If index is not NULL, *index is the long option.
 */
int command_next(int argc, char *argv[], const char *letters,
    const struct option *names, int *index);

/*
 * Handles an option that command_next() returned and that every command has:
 * -h and -V print and exit, -q and -v set what is reported.  For any other one
 * command_next() has reported what is wrong: prints the usage and exits.
 */
void command_option(const struct command *c, int option);

/*
 * Returns the status with which the command has to exit: the given one; but
 * EXIT_FAILURE, after reporting, if memory ran out for any part of the work.
 */
int command_status(int status);

/*
 * Parse the arguments of three options of the commands that poll:
 * -n, a number of records, at least 1; -t, seconds such as "2.5", more than 0
 * and at most a hundred years; and --latency, milliseconds such as "0.5", from
 * 0 to 1000.  Times are returned in nanoseconds.
 * Each returns 0, or -1 after reporting "-n: 0x: not a number of records".
 */
int command_parse_records(const char *text, uint64_t *records);
int command_parse_seconds(const char *text, uint64_t *ns);
int command_parse_latency(const char *text, uint64_t *ns);

#endif
