/*
 * The command lines of all commands: usage, help, and the options that every
 * command has.
 */
#ifndef SKEL_COMMAND_H
#define SKEL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The exit statuses beside 0 and 1; skel(7) lists them. */
enum {
	EXIT_USAGE = 2, /* the command line was wrong; nothing was done */
	EXIT_LOST = 3,  /* everything was done, but records were lost */
};

/*
 * An option.  The table of a command's options is all that is written about
 * them in code: getopt_long(3)'s tables, the list in --help and the completion
 * follow from it.
 */
struct command_option {
	const char *name; /* "columns", without the dashes */
	/* What command_next() returns: the letter of the option, or a number
	 * from 256 on if it has none. */
	int value;
	/* What follows it: "A,B.C"; "[=DIR]" if that may be left out; NULL if
	 * nothing follows. */
	const char *arg;
	/* The text in --help.  NULL: another name of the option before. */
	const char *help;
	/* How a shell completes what follows it (complete.h): "file"; "dir";
	 * "=binary json", these words; any other word is for the command's own
	 * complete().  NULL: not at all. */
	const char *words;
};

/* The end of every command's table, which command_option() handles; that with
 * LIBBPF is for commands that open objects. */
#define COMMAND_OPTIONS_VERBOSE(verbose)                                       \
	{ "quiet", 'q', NULL, "print errors only", NULL },                     \
	    { "no-log", 'q', NULL, NULL, NULL },                               \
	    { "verbose", 'v', NULL, verbose, NULL },                           \
	    { "help", 'h', NULL, "print this help", NULL },                    \
	    { "version", 'V', NULL, "print the version", NULL },               \
	{                                                                      \
		NULL, 0, NULL, NULL, NULL                                      \
	}
#define COMMAND_OPTIONS COMMAND_OPTIONS_VERBOSE("print what is done")
#define COMMAND_OPTIONS_LIBBPF                                                 \
	COMMAND_OPTIONS_VERBOSE(                                               \
	    "print what is done; twice: libbpf's messages too")

/* Whether its argument may be left out; otherwise it has none, or must have
 * one. */
static inline bool
command_option_may_end(const struct command_option *o)
{
	return o->arg != NULL && strncmp(o->arg, "[=", 2) == 0;
}

struct completion;

struct command {
	const char *usage; /* "usage: ...", with newlines */
	const char *about; /* what --help says before the options */
	const struct command_option *options;
	const char *operands; /* how they are completed, as .words above */
	/* Offers what an option's argument or an operand may be.  before is
	 * the number of operands before an operand. */
	void (*complete)(struct completion *c, const char *what, size_t before);
	/* What it confines itself by before that; NULL: confine_filter(true).
	 */
	void (*confine)(void);
};

/* Prints the usage on standard error and exits with EXIT_USAGE. */
_Noreturn void command_usage(const struct command *c);

/*
 * Returns the next option, or -1 behind the last one; options end at the first
 * operand.  Sets optarg and optind, as getopt_long(3) does.  Reports what is
 * wrong with one in the same words, but never writes control characters of the
 * command line to a terminal; then returns '?', as it does for a missing
 * argument.  If name is not NULL, *name is the name of an option that has no
 * letter.
 */
int command_next(
    const struct command *c, int argc, char *argv[], const char **name);

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
