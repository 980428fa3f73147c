/*
 * skel-tail: keep the last of a stream, and write it when something happens.
 *
 *	skel-load x.json | skel-tail -C 64M --when 'ret == -EIO' --after 10s -d
 *DIR skel-tail -N 1000 run.skel | skel-fmt
 *
 * A stream comes in and stays in a window in memory, for weeks if need be. When
 * a record makes the expression true, on SIGUSR1, and at the end of the stream,
 * the window goes out as a stream of its own, with the names that its records
 * need.  A record is written once: the next dump begins where the one before
 * ended.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/output.h"
#include "base/report.h"
#include "base/signals.h"
#include "command.h"
#include "complete-stream.h"
#include "complete.h"
#include "input-files.h"
#include "tail.h"

enum { OPTION_AFTER = 256, OPTION_WHEN };

enum { BYTES_LEAST = 64 << 10 };

static const struct command_option option_table[] = {
	{ "size", 'C', "BYTES", "keep what fits so much memory: 512K, 64M, 1G",
	    NULL },
	{ "time", 'T', "TIME", "keep so much of the records' time: 30s, 5m, 1h",
	    NULL },
	{ "records", 'N', "N", "keep N records", NULL },
	{ "directory", 'd', "DIR",
	    "write each time to a new file in DIR, and print its name", "dir" },
	{ "when", OPTION_WHEN, "EXPRESSION",
	    "write when it is true for a record, as in skel-grep",
	    "expression" },
	{ "after", OPTION_AFTER, "TIME",
	    "and what comes for so long afterwards", NULL },
	COMMAND_OPTIONS,
};

static const struct command command = {
	.usage = "usage: skel-tail [-C bytes] [-T time] [-N records] [-d dir] "
		 "[-qv]\n"
		 "                 [--when expression] [--after time] "
		 "[file ...]\n"
		 "       skel-tail -h | -V\n",
	.about = "Keep the last of a stream in memory, and write it when "
		 "something happens.",
	.options = option_table,
	.operands = "stream",
	.complete = complete_stream,
};

struct options {
	const char *dir, *when;
};

static int
tail_file(void *ctx, int fd, const char *name)
{
	return tail_run(ctx, fd, name);
}

/* Whether no further input matters. */
static bool
is_over(const void *ctx)
{
	const struct tail *t = ctx;

	return t->out->gone || t->walk.failed || signals_stop();
}

static int
handle_option(struct tail *t, struct options *o, int option)
{
	switch (option) {
	case 'C':
		if (segment_limits_parse(&t->limits, option, optarg) == -1)
			return -1;
		if (t->limits.bytes >= BYTES_LEAST)
			return 0;
		report_error("-C: %s: too little; at least 64K", optarg);
		return -1;
	case 'T':
	case 'N':
		return segment_limits_parse(&t->limits, option, optarg);
	case 'd':
		o->dir = optarg;
		return 0;
	case OPTION_WHEN:
		o->when = optarg;
		return 0;
	case OPTION_AFTER:
		return segment_limits_parse_time(
		    &t->after_ns, "--after", optarg);
	default:
		command_option(&command, option);
		return 0;
	}
}

/* Read the files.  Returns 0, or -1 after reporting. */
static int
run(struct tail *t, int nfiles, char *const files[])
{
	static struct output out;
	int ret;

	if (signals_catch_request() == -1) {
		report_error("cannot catch signals: %s", strerror(errno));
		return -1;
	}
	if (tail_open(t) == -1)
		return -1;
	t->out = &out;
	ret = input_files_filter(nfiles, files,
	    &(struct input_files_reader){ tail_file, is_over, t }, &out,
	    t->dir != NULL ? &t->dir->dir : NULL);
	tail_close(t);
	return ret;
}

int
main(int argc, char *argv[])
{
	static struct tail t;
	struct segment_dir dir = { .dir = OUTPUT_DIR_NONE };
	struct options o = { .dir = NULL };
	struct query *query = NULL;
	int ch, ret;

	if (complete_is_asked(argc, argv))
		return complete_run(&command, argc, argv);
	signals_catch_file_limit();
	while ((ch = command_next(&command, argc, argv, NULL)) != -1)
		if (handle_option(&t, &o, ch) == -1)
			command_usage(&command);
	if (t.limits.bytes == 0 && t.limits.time_ns == 0 &&
	    t.limits.records == 0) {
		report_error("how much is kept is missing: -C, -T or -N");
		command_usage(&command);
	}
	if (o.when != NULL && (query = query_parse(o.when)) == NULL)
		return EXIT_USAGE;
	if (o.dir != NULL) {
		if (segment_dir_open(&dir, o.dir) == -1)
			return 1;
		t.dir = &dir;
	}
	t.query = query;
	ret = run(&t, argc - optind, argv + optind);
	if (query != NULL && query_given_up(query) > 0)
		ret = -1;
	query_free(query);
	segment_dir_close(&dir);
	return command_status(ret == -1 ? 1 : 0);
}
