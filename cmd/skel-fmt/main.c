/*
 * skel-fmt: print the records of a stream, for people or for programs.
 *
 *	skel-load x.json | skel-fmt
 *	skel-load x.json | skel-fmt --json | jq .comm
 *
 * The input is a stream (skel-stream(5)), binary or JSON, or plain NDJSON; the
 * output is text.  A stream contains its types, so this command needs no
 * package, no libbpf and no privilege, and a recording can be printed again in
 * another form.  A line that is no record is reported and skipped, because one
 * bad record must not end a trace that has run all day; then the exit status
 * is 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/output.h"
#include "base/report.h"
#include "base/signals.h"
#include "command.h"
#include "complete-stream.h"
#include "declare.h"
#include "document.h"
#include "format/plan.h"
#include "host/confine.h"
#include "input-files.h"
#include "list.h"
#include "metrics/metrics.h"
#include "printer.h"
#include "record/member-notes.h"
#include "safe-cells.h"
#include "terminal.h"
#include "watch.h"

enum { SERIES_MAX = 100000000 };

enum {
	OPTION_LIST = 256,
	OPTION_AS,
	OPTION_NUMERIC,
	OPTION_TEXT,
	OPTION_TIME,
	OPTION_COLOR,
	OPTION_SPARK,
	OPTION_SQL,
	OPTION_WATCH,
	OPTION_PAIR,
	OPTION_WEIGHT,
	OPTION_GAUGE,
	OPTION_SERIES,
	OPTION_FORM,
};

static const struct command_option option_table[] = {
	{ "table", OPTION_FORM + PLAN_TABLE, NULL,
	    "aligned columns, histograms and stacks (default)", NULL },
	{ "plain", OPTION_FORM + PLAN_PLAIN, NULL,
	    "the text of the reference loader", NULL },
	{ "json", OPTION_FORM + PLAN_JSON, NULL, "one JSON object per line",
	    NULL },
	{ "csv", OPTION_FORM + PLAN_CSV, "[=safe|sql]",
	    "comma separated values (RFC 4180); safe: a ' before what a "
	    "spreadsheet would calculate; sql: for databases",
	    "=safe sql" },
	{ "tsv", OPTION_FORM + PLAN_TSV, "[=safe|sql]", "tab separated values",
	    "=safe sql" },
	{ "raw", OPTION_FORM + PLAN_RAW, NULL, "the bytes of the records",
	    NULL },
	{ "folded", OPTION_FORM + PLAN_FOLDED, "[=MEMBER]",
	    "stacks with their counts, for flame graphs; or with the sum of a "
	    "member",
	    NULL },
	{ "flame", OPTION_FORM + PLAN_FLAME, "[=FILE]",
	    "a flame graph of the stacks: a picture (SVG) for a browser",
	    "file" },
	{ "heat", OPTION_FORM + PLAN_HEAT, "[=FILE]",
	    "a heat map of the histograms over time: a picture (SVG) for a "
	    "browser",
	    "file" },
	{ "weight", OPTION_WEIGHT, "MEMBER",
	    "what a record adds to its stack, in place of 1 or of its count",
	    "members" },
	{ "rowbinary", OPTION_FORM + PLAN_ROWBINARY, NULL,
	    "the rows of one map as ClickHouse's RowBinary", NULL },
	{ "sql", OPTION_SQL, "ENGINE:TABLE",
	    "the statement that makes a database's table for the rows; engines "
	    "are clickhouse, postgresql, sqlite and duckdb",
	    "=clickhouse: postgresql: sqlite: duckdb:" },
	{ "pprof", OPTION_FORM + PLAN_PPROF, "[=FILE]",
	    "stacks with their counts, for pprof: profile.proto, by gzip",
	    "file" },
	{ "trace", OPTION_FORM + PLAN_TRACE, "[=FILE]",
	    "events for Perfetto and chrome://tracing", "file" },
	{ "pair", OPTION_PAIR, "[MEMBER:]BEGIN=END",
	    "--trace: two constants of an enum, or two maps, that begin and "
	    "end a slice; repeat for more",
	    NULL },
	{ "prom", OPTION_FORM + PLAN_PROM, "[=FILE]",
	    "the last state of sampled maps as metrics for Prometheus, at the "
	    "end, or in FILE after each pass",
	    "file" },
	{ "list", OPTION_LIST, NULL,
	    "list the maps and members, their types, kinds and units, "
	    "without reading the records",
	    NULL },
	{ "format", 'f', "text|json", "how to print that list", "=text json" },
	{ "as", OPTION_AS, "[MAP.]MEMBER=KIND",
	    "what a member means: ip4, errno, ns, flags(ENUM), ...; repeat for "
	    "more",
	    "as" },
	{ "bare", 'b', NULL, "leave out the map and the time", NULL },
	{ "columns", 'c', "A,B.C", "print only these columns, in this order",
	    "members" },
	{ "color", OPTION_COLOR, "[=auto|always|never]",
	    "colours in the table: on a terminal (auto, the default), "
	    "always, or never",
	    "=auto always never" },
	{ "gauge", OPTION_GAUGE, "[MAP.]MEMBER",
	    "with --prom: a number that goes up and down, and no count; "
	    "repeat for more",
	    "members" },
	{ "no-header", 'H', NULL, "leave out the names of the columns", NULL },
	{ "map", 'm', "MAP",
	    "print records of this map only; repeat for more maps", "map" },
	{ "numeric", OPTION_NUMERIC, NULL,
	    "values as they are, without the texts of their kinds", NULL },
	{ "series", OPTION_SERIES, "N",
	    "with --prom: how many series there are at most, 100000 if it is "
	    "not said",
	    NULL },
	{ "spark", OPTION_SPARK, NULL,
	    "a histogram in the table is one line, with its slots as blocks",
	    NULL },
	{ "text", OPTION_TEXT, NULL,
	    "only the text of a value that has one, NAME_text", NULL },
	{ "time", OPTION_TIME, "STYLE",
	    "how times are written: iso, local, unix, ns, delta, none, or a "
	    "format as of date(1), such as %H:%M:%S.%6N",
	    "=iso local unix ns delta none" },
	{ "watch", OPTION_WATCH, NULL,
	    "on a terminal: show the last pass of sampled maps in place, the "
	    "largest rows first; q ends",
	    NULL },
	COMMAND_OPTIONS,
};

static const struct command command = {
	.usage =
	    "usage: skel-fmt [--table | --plain | --json | --csv | --tsv |\n"
	    "                --raw | --rowbinary]\n"
	    "                [--folded | --flame[=file] | --heat[=file] |\n"
	    "                --pprof[=file] | --trace[=file] |\n"
	    "                --prom[=file]] [-bHqv] [-c column,...]\n"
	    "                [--weight member]\n"
	    "                [--pair [member:]begin=end] ... [-m map]\n"
	    "                [--as member=kind] ... [--numeric | "
	    "--text]\n"
	    "                [--time=style] [--color[=when]] [--watch] "
	    "[--spark]\n"
	    "                [--gauge [map.]member] ... [--series n]\n"
	    "                [file ...]\n"
	    "       skel-fmt --sql=engine:table [-bqv] [-c column,...] "
	    "[-m map]\n"
	    "                [--as member=kind] [--numeric | --text] "
	    "[--time=style] [file]\n"
	    "       skel-fmt --list [-Hqv] [-f text | json] [-m map]\n"
	    "                [--as member=kind] [file ...]\n"
	    "       skel-fmt -h | -V\n",
	.about = "Print the records of streams from files or standard input as "
		 "text.",
	.options = option_table,
	.operands = "stream",
	.complete = complete_stream,
};

/* A list of borrowed strings. */
struct word_list {
	const char **v; /* owned */
	size_t n, cap;
};

static int
word_list_add(struct word_list *w, const char *word)
{
	if (!array_room(w->v, w->n, w->cap))
		return report_nomem();
	w->v[w->n++] = word;
	return 0;
}

/* Add the parts of a list between its commas, which are overwritten. */
static int
word_list_split(struct word_list *w, char *list)
{
	char *word;

	while ((word = strsep(&list, ",")) != NULL) {
		if (*word == '\0') {
			report_error("-c: the name of a column is empty");
			command_usage(&command);
		}
		if (word_list_add(w, word) == -1)
			return -1;
	}
	return 0;
}

/* What the command line asks for. */
struct job {
	struct printer printer;
	struct watch watch;       /* if the printer has one */
	struct document document; /* if the form has a FILE */
	bool lists; /* --list: list is used, and the printer is not */
	struct field_list_options list;
	bool declares; /* --sql: the printer only declares these */
	struct sql_tables tables;
};

static int
run_file(void *ctx, int fd, const char *name)
{
	struct job *job = ctx;

	if (job->declares)
		return declare_run(&job->printer, &job->tables, fd, name);
	return job->lists ? list_run(job->printer.out, &job->list, fd, name)
			  : printer_run(&job->printer, fd, name);
}

static bool
is_over(const void *ctx)
{
	const struct job *job = ctx;

	return job->printer.out->gone || job->printer.out->failed ||
	       (job->printer.watch != NULL && job->printer.watch->over);
}

typedef void rewrite_text(struct buf *out, const char *text, size_t len);

/* Take the argument of a form: the file of one that is a document.  Returns
 * what makes cells safe, by the argument of --csv or --tsv; NULL if nothing has
 * to. */
static rewrite_text *
parse_form(struct job *job, enum plan_form form, const char *arg)
{
	const char *name = form == PLAN_CSV ? "csv" : "tsv";
	bool document = plan_traits(form)->document;

	job->printer.plan.form = form;
	job->document.path = document ? arg : NULL;
	job->printer.plan.sql = false;
	if (arg == NULL || document)
		return NULL;
	job->printer.plan.sql = strcmp(arg, "sql") == 0;
	if (job->printer.plan.sql)
		return NULL;
	if (strcmp(arg, "safe") != 0) {
		report_error("--%s=%s: it is safe or sql", name, arg);
		command_usage(&command);
	}
	return form == PLAN_CSV ? safe_cells_csv : safe_cells_tsv;
}

/* The argument of --series. */
static size_t
parse_series(const char *arg)
{
	const char *problem;
	long long n = strtonum(arg, 1, SERIES_MAX, &problem);

	if (problem == NULL)
		return (size_t)n;
	report_error(
	    "--series: %s: not a number of series, 1 to %d", arg, SERIES_MAX);
	command_usage(&command);
}

/* Whether -f asks for JSON. */
static bool
parse_list_format(const char *arg)
{
	if (strcmp(arg, "json") == 0)
		return true;
	if (strcmp(arg, "text") == 0)
		return false;
	report_error("-f: %s: the formats of --list are text and json", arg);
	command_usage(&command);
}

/* Whether a table on standard output is painted, by the argument of --color. */
static bool
parse_color(const char *arg)
{
	if (arg == NULL || strcmp(arg, "always") == 0)
		return true;
	if (strcmp(arg, "auto") == 0)
		return terminal_has_color(STDOUT_FILENO);
	if (strcmp(arg, "never") == 0)
		return false;
	report_error("--color=%s: it is auto, always or never", arg);
	command_usage(&command);
}

/* The last --time counts. */
static void
parse_time(struct plan_options *o, struct time_style *style, const char *arg)
{
	if (time_style_parse(style, arg) == -1)
		command_usage(&command);
	o->no_time = style->form == TIME_NONE;
	o->time = o->no_time ? NULL : style;
}

static struct trace_events *
get_trace(struct job *job)
{
	struct plan_options *o = &job->printer.plan;

	if (o->trace == NULL && (o->trace = trace_events_new()) == NULL)
		exit(1);
	return o->trace;
}

static void
add_pair(struct job *job, const char *arg)
{
	if (trace_events_add_pair(get_trace(job), arg) == -1)
		command_usage(&command);
}

/* Check that --watch can be done, and open its terminal. */
static void
check_watch(struct job *job)
{
	if (job->lists || job->printer.plan.form != PLAN_TABLE) {
		report_error("--watch: it draws tables; run it without the "
			     "other form");
		command_usage(&command);
	}
	if (watch_open(&job->watch, STDOUT_FILENO) == -1)
		exit(EXIT_USAGE);
}

/* Check what --sql stands beside: it is of the rows of CSV. */
static void
check_declares(struct job *job, int nfiles)
{
	if (job->lists) {
		report_error("--sql: run it without --list");
		command_usage(&command);
	}
	if (nfiles > 1) {
		report_error("--sql: a table is for one stream; name one file");
		command_usage(&command);
	}
	job->printer.plan.form = PLAN_CSV;
	job->document.path = NULL;
}

/* Check that the rows of --rowbinary can go where they are to go. */
static void
check_rowbinary(struct job *job)
{
	const struct time_style *time = job->printer.plan.time;

	if (time != NULL && time->form != TIME_ISO && time->form != TIME_UNIX &&
	    time->form != TIME_NS) {
		report_error("--rowbinary: its times are nanoseconds since "
			     "1970; run it without --time, or with "
			     "--time=none");
		command_usage(&command);
	}
	if (isatty(STDOUT_FILENO)) {
		report_error("--rowbinary: binary rows are not written to a "
			     "terminal; pipe them into clickhouse-client");
		exit(EXIT_USAGE);
	}
	/* The columns are named by --sql. */
	job->printer.no_header = true;
}

/* Give up what is not needed once the directory of the document is open.
 * Returns 0, or -1 after reporting that the document cannot be made. */
static int
confine(struct job *job, bool opens)
{
	struct document *d = &job->document;

	if (d->path != NULL && document_open(d, d->path) == -1)
		return -1;
	if (job->printer.watch != NULL)
		confine_filter_with_keys(opens);
	else if (d->path != NULL)
		confine_filter_writing(opens, d->dir.fd);
	else
		confine_filter(opens);
	return d->path == NULL ? 0 : output_dir_check(&d->dir);
}

/* Open standard output, or begin the document.  Returns 0, or -1 after
 * reporting. */
static int
open_output(struct job *job, struct output *out)
{
	struct document *d = &job->document;

	if (d->path == NULL)
		return output_open(out, STDOUT_FILENO, "<stdout>");
	if (output_open(out, d->dir.fd, d->path) == -1)
		return -1;
	/* Each state begins its own. */
	out->fd = -1;
	return plan_traits(job->printer.plan.form)->states
		   ? 0
		   : document_begin(d, out);
}

/* Write what is left, and release the output. */
static void
close_output(struct job *job, struct output *out)
{
	struct document *d = &job->document;

	if (d->path == NULL) {
		output_close(out);
		return;
	}
	document_end(d, out);
	output_close(out);
}

/* Begin to draw, with what is set for the printer. */
static int
start_watch(struct job *job)
{
	job->watch.out = job->printer.out;
	job->watch.plan = &job->printer.plan;
	job->watch.no_header = job->printer.no_header;
	return watch_start(&job->watch);
}

int
main(int argc, char *argv[])
{
	struct job job = { .printer = { .plan.form = PLAN_TABLE,
			       .series = METRICS_SERIES } };
	struct word_list columns = { 0 }, maps = { 0 }, as = { 0 },
			 gauges = { 0 };
	rewrite_text *rewrite = NULL;
	struct time_style time;
	struct window window;
	struct output out;
	int ch, status;

	if (complete_is_asked(argc, argv))
		return complete_run(&command, argc, argv);
	signals_catch_file_limit();
	job.printer.plan.color = parse_color("auto");
	while ((ch = command_next(&command, argc, argv, NULL)) != -1) {
		switch (ch) {
		case 'b':
			job.printer.plan.bare = true;
			break;
		case 'c':
			if (word_list_split(&columns, optarg) == -1)
				return 1;
			break;
		case 'f':
			job.list.json = parse_list_format(optarg);
			break;
		case OPTION_AS:
			if (member_notes_check_option(optarg) == -1)
				command_usage(&command);
			if (word_list_add(&as, optarg) == -1)
				return 1;
			break;
		case OPTION_GAUGE:
			if (word_list_add(&gauges, optarg) == -1)
				return 1;
			break;
		case OPTION_SERIES:
			job.printer.series = parse_series(optarg);
			break;
		case 'H':
			job.printer.no_header = job.list.no_header = true;
			break;
		case 'm':
			if (word_list_add(&maps, optarg) == -1)
				return 1;
			break;
		case OPTION_LIST:
			job.lists = true;
			break;
		case OPTION_NUMERIC:
			job.printer.plan.kinds = PLAN_KINDS_NUMERIC;
			break;
		case OPTION_TEXT:
			job.printer.plan.kinds = PLAN_KINDS_TEXT;
			break;
		case OPTION_COLOR:
			job.printer.plan.color = parse_color(optarg);
			break;
		case OPTION_SPARK:
			job.printer.plan.spark = true;
			break;
		case OPTION_SQL:
			job.declares = true;
			if (sql_tables_parse(&job.tables, optarg) == -1)
				command_usage(&command);
			break;
		case OPTION_TIME:
			parse_time(&job.printer.plan, &time, optarg);
			break;
		case OPTION_PAIR:
			add_pair(&job, optarg);
			break;
		case OPTION_WATCH:
			job.printer.watch = &job.watch;
			break;
		case OPTION_WEIGHT:
			job.printer.plan.weight = optarg;
			break;
		case OPTION_FORM + PLAN_FOLDED:
			rewrite = parse_form(&job, PLAN_FOLDED, NULL);
			if (optarg != NULL)
				job.printer.plan.weight = optarg;
			break;
		default:
			if (ch < OPTION_FORM)
				command_option(&command, ch);
			else
				rewrite = parse_form(&job,
				    (enum plan_form)(ch - OPTION_FORM), optarg);
		}
	}
	if (job.printer.plan.form == PLAN_ROWBINARY && !job.declares &&
	    !job.lists)
		check_rowbinary(&job);
	if (job.declares)
		check_declares(&job, argc - optind);
	if (job.list.json && !job.lists) {
		report_error("-f: the form of records is an option of its "
			     "own, --json; -f is for --list");
		command_usage(&command);
	}
	if (plan_traits(job.printer.plan.form)->option != NULL &&
	    columns.n > 0) {
		report_error("%s: %s have no columns; run it without -c",
		    plan_traits(job.printer.plan.form)->option,
		    plan_traits(job.printer.plan.form)->stacks_only
			? "stacks"
			: "histograms");
		command_usage(&command);
	}
	if (job.printer.plan.weight != NULL &&
	    !plan_traits(job.printer.plan.form)->stacks_only) {
		report_error("--weight: it is for stacks; run it with "
			     "--folded, --flame or --pprof");
		command_usage(&command);
	}
	if (job.printer.plan.trace != NULL &&
	    job.printer.plan.form != PLAN_TRACE) {
		report_error("--pair: it is for --trace; run it with that");
		command_usage(&command);
	}
	if (job.printer.plan.form == PLAN_TRACE)
		get_trace(&job);
	if (job.printer.plan.form == PLAN_PPROF && !job.lists &&
	    job.document.path == NULL && isatty(STDOUT_FILENO)) {
		report_error("--pprof: a terminal cannot show a profile; "
			     "append \"> x.pb.gz\" to the command");
		exit(EXIT_USAGE);
	}
	if (job.printer.plan.spark && job.printer.plan.form != PLAN_TABLE) {
		report_error("--spark: it is for a table; run it without the "
			     "other form");
		command_usage(&command);
	}
	if ((gauges.n > 0 || job.printer.series != METRICS_SERIES) &&
	    job.printer.plan.form != PLAN_PROM) {
		report_error("--gauge and --series are for --prom");
		command_usage(&command);
	}
	if (job.printer.watch != NULL)
		check_watch(&job);
	if (hash_random(&job.printer.head_key) == -1)
		return 1;
	/* Output is UTF-8 in any locale; wcwidth(3) has to know. */
	setlocale(LC_CTYPE, "C.UTF-8");
	if (job.printer.watch == NULL)
		progress_open(&job.printer.progress, STDOUT_FILENO);
	if (signals_catch() == -1) {
		report_error("cannot catch signals: %s", strerror(errno));
		return 1;
	}
	if (confine(&job, input_files_open_any(argc - optind, argv + optind)) ==
	    -1)
		return 1;
	if (open_output(&job, &out) == -1)
		return 1;

	out.rewrite = rewrite;
	/* The other forms have no control characters at all. */
	if ((job.printer.plan.form == PLAN_CSV ||
		job.printer.plan.form == PLAN_TSV ||
		job.printer.plan.form == PLAN_PROM) &&
	    isatty(out.fd))
		output_protect(&out);
	job.printer.out = &out;
	job.printer.plan.columns = columns.v;
	job.printer.plan.ncolumns = columns.n;
	job.printer.plan.buckets = true;
	job.printer.plan.gauges = gauges.v;
	job.printer.plan.ngauges = gauges.n;
	if (job.document.path != NULL)
		job.printer.document = &job.document;
	if (job.printer.plan.form == PLAN_TABLE && job.printer.watch == NULL)
		scroll_open(&job.printer.scroll, out.fd);
	job.printer.plan.screen = job.printer.scroll.on;
	terminal_window(out.fd, &window);
	job.printer.plan.width = window.columns;
	job.printer.maps = job.list.maps = maps.v;
	job.printer.nmaps = job.list.nmaps = maps.n;
	job.printer.as = job.list.as = as.v;
	job.printer.nas = job.list.nas = as.n;
	if (job.printer.watch != NULL && start_watch(&job) == -1)
		return 1;
	status = input_files_run(argc - optind, argv + optind,
	    &(struct input_files_reader){ run_file, is_over, &job });
	if (printer_finish(&job.printer, status != 0) == -1)
		status = -1;
	if (job.printer.watch != NULL)
		watch_close(&job.watch);
	close_output(&job, &out);
	/* It is no failure if the reader of the output leaves. */
	if (out.gone)
		status = 0;
	else if (out.failed)
		status = -1;
	printer_close(&job.printer);
	sql_tables_free(&job.tables);
	free(columns.v);
	free(maps.v);
	free(as.v);
	free(gauges.v);
	return command_status(status == 0 ? 0 : 1);
}
