#include <stdio.h>
#include <stdlib.h>

#include "base/output.h"
#include "base/report.h"
#include "base/util.h"
#include "command.h"

_Noreturn void
command_usage(const struct command *c)
{
	fputs(c->usage, stderr);
	exit(EXIT_USAGE);
}

int
command_status(int status)
{
	if (report_pending_nomem() && status != EXIT_USAGE)
		return EXIT_FAILURE;
	return status;
}

/* Exits after --help or --version was printed. */
_Noreturn static void
exit_after_output(void)
{
	exit(output_flush_stdio() == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

void
command_option(const struct command *c, int option)
{
	switch (option) {
	case 'h':
		printf("%s%s", c->usage, c->help);
		exit_after_output();
	case 'q':
		report_set_level(REPORT_ERROR);
		return;
	case 'v':
		report_raise_level();
		return;
	case 'V':
		printf("%s " VERSION "\n", getprogname());
		exit_after_output();
	default:
		command_usage(c);
	}
}
