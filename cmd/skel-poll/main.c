/*
 * skel-poll: poll the maps of a running program.
 *
 *	skel-load --pin x.json | skel-poll | skel-fmt
 *
 * A session comes in, one line that says where the maps are pinned and what is
 * in them; a stream goes out, a line per record.  It ends when the session
 * does.  A stream that comes in instead is passed on, so that -m, -n, -t and
 * -f can be used behind skel-load or on a recording.
 *
 * Loading and polling are two commands because they need not have the same
 * rights nor live equally long: several may poll one program, one after the
 * other, and what is polled is described by the session alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/output.h"
#include "base/parse-number.h"
#include "base/report.h"
#include "base/signals.h"
#include "command.h"
#include "elf/libbpf-log.h"
#include "follow-session.h"
#include "host/confine.h"
#include "options.h"
#include "pass-stream.h"
#include "poll/poller.h"
#include "stream/stream.h"

enum {
	OPT_LATENCY = 256,
	OPT_ONCE,
	LOOK_MS = 1000, /* how long a signal that fell between may wait */
};

static const struct option long_options[] = {
	{ "count", required_argument, NULL, 'n' },
	{ "format", required_argument, NULL, 'f' },
	{ "help", no_argument, NULL, 'h' },
	{ "latency", required_argument, NULL, OPT_LATENCY },
	{ "map", required_argument, NULL, 'm' },
	{ "no-log", no_argument, NULL, 'q' },
	{ "once", no_argument, NULL, OPT_ONCE },
	{ "quiet", no_argument, NULL, 'q' },
	{ "time", required_argument, NULL, 't' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static const struct command command = {
	.usage =
	    "usage: skel-poll [-qv] [-f binary|json] [-m map]... [-n count]\n"
	    "                 [-t seconds] [--latency ms] [--once] [session]\n"
	    "       skel-poll -h | -V\n",
	.help =
	    "\n"
	    "Poll the maps of a session, or pass on a stream; from a file\n"
	    "or standard input.\n"
	    "\n"
	    "  -f, --format binary|json\n"
	    "                       how records are written\n"
	    "      --latency MS     how long a record may wait under load; 10\n"
	    "  -m, --map MAP        this map only; may be repeated\n"
	    "  -n, --count COUNT    end after so many records\n"
	    "  -t, --time SECONDS   end after so long; 0.5 is half a second\n"
	    "      --once           take what is there once, then end\n"
	    "  -q, --quiet, --no-log\n"
	    "                       errors only\n"
	    "  -v, --verbose        say more; twice: libbpf's lines too\n"
	    "  -h, --help           this text\n"
	    "  -V, --version        the version\n",
};

/* Wait for the first bytes.  Returns whether they came, or the end: not when
 * a signal or a reader who left was first. */
static bool
await(int fd, const struct output *out)
{
	int ready = 0;

	while (ready == 0 && !signals_stop())
		ready = output_wait(out, fd, LOOK_MS);
	return ready == OUTPUT_READY;
}

/* Whatever it is that came in, do what is done with it. */
static int
serve(int fd, const char *name, const struct skel_poll_options *c,
    struct output *out)
{
	struct stream_reader r;
	int status = 1;

	switch (stream_reader_open(&r, fd, name)) {
	case STREAM_SESSION:
		status = skel_poll_follow_session(&r, c, out);
		break;
	case STREAM_OPENED:
		/* Nothing to be polled: this is a filter. */
		confine_filter(false);
		status = skel_poll_pass_stream(&r, c, out);
		break;
	case STREAM_NDJSON:
		report_error("%s: records without a header; skel-fmt reads "
			     "them",
		    name);
		break;
	case STREAM_EMPTY:
		report_error(
		    "%s: empty; a session comes from: skel-load --pin", name);
		break;
	case STREAM_REFUSED:
		break;
	}
	stream_reader_close(&r);
	return status;
}

/* Returns the exit status. */
static int
run(const char *file, const struct skel_poll_options *c)
{
	struct output out;
	int fd = STDIN_FILENO, status;

	if (signals_catch() == -1) {
		report_error("signals: %s", strerror(errno));
		return 1;
	}
	if (output_open(&out, STDOUT_FILENO, "<stdout>") == -1)
		return 1;
	if (file != NULL && (fd = open(file, O_RDONLY | O_CLOEXEC)) == -1) {
		report_error("%s: %s", file, strerror(errno));
		return 1;
	}
	status = 0;
	if (await(fd, &out))
		status = serve(fd, file != NULL ? file : "<stdin>", c, &out);
	if (output_close(&out) == -1 && !out.gone)
		status = 1;
	if (file != NULL)
		close(fd);
	return status;
}

int
main(int argc, char *argv[])
{
	struct skel_poll_options c = { .latency_ns = POLLER_LATENCY_NS };
	const char *file = NULL;
	int ch, status;

	/* No more maps can be named than there are arguments. */
	c.maps = calloc((size_t)argc, sizeof(*c.maps));
	if (c.maps == NULL) {
		report_nomem();
		return 1;
	}
	while ((ch = getopt_long(
		    argc, argv, "+f:hm:n:qt:Vv", long_options, NULL)) != -1) {
		switch (ch) {
		case 'f':
			if (stream_encoding_parse(&c.encoding, optarg) == -1)
				command_usage(&command);
			c.has_encoding = true;
			break;
		case 'm':
			c.maps[c.nmaps++] = optarg;
			break;
		case 'n':
			if (parse_records(optarg, &c.count) == -1)
				command_usage(&command);
			break;
		case 't':
			if (parse_seconds(optarg, &c.timeout_ns) == -1)
				command_usage(&command);
			break;
		case OPT_LATENCY:
			if (parse_latency(optarg, &c.latency_ns) == -1)
				command_usage(&command);
			break;
		case OPT_ONCE:
			c.once = true;
			break;
		default:
			command_option(&command, ch);
		}
	}
	if (argc - optind > 1)
		command_usage(&command);
	if (optind < argc && strcmp(argv[optind], "-") != 0)
		file = argv[optind];
	libbpf_log_capture();
	status = run(file, &c);
	free(c.maps);
	return command_status(status);
}
