/*
 * skel-args: set the arguments of a package's program.
 *
 *	skel-args x.json --pid 42 | skel-load | skel-fmt
 *
 * Reads a package and writes it again with the values of the program's global
 * variables.  The arguments are generated from these variables, so everything
 * after the package belongs to the program, even --help.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/output.h"
#include "base/report.h"
#include "base/signals.h"
#include "command.h"
#include "complete-args.h"
#include "host/confine.h"
#include "package/args.h"
#include "package/package.h"

static const struct command_option option_table[] = {
	{ "elf", 'e', "FILE", "read the object from FILE, not from the package",
	    "file" },
	{ "list", 'l', NULL, "list the program's arguments for scripts", NULL },
	COMMAND_OPTIONS_LIBBPF,
};

static const struct command command = {
	.usage =
	    "usage: skel-args [-hlqvV] [-e elf] [package [argument ...]]\n",
	.about = "Set the variables of a package's program from its arguments "
		 "and print the package. skel-args PACKAGE --help lists the "
		 "program's arguments.",
	.options = option_table,
	.operands = "package",
	.complete = complete_args,
};

/* Writes the package, help or version to out, as the result says.  Returns the
 * exit status. */
static int
write_result(const struct args *a, enum args_result result, const char *file,
    struct buf *out)
{
	char *spelled;

	switch (result) {
	case ARGS_SET:
		return package_write(a->package, out) == 0 ? EXIT_SUCCESS
							   : EXIT_FAILURE;
	case ARGS_VERSION:
		args_version(a, out);
		return EXIT_SUCCESS;
	case ARGS_HELP:
		break;
	case ARGS_WRONG:
		return EXIT_USAGE;
	case ARGS_FAILED:
		return EXIT_FAILURE;
	}
	if (asprintf(&spelled, "%s %s", getprogname(), file) == -1) {
		report_nomem();
		return EXIT_FAILURE;
	}
	args_help(a, spelled, out);
	free(spelled);
	return EXIT_SUCCESS;
}

/* Opens the package and parses the argc arguments of its program.  Returns the
 * exit status. */
static int
run(const char *file, const char *elf, int list, int argc, char *argv[],
    struct buf *out)
{
	struct package p;
	struct args a;
	int status = EXIT_FAILURE;

	if (package_open(&p, file, elf) == -1)
		return EXIT_FAILURE;
	if (args_open(&a, &p) == 0) {
		a.hint = "options of skel-args come before the package";
		if (list) {
			args_list(&a, out);
			status = EXIT_SUCCESS;
		} else {
			status = write_result(
			    &a, args_parse(&a, argc, argv), file, out);
		}
		args_close(&a);
	}
	package_close(&p);
	return status;
}

int
main(int argc, char *argv[])
{
	const char *file = "-", *elf = NULL;
	struct output out;
	int ch, list = 0, status;

	if (complete_is_asked(argc, argv))
		return complete_run(&command, argc, argv);
	signals_catch_file_limit();
	while ((ch = command_next(&command, argc, argv, NULL)) != -1) {
		switch (ch) {
		case 'e':
			elf = optarg;
			break;
		case 'l':
			list = 1;
			break;
		default:
			command_option(&command, ch);
		}
	}
	if (optind < argc)
		file = argv[optind++];
	/* The reference loader expects "--" before the arguments. */
	if (optind < argc && strcmp(argv[optind], "--") == 0)
		optind++;
	if (list && optind < argc) {
		report_error(
		    "--list cannot be used with arguments of the program");
		command_usage(&command);
	}
	confine_filter(strcmp(file, "-") != 0 || elf != NULL);
	/* If the reader leaves, write(2) fails with EPIPE, which is a normal
	 * end. */
	signal(SIGPIPE, SIG_IGN);
	if (output_open(&out, STDOUT_FILENO, "<stdout>") == -1)
		return EXIT_FAILURE;
	status = run(file, elf, list, argc - optind, argv + optind, &out.buf);
	status = command_status(status);
	if (status != EXIT_SUCCESS)
		out.buf.len = 0;
	if (output_close(&out) == -1 && !out.gone)
		status = EXIT_FAILURE;
	return status;
}
