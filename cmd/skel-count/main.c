/*
 * skel-count: count the records of a stream, by their members.
 *
 *	skel-load x.json | skel-count --by comm,ret --every 5s | skel-fmt
 *	skel-count --by comm --sum bytes --quantile latency run.skel | skel-fmt
 *
 * A stream comes in, and a stream of one sampled map goes out: its key has the
 * members of --by, its value the columns.  So every form of skel-fmt shows it.
 * Passes end by the time of the records, so that a recording is counted as it
 * was live.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/output.h"
#include "base/report.h"
#include "base/signals.h"
#include "command.h"
#include "complete-stream.h"
#include "complete.h"
#include "count-stream.h"
#include "count/question.h"
#include "host/confine.h"
#include "input-files.h"
#include "record/member-notes.h"
#include "stream/writer.h"

enum {
	OPTION_COLUMN = 256, /* and enum column_op */
	OPTION_BY = 512,
	OPTION_DELTA,
	OPTION_EVERY,
	OPTION_KEYS,
	OPTION_SORT,
	OPTION_TOP,
	OPTION_AS,
	MAPS_MAX = 256,
	AS_MAX = 256,
};

static const struct command_option option_table[] = {
	{ "by", OPTION_BY, "A,B.C", "count for each value of these members",
	    "members" },
	{ "sum", OPTION_COLUMN + COLUMN_SUM, "M[=128]",
	    "add up a member; 128: in 128 bits", "member" },
	{ "min", OPTION_COLUMN + COLUMN_LEAST, "M", "its least value",
	    "member" },
	{ "max", OPTION_COLUMN + COLUMN_GREATEST, "M", "its greatest value",
	    "member" },
	{ "mean", OPTION_COLUMN + COLUMN_MEAN, "M", "its mean", "member" },
	{ "quantile", OPTION_COLUMN + COLUMN_QUANTILE, "M[=50,90,99]",
	    "its percentiles, within 1 %", "member" },
	{ "hist", OPTION_COLUMN + COLUMN_HIST, "M[=log2|linear:STEP[:START]]",
	    "its histogram", "member" },
	{ "every", OPTION_EVERY, "T",
	    "a pass for each T of the records' time: 5s, 500ms, 1m", NULL },
	{ "delta", OPTION_DELTA, NULL, "each pass counts its own records only",
	    NULL },
	{ "top", OPTION_TOP, "N", "only the N largest rows of a pass", NULL },
	{ "sort", OPTION_SORT, "COLUMN",
	    "largest by this column; +COLUMN: smallest", "column" },
	{ "keys", OPTION_KEYS, "N",
	    "at most N rows and one of all others (100000)", NULL },
	{ "as", OPTION_AS, "[MAP.]MEMBER=KIND",
	    "what a member means: ip4, errno, ns, flags(ENUM), ...; repeat for "
	    "more",
	    "as" },
	{ "format", 'f', "FORMAT", "binary or json", "=binary json" },
	{ "map", 'm', "MAP",
	    "count records of this map only; repeat for more maps", "map" },
	COMMAND_OPTIONS,
};

static void complete(struct completion *c, const char *what, size_t before);

static const struct command command = {
	.usage =
	    "usage: skel-count [--by member,...] [--sum member] [--min "
	    "member]\n"
	    "                  [--max member] [--mean member]\n"
	    "                  [--quantile member[=percent,...]]\n"
	    "                  [--hist member[=log2|linear:step[:start]]]\n"
	    "                  [--every time] [--delta] [--top n]\n"
	    "                  [--sort column] [--keys n] [--as member=kind]\n"
	    "                  [-qv] [-f format] [-m map] [file ...]\n"
	    "       skel-count -h | -V\n",
	.about = "Count the records of streams, and write a stream of the "
		 "counts.",
	.options = option_table,
	.operands = "stream",
	.complete = complete,
};

/* Offers the columns that other words on the line make. */
static void
offer_columns(struct completion *c)
{
	struct question q;
	const char *words = complete_option(c, OPTION_BY);

	if (question_init(&q) == -1)
		return;
	if (words != NULL)
		question_add_by(&q, words);
	for (int op = COLUMN_SUM; op < COLUMN_HIST; op++)
		if ((words = complete_option(c, OPTION_COLUMN + op)) != NULL)
			question_add_columns(&q, (enum column_op)op, words);
	complete_skip_to(c, "+");
	for (size_t i = 0; i < q.nby; i++)
		complete_offer(c, q.by[i].name, NULL);
	for (size_t i = 0; i < q.ncolumns; i++)
		complete_offer(c, q.columns[i].name, NULL);
	question_free(&q);
}

static void
complete(struct completion *c, const char *what, size_t before)
{
	if (strcmp(what, "column") == 0)
		offer_columns(c);
	else
		complete_stream(c, what, before);
}

static int
count_file(void *ctx, int fd, const char *name)
{
	return count_stream_run(ctx, fd, name);
}

static bool
is_over(const void *ctx)
{
	const struct count_stream *s = ctx;

	return s->out->gone || s->out->failed;
}

static size_t
parse_number(const char *option, long long most)
{
	const char *problem;
	long long n = strtonum(optarg, 1, most, &problem);

	if (problem == NULL)
		return (size_t)n;
	report_error(
	    "%s: %s: not a number from 1 to %lld", option, optarg, most);
	command_usage(&command);
}

/* Handle an option of this command alone.  Returns 0, or -1 after reporting. */
static int
handle_option(struct question *q, int option)
{
	switch (option) {
	case OPTION_BY:
		return question_add_by(q, optarg);
	case OPTION_DELTA:
		q->delta = true;
		return 0;
	case OPTION_EVERY:
		return question_parse_every(q, optarg);
	case OPTION_KEYS:
		q->keys = parse_number("--keys", QUESTION_KEYS_MAX);
		return 0;
	case OPTION_TOP:
		q->top = parse_number("--top", INT_MAX);
		return 0;
	case OPTION_SORT:
		q->ascending = *optarg == '+';
		q->sort = optarg + q->ascending;
		return 0;
	default:
		if (option > OPTION_COLUMN && option < OPTION_BY)
			return question_add_columns(q,
			    (enum column_op)(option - OPTION_COLUMN), optarg);
		command_option(&command, option);
		return 0;
	}
}

static int
run(struct count_stream *s, int nfiles, char *const files[])
{
	static struct output out;
	int status;

	if (stream_check_terminal(s->encoding, STDOUT_FILENO) == -1)
		return EXIT_USAGE;
	if (signals_catch() == -1) {
		report_error("cannot catch signals: %s", strerror(errno));
		return 1;
	}
	confine_filter(input_files_open_any(nfiles, files));
	if ((s->counter = counter_new(s->q)) == NULL ||
	    output_open(&out, STDOUT_FILENO, "<stdout>") == -1)
		return 1;
	s->out = &out;
	status = input_files_run(nfiles, files,
	    &(struct input_files_reader){ count_file, is_over, s });
	if (!out.gone && !out.failed)
		status |= count_stream_finish(s);
	output_close(&out);
	if (out.gone)
		status = 0;
	else if (out.failed)
		status = -1;
	count_stream_close(s);
	return status == 0 ? 0 : 1;
}

int
main(int argc, char *argv[])
{
	const char *maps[MAPS_MAX], *as[AS_MAX];
	struct count_stream s = { .maps = maps, .as = as };
	struct question question;
	int ch, status;

	if (complete_is_asked(argc, argv))
		return complete_run(&command, argc, argv);
	signals_catch_file_limit();
	if (question_init(&question) == -1)
		return 1;
	while ((ch = command_next(&command, argc, argv, NULL)) != -1) {
		if (ch == 'm' && s.nmaps < MAPS_MAX)
			maps[s.nmaps++] = optarg;
		else if (ch == OPTION_AS && s.nas < AS_MAX &&
			 member_notes_check_option(optarg) == 0)
			as[s.nas++] = optarg;
		else if (ch == 'f'
			     ? stream_encoding_parse(&s.encoding, optarg) == -1
			     : handle_option(&question, ch) == -1)
			command_usage(&command);
	}
	if (question_check(&question) == -1)
		command_usage(&command);
	s.q = &question;
	status = run(&s, argc - optind, argv + optind);
	question_free(&question);
	return command_status(status);
}
