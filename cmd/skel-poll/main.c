/*
 * skel-poll: poll the maps of a running program.
 *
 *	skel-load --pin x.json | skel-poll | skel-fmt
 *
 * Reads a session, a line of JSON that says where the maps are pinned and what
 * they hold, and writes a stream until the session ends.  Given a stream, it
 * copies it, so that -m, -n, -t and -f work after skel-load and on recordings.
 *
 * Loading and polling are two commands because they need different privileges
 * and may have different lifetimes: several skel-poll may read one session one
 * after the other, and the session tells them all they need to know.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/output.h"
#include "base/report.h"
#include "base/signals.h"
#include "command.h"
#include "complete-poll.h"
#include "elf/libbpf-log.h"
#include "find-map.h"
#include "follow-session.h"
#include "host/confine.h"
#include "list-maps.h"
#include "options.h"
#include "pass-stream.h"
#include "poll-maps.h"
#include "poll/poller.h"
#include "record/member-notes.h"
#include "stream/header.h"
#include "stream/reader.h"
#include "stream/writer.h"

enum {
	OPT_AS = 256,
	OPT_LATENCY,
	OPT_LIST,
	OPT_NO_SYMBOLS,
	OPT_ONCE,
	OPT_SAMPLE,
	OPT_TYPE,
};

static const struct command_option option_table[] = {
	{ "as", OPT_AS, "[MAP.]MEMBER=KIND",
	    "what a member means: ip4, errno, ns, flags(ENUM), ...; repeat for "
	    "more",
	    "as" },
	{ "format", 'f', "binary|json",
	    "how to write records; default: binary, or as they come",
	    "=binary json" },
	{ "latency", OPT_LATENCY, "MS",
	    "longest wait of a record under load; default: 10", NULL },
	{ "list", OPT_LIST, NULL, "list the kernel's maps, and who uses them",
	    NULL },
	{ "map", 'm', "MAP", "read this map only; repeat for more maps",
	    "map" },
	{ "count", 'n', "COUNT", "stop after COUNT records", NULL },
	{ "time", 't', "SECONDS", "stop after this time, for instance 0.5",
	    NULL },
	{ "no-symbols", OPT_NO_SYMBOLS, NULL,
	    "look up no names: show addresses and ids as numbers", NULL },
	{ "once", OPT_ONCE, NULL, "read what the maps hold now, then stop",
	    NULL },
	{ "sample", OPT_SAMPLE,
	    "MAP[=INTERVAL][,TYPE][,unit=UNIT][,clear][,nonzero]",
	    "how to read a map that somebody else loaded", NULL },
	{ "type", OPT_TYPE, "[MAP=]FILE:TYPE",
	    "the type of its values, as in x.bpf.o:'struct event'", "file" },
	COMMAND_OPTIONS_LIBBPF,
};

static const struct command command = {
	.usage =
	    "usage: skel-poll [-qv] [-f binary|json] [-m map]... [-n count]\n"
	    "                 [-t seconds] [--latency ms] [--no-symbols] "
	    "[--once]\n"
	    "                 [--as member=kind]... [session]\n"
	    "       skel-poll [-qv] [-f binary|json] [-n count] [-t seconds] "
	    "[--latency ms]\n"
	    "                 [--no-symbols] [--once] [--sample "
	    "map=interval]...\n"
	    "                 [--type [map=]file:type]... [--as "
	    "member=kind]...\n"
	    "                 map:id | map:name | "
	    "pin ...\n"
	    "       skel-poll [-qv] [-f json] --list\n"
	    "       skel-poll -h | -V\n",
	.about = "Read the maps of a session from skel-load --pin and write a "
		 "stream, or copy a stream; from a file or standard input. Or "
		 "read maps that somebody else loaded, by number, name or pin.",
	.options = option_table,
	.operands = "session",
	.complete = complete_poll,
	.confine = confine_opening,
};

/* Waits for input.  Returns whether there is some, or its end; false if a
 * signal came or the reader of the output left first. */
static bool
wait_for_first_input(int fd, const struct output *out)
{
	int ready = 0;

	while (ready == 0 && !signals_stop())
		ready = output_wait(out, fd, -1);
	return ready == OUTPUT_READY;
}

/* Reads the session or stream at fd.  Returns the exit status. */
static int
read_session_or_stream(int fd, const char *name,
    const struct skel_poll_options *o, struct output *out)
{
	struct stream_reader r;
	int status = EXIT_FAILURE;

	switch (stream_reader_open(&r, fd, name)) {
	case STREAM_SESSION:
		if (stream_check_terminal(o->encoding, out->fd) == -1)
			status = EXIT_USAGE;
		else
			status = skel_poll_follow_session(&r, o, out);
		break;
	case STREAM_OPENED:
		if (stream_check_terminal(
			o->has_encoding ? o->encoding : r.header.encoding,
			out->fd) == -1) {
			status = EXIT_USAGE;
			break;
		}
		/* Copying needs nothing but what is open. */
		lookup_client_close(o->lookup);
		confine_filter(false);
		status = skel_poll_pass_stream(&r, o, out);
		break;
	case STREAM_NDJSON:
		report_error("%s: expected a session or stream, but there is "
			     "no header; skel-fmt reads records without one",
		    name);
		break;
	case STREAM_EMPTY:
		report_error("%s: empty; expected a session, as skel-load "
			     "--pin writes it",
		    name);
		break;
	case STREAM_REFUSED:
		break;
	}
	stream_reader_close(&r);
	return status;
}

/* Reads a session or stream from file, or standard input if that is NULL.
 * Returns the exit status. */
static int
read_file(
    const char *file, const struct skel_poll_options *o, struct output *out)
{
	int fd = STDIN_FILENO, status = EXIT_SUCCESS;

	if (file != NULL && (fd = open(file, O_RDONLY | O_CLOEXEC)) == -1) {
		report_error("%s: %s", file, strerror(errno));
		return EXIT_FAILURE;
	}
	if (wait_for_first_input(fd, out))
		status = read_session_or_stream(
		    fd, file != NULL ? file : "<stdin>", o, out);
	if (file != NULL)
		close(fd);
	return status;
}

/* Returns the exit status. */
static int
skel_poll_run(
    const char *const *operands, size_t n, struct skel_poll_options *o)
{
	static struct lookup_client lookup = LOOKUP_CLIENT_CLOSED;
	bool maps = o->list || (n > 0 && find_map_is_operand(operands[0]));
	struct output out;
	int status;

	if (signals_catch() == -1) {
		report_error("cannot catch signals: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	if (output_open(&out, STDOUT_FILENO, "<stdout>") == -1)
		return EXIT_FAILURE;
	/* A failure is reported if it matters. */
	if (!maps && !o->no_symbols)
		lookup_client_open(&lookup, LOOKUP_CLIENT_HOST);
	o->lookup = &lookup;
	/* The input and the maps are what somebody else made. */
	confine_opening();
	if (o->list)
		status = skel_poll_list_maps(o, &out);
	else if (maps)
		status = skel_poll_maps(operands, n, o, &out);
	else
		status = read_file(
		    n > 0 && strcmp(operands[0], "-") != 0 ? operands[0] : NULL,
		    o, &out);
	lookup_client_close(&lookup);
	o->lookup = NULL;
	if (output_close(&out) == -1 && !out.gone)
		status = EXIT_FAILURE;
	return status;
}

/* Checks that the operands and options fit together.  Returns 0, or -1 after
 * reporting. */
static int
check_operands(
    const char *const *operands, size_t n, const struct skel_poll_options *o)
{
	size_t maps = 0;

	for (size_t i = 0; i < n; i++)
		maps += find_map_is_operand(operands[i]);
	if (o->list && n > 0)
		report_error("--list: it takes no operands");
	else if (maps > 0 && maps < n)
		report_error("maps, as map:NAME, and a session or stream "
			     "cannot be read together");
	else if (maps > 0 && o->nmaps > 0)
		report_error("-m is for sessions and streams; name the maps "
			     "themselves, as map:%s",
		    o->maps[0]);
	else if (maps == 0 && n > 1)
		report_error("one session or stream can be read at a time");
	else if (maps == 0 && o->nsamples > 0)
		report_error("--sample is for maps, as map:NAME");
	else if (maps == 0 && o->ntypes > 0)
		report_error("--type is for maps, as map:NAME");
	else
		return 0;
	return -1;
}

static int
add_sample_option(struct skel_poll_options *o)
{
	if (sample_option_parse(&o->samples[o->nsamples], optarg) == -1)
		return -1;
	o->nsamples++;
	return 0;
}

static int
add_type_option(struct skel_poll_options *o)
{
	if (type_option_parse(&o->types[o->ntypes], optarg) == -1)
		return -1;
	o->ntypes++;
	return 0;
}

static void
free_options(struct skel_poll_options *o)
{
	for (size_t i = 0; i < o->nsamples; i++)
		sample_option_free(&o->samples[i]);
	for (size_t i = 0; i < o->ntypes; i++)
		type_option_free(&o->types[i]);
	free(o->samples);
	free(o->types);
	free(o->maps);
	free(o->as);
}

/* Reads the files of --type.  Returns 0, or -1 after reporting. */
static int
read_type_files(struct skel_poll_options *o)
{
	for (size_t i = 0; i < o->ntypes; i++)
		if (type_option_read(&o->types[i]) == -1)
			return -1;
	return 0;
}

/* Returns 0, or -1 after reporting what is wrong with the option. */
static int
set_poll_option(struct skel_poll_options *o, int option)
{
	switch (option) {
	case 'f':
		o->has_encoding = true;
		return stream_encoding_parse(&o->encoding, optarg);
	case 'm':
		o->maps[o->nmaps++] = optarg;
		return 0;
	case 'n':
		return command_parse_records(optarg, &o->count);
	case 't':
		return command_parse_seconds(optarg, &o->timeout_ns);
	case OPT_AS:
		o->as[o->nas++] = optarg;
		return member_notes_check_option(optarg);
	case OPT_LATENCY:
		return command_parse_latency(optarg, &o->latency_ns);
	case OPT_LIST:
		o->list = true;
		return 0;
	case OPT_NO_SYMBOLS:
		o->no_symbols = true;
		return 0;
	case OPT_ONCE:
		o->once = true;
		return 0;
	case OPT_SAMPLE:
		return add_sample_option(o);
	case OPT_TYPE:
		return add_type_option(o);
	default:
		command_option(&command, option);
		return 0;
	}
}

int
main(int argc, char *argv[])
{
	struct skel_poll_options o = { .latency_ns = POLLER_LATENCY_NS };
	const char *const *operands;
	int option, status;
	size_t n;

	if (complete_is_asked(argc, argv))
		return complete_run(&command, argc, argv);
	signals_catch_file_limit();
	/* No option can be given more often than there are arguments. */
	o.maps = calloc((size_t)argc, sizeof(*o.maps));
	o.as = calloc((size_t)argc, sizeof(*o.as));
	o.samples = calloc((size_t)argc, sizeof(*o.samples));
	o.types = calloc((size_t)argc, sizeof(*o.types));
	if (o.maps == NULL || o.as == NULL || o.samples == NULL ||
	    o.types == NULL) {
		report_nomem();
		free_options(&o);
		return EXIT_FAILURE;
	}
	while ((option = command_next(&command, argc, argv, NULL)) != -1) {
		if (set_poll_option(&o, option) == -1)
			command_usage(&command);
	}
	operands = (const char *const *)argv + optind;
	n = (size_t)(argc - optind);
	if (check_operands(operands, n, &o) == -1)
		command_usage(&command);
	libbpf_log_capture();
	status = read_type_files(&o) == 0 ? skel_poll_run(operands, n, &o)
					  : EXIT_FAILURE;
	free_options(&o);
	return command_status(status);
}
