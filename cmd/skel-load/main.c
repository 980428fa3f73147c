/*
 * skel-load: load the eBPF program of a package and write a stream of its
 * records.
 *
 *	skel-load x.json --pid 42 | skel-fmt
 *
 * Reads a package; the arguments of its program follow it on the command line.
 * skel-load is the only stage of a pipeline that needs privilege.  It holds
 * links as descriptors and pins nothing unless asked to, so the kernel removes
 * the program whenever this process ends, even by kill -9.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/report.h"
#include "base/signals.h"
#include "command.h"
#include "complete-load.h"
#include "poll/poller.h"
#include "run.h"
#include "session/launch-option.h"
#include "session/session-dir.h"
#include "traced-command.h"

enum {
	OPT_CHECK = 256,
	OPT_DETACH,
	OPT_LATENCY,
	OPT_LAUNCH, /* launch_option_set() knows it by its name */
	OPT_PIN,
	OPT_TRACE_PIPE,
	OPT_TRUST,
	OPT_UNLOAD
};

static const struct command_option option_table[] = {
	{ "as", OPT_LAUNCH, "[MAP.]MEMBER=KIND",
	    "what a member means: ip4, errno, ns, flags(ENUM), ...; repeat for "
	    "more",
	    "as" },
	{ "as-is", OPT_LAUNCH, NULL,
	    "load what was written: count no calls that a full ring buffer "
	    "makes fail",
	    NULL },
	{ "attach", 'a', "PROG=WHERE",
	    "attach PROG there, whatever the package says: xdp:eth0, "
	    "perf:freq=99, uprobe:FILE:FUNCTION, ...; off leaves it out, load "
	    "does not attach it; PROG may be a pattern; repeat for more "
	    "places",
	    "where" },
	{ "both", OPT_LAUNCH, NULL,
	    "attach every form of a hook, not only the best", NULL },
	{ "btf", OPT_LAUNCH, "FILE|DIR",
	    "the kernel's BTF, or an archive of BTF files", "file" },
	{ "check", OPT_CHECK, NULL,
	    "have the kernel verify the program, attach nothing", NULL },
	{ "command", 'c', "COMMAND",
	    "run COMMAND with sh when all is attached, and end with it; {pid} "
	    "in options and arguments is its process",
	    NULL },
	{ "count", 'n', "COUNT", "stop after COUNT records", NULL },
	{ "detach", OPT_DETACH, NULL,
	    "with --pin=DIR: leave the program running and exit", NULL },
	{ "elf", 'e', "FILE", "read the object from FILE, not from the package",
	    "file" },
	{ "events", OPT_LAUNCH, "MAP=TYPE[,MEMBER=VALUE]",
	    "the type of the records of MAP, a buffer or an iterator program; "
	    "repeat for more",
	    "events" },
	{ "export", 'm', "MAP", "export this map only; repeat for more maps",
	    "map" },
	{ "format", 'f', "binary|json", "how to write records; default: binary",
	    "=binary json" },
	{ "latency", OPT_LATENCY, "MS",
	    "longest wait of a record under load; default: 10", NULL },
	{ "map", OPT_LAUNCH, "MAP=SIZES",
	    "give MAP another size: entries:N, value_size:N, pages:N; repeat "
	    "for more maps",
	    "sizes" },
	{ "no-symbols", OPT_LAUNCH, NULL,
	    "look up no names: show addresses and ids as numbers", NULL },
	{ "only", OPT_LAUNCH, "PROG[,...]",
	    "leave out all other programs; PROG may be a pattern", "program" },
	{ "optional", OPT_LAUNCH, "PROG[,...]",
	    "go on without PROG, or any that the pattern PROG matches, if it "
	    "cannot be loaded or attached",
	    "program" },
	{ "pin", OPT_PIN, "[=DIR]",
	    "pin the maps and print a session for skel-poll", "dir" },
	{ "sample", OPT_LAUNCH, "MAP[=INTERVAL][,WORD ...]",
	    "read a map or global variables repeatedly: each 1s, 2s ..., as "
	    "log2_hist, linear_hist, exp2_hist, unit=UNIT, clear, nonzero; "
	    "repeat for more",
	    "sample" },
	{ "set", OPT_LAUNCH, "MAP[KEY]=VALUE",
	    "put VALUE into MAP before the program runs; repeat for more; "
	    "MAP=@FILE: those of a file",
	    "element" },
	{ "time", 't', "SECONDS", "stop after this time, for instance 0.5",
	    NULL },
	{ "trace-pipe", OPT_TRACE_PIPE, NULL,
	    "print what the program writes with bpf_printk()", NULL },
	{ "trust", OPT_TRUST, "KEY",
	    "load the package only if this key of minisign or signify, a file "
	    "or the key itself, has signed it; repeat for more keys",
	    "file" },
	{ "unload", OPT_UNLOAD, "DIR",
	    "end the session that --detach left in DIR", "dir" },
	COMMAND_OPTIONS_LIBBPF,
};

static const struct command command = {
	.usage =
	    "usage: skel-load [-hqVv] [-e elf] [-f binary|json] [-m map] ...\n"
	    "                 [-c command] [-n count] [-t seconds] "
	    "[-a program=where] ...\n"
	    "                 [--only program[,...]] ... "
	    "[--optional program[,...]] ...\n"
	    "                 [--both] [--events map=type[,member=value]] ...\n"
	    "                 [--latency ms] [--btf file|dir] [--no-symbols]\n"
	    "                 [--map map=size:n[,...]] ... "
	    "[--set 'map[key]=value'] ...\n"
	    "                 [--sample map[=interval][,word ...]] ... "
	    "[--trace-pipe]\n"
	    "                 [--as member=kind] ... [--as-is] [--trust key] "
	    "...\n"
	    "                 [--check | --pin[=dir] [--detach]]\n"
	    "                 [package [argument ...]]\n"
	    "       skel-load --unload dir\n",
	.about = "Load the eBPF program of a package and write a stream of its "
		 "records, which skel-fmt turns into text. skel-load PACKAGE "
		 "--help lists the program's own arguments.",
	.options = option_table,
	.operands = "package",
	.complete = complete_load,
};

/* Sets an option that launch_option_set() knows.  One with "{pid}" is kept
 * until the command of -c has a process. */
static int
set_or_keep(struct skel_load_options *o, const char *name, const char *value)
{
	if (value == NULL || strstr(value, TRACED_COMMAND_PID) == NULL)
		return launch_option_set(&o->launch, name, value);
	if (!array_room(o->kept, o->nkept, o->kept_cap))
		return report_nomem();
	o->kept[o->nkept++] =
	    (struct skel_load_kept){ .name = name, .value = value };
	return 0;
}

/* Sets the options that were kept. */
static int
set_kept(struct skel_load_options *o)
{
	struct buf text = { 0 };
	int ret = 0;

	for (size_t i = 0; i < o->nkept && ret == 0; i++) {
		text.len = 0;
		traced_command_expand(o->traced, o->kept[i].value, &text);
		ret = text.failed ? report_nomem()
				  : launch_option_set(
					&o->launch, o->kept[i].name, text.data);
	}
	buf_free(&text);
	return ret;
}

/* Puts the number of the command's process into the arguments of the program.
 */
static int
expand_arguments(struct skel_load_options *o)
{
	struct buf text = { 0 };
	int ret = 0;

	o->expanded = calloc((size_t)o->narguments + 1, sizeof(char *));
	if (o->expanded == NULL)
		return report_nomem();
	for (int i = 0; i < o->narguments && ret == 0; i++) {
		text.len = 0;
		traced_command_expand(o->traced, o->arguments[i], &text);
		if (text.failed || (o->expanded[i] = strdup(text.data)) == NULL)
			ret = report_nomem();
	}
	buf_free(&text);
	o->arguments = o->expanded;
	return ret;
}

static void
free_load_options(struct skel_load_options *o)
{
	for (int i = 0; o->expanded != NULL && i < o->narguments; i++)
		free(o->expanded[i]);
	free(o->expanded);
	free(o->kept);
	trust_close(&o->trust);
	launch_options_free(&o->launch);
}

/* Starts the command of -c, and puts its process into the options.  Returns 0,
 * or -1 after reporting. */
static int
start_command(struct skel_load_options *o)
{
	if (o->command == NULL)
		return 0;
	if (traced_command_start(
		o->traced, o->command, strcmp(o->package, "-") == 0) == -1 ||
	    expand_arguments(o) == -1)
		return -1;
	if (set_kept(o) == 0)
		return 0;
	traced_command_finish(o->traced);
	command_usage(&command);
}

/* Sets the option, which has this name if it has no letter.  Returns 0, or -1
 * after reporting what is wrong with it. */
static int
set_load_option(struct skel_load_options *o, int option, const char *name)
{
	switch (option) {
	case 'a':
		return set_or_keep(o, "attach", optarg);
	case 'c':
		o->command = optarg;
		return 0;
	case 'e':
		o->elf = optarg;
		return 0;
	case 'f':
		return stream_encoding_parse(&o->launch.encoding, optarg);
	case 'm':
		return set_or_keep(o, "export", optarg);
	case 'n':
		return command_parse_records(optarg, &o->count);
	case 't':
		return command_parse_seconds(optarg, &o->timeout_ns);
	case OPT_LAUNCH:
		return set_or_keep(o, name, optarg);
	case OPT_CHECK:
		o->check = o->launch.only_verify = true;
		return 0;
	case OPT_DETACH:
		o->detach = true;
		return 0;
	case OPT_LATENCY:
		o->has_latency = true;
		return command_parse_latency(optarg, &o->latency_ns);
	case OPT_PIN:
		o->pin = true;
		o->dir = optarg;
		return 0;
	case OPT_TRACE_PIPE:
		o->trace_pipe = true;
		return 0;
	case OPT_TRUST:
		return trust_add_key(&o->trust, optarg);
	case OPT_UNLOAD:
		o->unload = optarg;
		return 0;
	default:
		/* command_next() reported a long option that is unknown. */
		if (option == '?' && optopt == 0)
			report_error("options of the program come after the "
				     "package, whose --help lists them");
		command_option(&command, option);
		return 0;
	}
}

/* Returns what is wrong with the combination of options, or NULL. */
static const char *
find_conflict(const struct skel_load_options *o, int operands)
{
	bool loads = operands > 0 || o->trace_pipe || o->pin || o->check ||
		     o->detach || o->elf != NULL || o->launch.ntexts > 0 ||
		     o->nkept > 0 || o->command != NULL || o->count != 0 ||
		     o->timeout_ns != 0 || o->has_latency ||
		     o->trust.asked.n > 0;

	if (o->unload != NULL && o->unload[0] == '\0')
		return "--unload needs the directory of a session";
	if (o->unload != NULL && loads)
		return "--unload allows no other option and no package";
	if (o->detach && o->dir == NULL)
		return "--detach needs --pin=DIR";
	if (o->detach && o->timeout_ns != 0)
		return "-t: a detached session runs until skel-load --unload";
	if (o->detach && o->trace_pipe)
		return "--trace-pipe: with --detach nothing stays to read it";
	if (o->check && o->trace_pipe)
		return "--trace-pipe: with --check no program runs";
	if (o->command != NULL && o->check)
		return "-c: with --check no program runs";
	if (o->command != NULL && o->pin)
		return "-c: with --pin records are read by skel-poll; start "
		       "the command after it";
	if (o->command == NULL && o->nkept > 0)
		return TRACED_COMMAND_PID " stands for the process of -c";
	if (o->pin && o->check)
		return "--pin: with --check nothing is attached or pinned";
	if (o->pin && o->count != 0)
		return "-n: with --pin records are read by skel-poll; give it "
		       "the option";
	if (o->pin && o->has_latency)
		return "--latency: with --pin records are read by skel-poll; "
		       "give it the option";
	return NULL;
}

int
main(int argc, char *argv[])
{
	struct traced_command traced = TRACED_COMMAND_NONE;
	struct skel_load_options o = { .package = "-",
		.traced = &traced,
		.latency_ns = POLLER_LATENCY_NS };
	const char *conflict, *name;
	int option, status;

	if (complete_is_asked(argc, argv))
		return complete_run(&command, argc, argv);
	signals_catch_file_limit();
	while ((option = command_next(&command, argc, argv, &name)) != -1) {
		if (set_load_option(&o, option, name) == -1)
			command_usage(&command);
	}
	conflict = find_conflict(&o, argc - optind);
	if (conflict != NULL) {
		report_error("%s", conflict);
		command_usage(&command);
	}
	if (optind < argc) {
		o.package = argv[optind++];
		/* The reference loader requires "--" there. */
		if (optind < argc && strcmp(argv[optind], "--") == 0)
			optind++;
		o.arguments = argv + optind;
		o.narguments = argc - optind;
	}
	if (o.unload != NULL)
		status = session_dir_unload(o.unload) == 0 ? 0 : EXIT_FAILURE;
	else if (trust_add_policy(&o.trust, TRUST_POLICY) == -1 ||
		 start_command(&o) == -1)
		status = EXIT_FAILURE;
	else
		status = skel_load_run(&o);
	traced_command_finish(&traced);
	free_load_options(&o);
	return command_status(status);
}
