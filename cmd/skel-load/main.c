/*
 * skel-load: load a package's program into the kernel and stream what it sees.
 *
 *	skel-args x.json --pid 42 | skel-load | skel-fmt
 *
 * A package comes in, with the program's arguments behind it on the command
 * line, and a stream goes out.  It is the one stage that is privileged.
 * Nothing is pinned unless asked and links are held as descriptors: so when it
 * dies, even by kill -9, the kernel itself takes the program away.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/where.h"
#include "base/parse-number.h"
#include "base/report.h"
#include "command.h"
#include "poll/poller.h"
#include "run.h"
#include "session/session-dir.h"

enum {
	OPT_BTF = 256,
	OPT_CHECK,
	OPT_DETACH,
	OPT_LATENCY,
	OPT_OPTIONAL,
	OPT_PIN,
	OPT_TRACE_PIPE,
	OPT_UNLOAD
};

static const struct option long_options[] = {
	{ "attach", required_argument, NULL, 'a' },
	{ "btf", required_argument, NULL, OPT_BTF },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "count", required_argument, NULL, 'n' },
	{ "detach", no_argument, NULL, OPT_DETACH },
	{ "elf", required_argument, NULL, 'e' },
	{ "format", required_argument, NULL, 'f' },
	{ "help", no_argument, NULL, 'h' },
	{ "latency", required_argument, NULL, OPT_LATENCY },
	{ "map", required_argument, NULL, 'm' },
	{ "no-log", no_argument, NULL, 'q' },
	{ "optional", required_argument, NULL, OPT_OPTIONAL },
	{ "pin", optional_argument, NULL, OPT_PIN },
	{ "quiet", no_argument, NULL, 'q' },
	{ "time", required_argument, NULL, 't' },
	{ "trace-pipe", no_argument, NULL, OPT_TRACE_PIPE },
	{ "unload", required_argument, NULL, OPT_UNLOAD },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static const struct command command = {
	.usage =
	    "usage: skel-load [-hqVv] [-e elf] [-f binary|json] [-m map] ...\n"
	    "                 [-n count] [-t seconds] [-a program=where] ...\n"
	    "                 [--latency ms] [--optional program] ... "
	    "[--btf file|dir]\n"
	    "                 [--trace-pipe]\n"
	    "                 [--check | --pin[=dir] [--detach]]\n"
	    "                 [package [argument ...]]\n"
	    "       skel-load --unload dir\n",
	.help =
	    "\n"
	    "Load an eBPF program and stream what it sees; skel-fmt makes text "
	    "of it.\n"
	    "The program's own arguments: skel-load package --help\n"
	    "\n"
	    "  -a, --attach PROG=WHERE  attach it there: xdp:eth0, "
	    "perf:freq=99,\n"
	    "                           uprobe:FILE:FUNCTION, ..., off\n"
	    "      --btf FILE|DIR       the kernel's BTF, or an archive of "
	    "such\n"
	    "      --check              load and verify, attach nothing\n"
	    "  -n, --count COUNT        end after so many records\n"
	    "      --detach             with --pin=DIR: leave it running\n"
	    "  -e, --elf FILE           the object, not the one inside\n"
	    "  -f, --format FORMAT      of records: binary (default), json\n"
	    "  -h, --help               this help\n"
	    "      --latency MS         how long a record may wait under load; "
	    "10\n"
	    "  -m, --map MAP            only this map; again for more\n"
	    "      --optional PROG      go on without it if it cannot be "
	    "attached;\n"
	    "                           again for more\n"
	    "      --pin[=DIR]          pin the maps and print the session\n"
	    "  -q, --quiet, --no-log    errors only\n"
	    "  -t, --time SECONDS       end after so long; 0.5 is half a "
	    "second\n"
	    "      --trace-pipe         show what it prints by bpf_printk()\n"
	    "      --unload DIR         end what --detach left in DIR\n"
	    "  -v, --verbose            say more; twice: libbpf's lines too\n"
	    "  -V, --version            print the version\n",
};

/* Returns 0, or -1 after reporting what is wrong with it. */
static int
set_option(struct skel_load_options *o, int option)
{
	switch (option) {
	case 'a':
		return attach_where_parse(&o->wheres[o->nwheres++], optarg);
	case 'e':
		o->elf = optarg;
		return 0;
	case 'f':
		return stream_encoding_parse(&o->encoding, optarg);
	case 'm':
		o->maps[o->nmaps++] = optarg;
		return 0;
	case 'n':
		return parse_records(optarg, &o->count);
	case 't':
		return parse_seconds(optarg, &o->timeout_ns);
	case OPT_BTF:
		o->btf = optarg;
		return 0;
	case OPT_CHECK:
		o->check = true;
		return 0;
	case OPT_DETACH:
		o->detach = true;
		return 0;
	case OPT_LATENCY:
		o->has_latency = true;
		return parse_latency(optarg, &o->latency_ns);
	case OPT_OPTIONAL:
		return attach_where_optional(&o->wheres[o->nwheres++], optarg);
	case OPT_PIN:
		o->pin = true;
		o->dir = optarg;
		return 0;
	case OPT_TRACE_PIPE:
		o->trace_pipe = true;
		return 0;
	case OPT_UNLOAD:
		o->unload = optarg;
		return 0;
	default:
		command_option(&command, option);
		return 0;
	}
}

/* What options do not go together, or NULL. */
static const char *
find_conflict(const struct skel_load_options *o, int operands)
{
	bool loads = operands > 0 || o->trace_pipe || o->pin || o->check ||
		     o->detach || o->elf != NULL || o->btf != NULL ||
		     o->nmaps > 0 || o->nwheres > 0 || o->count != 0 ||
		     o->timeout_ns != 0 || o->has_latency;

	if (o->unload != NULL && loads)
		return "--unload stands alone";
	if (o->detach && o->dir == NULL)
		return "--detach needs --pin=DIR";
	if (o->detach && o->timeout_ns != 0)
		return "-t: what is detached runs until it is unloaded";
	if (o->detach && o->trace_pipe)
		return "--trace-pipe: with --detach nobody stays to read it";
	if (o->check && o->trace_pipe)
		return "--check attaches nothing that --trace-pipe could show";
	if (o->pin && o->check)
		return "--check attaches and pins nothing";
	if (o->pin && o->count != 0)
		return "-n: records are counted by skel-poll";
	if (o->pin && o->has_latency)
		return "--latency: records are polled by skel-poll";
	return NULL;
}

static void
free_options(struct skel_load_options *o)
{
	for (size_t i = 0; i < o->nwheres; i++)
		attach_where_free(&o->wheres[i]);
	free(o->wheres);
	free(o->maps);
}

int
main(int argc, char *argv[])
{
	struct skel_load_options o = { .package = "-",
		.latency_ns = POLLER_LATENCY_NS };
	const char *conflict;
	int option, status;

	o.maps = calloc((size_t)argc + 1, sizeof(*o.maps));
	o.wheres = calloc((size_t)argc + 1, sizeof(*o.wheres));
	if (o.maps == NULL || o.wheres == NULL) {
		report_nomem();
		free_options(&o);
		return EXIT_FAILURE;
	}
	while ((option = getopt_long(argc, argv, "+a:e:f:hm:n:qt:Vv",
		    long_options, NULL)) != -1) {
		if (set_option(&o, option) == -1)
			command_usage(&command);
	}
	conflict = find_conflict(&o, argc - optind);
	if (conflict != NULL) {
		report_error("%s", conflict);
		command_usage(&command);
	}
	if (optind < argc) {
		o.package = argv[optind++];
		/* The reference loader wants one there. */
		if (optind < argc && strcmp(argv[optind], "--") == 0)
			optind++;
		o.arguments = argv + optind;
		o.narguments = argc - optind;
	}
	if (o.unload != NULL)
		status = session_dir_unload(o.unload) == 0 ? 0 : EXIT_FAILURE;
	else
		status = skel_load_run(&o);
	free_options(&o);
	return command_status(status);
}
