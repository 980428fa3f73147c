/*
 * skel-split: write a stream as segments, each a stream of its own.
 *
 *	skel-load x.json | skel-split -T 1h -k 48 -d /var/lib/skel
 *	skel-split -C 64M --zstd run.skel | while read -r f; do ...; done
 *
 * A stream comes in, and its lines go to one file after another, each with the
 * header, the names that its records need, and an end with its own counts.  The
 * name of each file goes to standard output when it is complete.  A file has
 *its name from the beginning, so that after a crash it is there as far as it
 *was written, and counts among those that -k keeps.
 */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/output.h"
#include "base/report.h"
#include "base/signals.h"
#include "command.h"
#include "complete-stream.h"
#include "complete.h"
#include "input-files.h"
#include "split.h"

enum { OPTION_ZSTD = 256 };

static const struct command_option option_table[] = {
	{ "size", 'C', "BYTES", "files of at most so many bytes: 512K, 64M, 1G",
	    NULL },
	{ "time", 'T', "TIME",
	    "segments of so much of the records' time: 30s, 5m, 1h", NULL },
	{ "records", 'N', "N", "segments of N records", NULL },
	{ "directory", 'd', "DIR", "write the files into DIR", "dir" },
	{ "keep", 'k', "KEEP",
	    "keep the newest KEEP files of a host and program only", NULL },
	{ "zstd", OPTION_ZSTD, NULL, "compress the files", NULL },
	COMMAND_OPTIONS,
};

static const struct command command = {
	.usage = "usage: skel-split [-C bytes] [-T time] [-N records] "
		 "[-d dir] [-k keep]\n"
		 "                  [-qv] [--zstd] [file ...]\n"
		 "       skel-split -h | -V\n",
	.about = "Write a stream as segments, each with all that its records "
		 "need.",
	.options = option_table,
	.operands = "stream",
	.complete = complete_stream,
};

static int
split_file(void *ctx, int fd, const char *name)
{
	return split_run(ctx, fd, name);
}

/* Whether no further input matters. */
static bool
is_over(const void *ctx)
{
	const struct split *s = ctx;

	return s->out->gone || s->walk.failed || signals_stop();
}

static int
handle_option(struct split *s, const char **dir, int option)
{
	const char *problem;

	switch (option) {
	case 'C':
	case 'T':
	case 'N':
		return segment_limits_parse(&s->limits, option, optarg);
	case 'd':
		*dir = optarg;
		return 0;
	case 'k':
		s->keep = (size_t)strtonum(optarg, 1, INT_MAX, &problem);
		if (problem == NULL)
			return 0;
		report_error(
		    "-k: %s: not a number of files, at least 1", optarg);
		return -1;
	case OPTION_ZSTD:
		s->dir.zstd = true;
		return 0;
	default:
		command_option(&command, option);
		return 0;
	}
}

int
main(int argc, char *argv[])
{
	static struct output out;
	struct split s = { .dir.dir = OUTPUT_DIR_NONE, .out = &out };
	const char *dir = NULL;
	int ch, ret;

	if (complete_is_asked(argc, argv))
		return complete_run(&command, argc, argv);
	signals_catch_file_limit();
	while ((ch = command_next(&command, argc, argv, NULL)) != -1)
		if (handle_option(&s, &dir, ch) == -1)
			command_usage(&command);
	if (s.limits.bytes == 0 && s.limits.time_ns == 0 &&
	    s.limits.records == 0) {
		report_error("how long a segment is is missing: -C, -T or -N");
		command_usage(&command);
	}
	if (segment_dir_open(&s.dir, dir) == -1)
		return 1;
	ret = input_files_filter(argc - optind, argv + optind,
	    &(struct input_files_reader){ split_file, is_over, &s }, &out,
	    &s.dir.dir);
	split_close(&s);
	segment_dir_close(&s.dir);
	return command_status(ret == -1 ? 1 : 0);
}
