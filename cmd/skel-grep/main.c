/*
 * skel-grep: pass on some of the records of a stream.
 *
 *	skel-load x.json | skel-grep 'ret < 0 && comm ~ "^ba"' | skel-fmt
 *	skel-grep -c 'daddr in 10.0.0.0/8 && dport == 443' run.skel
 *
 * A stream comes in, and the same stream goes out, with those records only for
 * which the expression is true.  It is compiled once for each map; binary
 * records are then copied as they are.  The exit status is that of grep(1).
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/output.h"
#include "base/report.h"
#include "base/signals.h"
#include "command.h"
#include "complete-stream.h"
#include "complete.h"
#include "filter.h"
#include "input-files.h"
#include "record/member-notes.h"

enum { OPTION_AS = 256, OPTION_NO_LOG, OPTION_VERBOSE };

enum { EXIT_FOUND = 0, EXIT_NONE = 1, EXIT_ERROR = 2 };

static const struct command_option option_table[] = {
	{ "count", 'c', NULL, "print how many records there are, not these",
	    NULL },
	{ "max-count", 'm', "N", "stop after N records of each input", NULL },
	{ "quiet", 'q', NULL,
	    "print nothing; end with status 0 at the first record", NULL },
	{ "invert-match", 'v', NULL,
	    "the records for which the expression is not true", NULL },
	{ "as", OPTION_AS, "[MAP.]MEMBER=KIND",
	    "what a member means: ip4, errno, ns, flags(ENUM), ...; repeat for "
	    "more",
	    "as" },
	{ "no-log", OPTION_NO_LOG, NULL, "print errors only", NULL },
	{ "verbose", OPTION_VERBOSE, NULL, "print what is done", NULL },
	{ "help", 'h', NULL, "print this help", NULL },
	{ "version", 'V', NULL, "print the version", NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

static void complete(struct completion *c, const char *what, size_t before);

static const struct command command = {
	.usage = "usage: skel-grep [-cqv] [-m n] [--as member=kind] ... "
		 "expression\n"
		 "                 [file ...]\n"
		 "       skel-grep -h | -V\n",
	.about = "Pass on the records of streams for which an expression is "
		 "true.",
	.options = option_table,
	.operands = "expression",
	.complete = complete,
};

static void
complete(struct completion *c, const char *what, size_t before)
{
	complete_stream(c,
	    strcmp(what, "expression") == 0 && before > 0 ? "stream" : what,
	    before);
}

struct options {
	struct filter filter;
	const char **as; /* owned */
	size_t nas, as_cap;
};

static int
filter_file(void *ctx, int fd, const char *name)
{
	return filter_run(ctx, fd, name);
}

/* Whether no further input matters. */
static bool
is_over(const void *ctx)
{
	const struct filter *f = ctx;

	return f->out->gone || f->out->failed || (f->quiet && f->found) ||
	       signals_stop_at_once();
}

static uint64_t
parse_most(const char *text)
{
	const char *problem;
	long long n = strtonum(text, 1, INT64_MAX, &problem);

	if (problem == NULL)
		return (uint64_t)n;
	report_error("-m: %s: not a number of records", text);
	command_usage(&command);
}

static void
add_as(struct options *o, const char *as)
{
	if (member_notes_check_option(as) == -1)
		command_usage(&command);
	if (!array_room(o->as, o->nas, o->as_cap)) {
		report_nomem();
		exit(EXIT_ERROR);
	}
	o->as[o->nas++] = as;
}

static void
handle_option(struct options *o, int option)
{
	switch (option) {
	case 'c':
		o->filter.counts = true;
		break;
	case 'm':
		o->filter.most = parse_most(optarg);
		break;
	case 'q':
		o->filter.quiet = true;
		report_set_level(REPORT_ERROR);
		break;
	case 'v':
		o->filter.invert = true;
		break;
	case OPTION_AS:
		add_as(o, optarg);
		break;
	case OPTION_NO_LOG:
		report_set_level(REPORT_ERROR);
		break;
	case OPTION_VERBOSE:
		report_raise_level();
		break;
	default:
		command_option(&command, option);
	}
}

/* Filter the files.  Returns the exit status. */
static int
run(struct filter *f, int nfiles, char *const files[])
{
	static struct output out;
	int ret;

	f->out = &out;
	f->with_name = nfiles > 1;
	ret = input_files_filter(nfiles, files,
	    &(struct input_files_reader){ filter_file, is_over, f }, &out,
	    NULL);
	if (f->quiet && f->found)
		return EXIT_FOUND;
	if (ret == -1 || query_given_up(f->query) > 0)
		return EXIT_ERROR;
	return f->found ? EXIT_FOUND : EXIT_NONE;
}

int
main(int argc, char *argv[])
{
	struct options o = { .nas = 0 };
	struct query *query;
	int ch, status;

	if (complete_is_asked(argc, argv))
		return complete_run(&command, argc, argv);
	signals_catch_file_limit();
	while ((ch = command_next(&command, argc, argv, NULL)) != -1)
		handle_option(&o, ch);
	if (optind == argc) {
		report_error("the expression is missing");
		command_usage(&command);
	}
	if ((query = query_parse(argv[optind])) == NULL)
		return EXIT_ERROR;
	o.filter.query = query;
	o.filter.as = o.as;
	o.filter.nas = o.nas;
	status = run(&o.filter, argc - optind - 1, argv + optind + 1);
	query_free(query);
	free(o.as);
	if (command_status(status) != status)
		status = EXIT_ERROR;
	return status;
}
