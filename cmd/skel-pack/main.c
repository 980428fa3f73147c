/*
 * skel-pack: make a package from an object file, or from a C source.
 *
 *	skel-pack x.bpf.o >x.json
 *	skel-pack x.bpf.c | skel-load | skel-fmt
 *
 * Reads an ELF object and writes its package: one line of JSON with the object
 * and a description of its globals, maps and programs from its BTF.  A source
 *is compiled before, by clang in a child; only then does this process give up
 *its privileges, and read the source's comments and the object.  --unpack is
 *the reverse.  A package does not contain when and where it was made, so that
 *the same object always gives the same bytes and a package can be verified
 *against its source.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/output.h"
#include "base/report.h"
#include "base/signals.h"
#include "command.h"
#include "compile.h"
#include "complete.h"
#include "elf/object-check.h"
#include "host/confine.h"
#include "pack/pack.h"
#include "package/args.h"
#include "package/events-option.h"
#include "package/input.h"
#include "package/package.h"

enum { OPT_EVENTS = 256, OPT_SAMPLE };
enum { CPU_SECONDS = 60 };

static const struct command_option option_table[] = {
	{ "events", OPT_EVENTS, "MAP=TYPE[,MEMBER=VALUE]",
	    "type of the records of a ring or perf buffer, or of an iterator "
	    "program; repeat for more",
	    NULL },
	{ "name", 'n', "NAME", "name of the object; default: x_bpf for x.bpf.o",
	    NULL },
	{ "sample", OPT_SAMPLE, "MAP[=INTERVAL][,WORD ...]",
	    "have a map or global variables read repeatedly, as the option of "
	    "skel-load; repeat for more",
	    NULL },
	{ "unpack", 'u', NULL, "print the object of a package", NULL },
	COMMAND_OPTIONS_LIBBPF,
};

/* Objects and sources; packages to unpack; flags for the compiler behind "--".
 */
static void
complete_pack(struct completion *c, const char *what, size_t before)
{
	(void)what;
	if (before == 0)
		complete_offer_files(
		    c, complete_option(c, 'u') != NULL ? "*.json" : "*.o *.c");
}

static const struct command command = {
	.usage = "usage: skel-pack [-qv] [-n name] [--events map=type] ...\n"
		 "                 [--sample map] ... [file]\n"
		 "       skel-pack [-qv] [-n name] [--events map=type] ...\n"
		 "                 [--sample map] ... file.c [-- flag ...]\n"
		 "       skel-pack [-qv] -u [file]\n"
		 "       skel-pack -h | -V\n",
	.about = "Print a package made from a BPF object, from a file or "
		 "standard input, or from a C source, which clang compiles "
		 "with the flags after \"--\".",
	.options = option_table,
	.operands = "object",
	.complete = complete_pack,
};

/* Reports a package that is to be packed again, which is a frequent mistake.
 * Returns 0 or -1. */
static int
check_not_json(const struct buf *in, const char *name)
{
	size_t i = 0;

	while (i < in->len && strchr(" \t\r\n", in->data[i]) != NULL)
		i++;
	if (i == in->len || in->data[i] != '{')
		return 0;
	report_error("%s: this is JSON, not an object file; --unpack "
		     "extracts the object from a package",
	    name);
	return -1;
}

static int
pack(const char *file, const struct pack_options *told, struct buf *out)
{
	const char *shown = file != NULL ? file : "<stdin>";
	struct pack_options options = *told;
	struct buf in = { 0 };
	int ret = -1;

	if (options.name == NULL && file == NULL)
		options.name = "stdin";
	if (package_input_read(&in, file, shown, OBJECT_SIZE_MAX) == 0 &&
	    check_not_json(&in, shown) == 0)
		ret = pack_object(
		    (unsigned char *)in.data, in.len, shown, &options, out);
	buf_free(&in);
	return ret;
}

/* Makes sure that what the comments of a source say makes a package that can be
 * loaded. */
static int
check_package(const struct buf *text, const char *name)
{
	struct package p;
	struct args a;
	int ret;

	if (package_parse(&p, text->data, text->len, name, NULL) == -1)
		return -1;
	if ((ret = args_open(&a, &p)) == 0)
		args_close(&a);
	package_close(&p);
	return ret;
}

static int
pack_compiled(const char *file, const struct pack_options *told,
    const struct compiled *c, struct buf *out)
{
	const struct pack_source source = { .text = c->source.data,
		.len = c->source.len,
		.header = c->header.data,
		.header_len = c->header.len };
	struct pack_options options = *told;

	options.source = &source;
	if (pack_object((unsigned char *)c->object.data, c->object.len, file,
		&options, out) == -1)
		return -1;
	return check_package(out, file);
}

static int
unpack(const char *file, struct buf *out)
{
	struct package p;
	int ret = -1;

	if (package_open(&p, file, NULL) == -1)
		return -1;
	if (p.object.bytes == NULL) {
		report_error("%s: this is the object \"meta\" of a package "
			     "alone, without an ELF object",
		    p.name);
	} else {
		buf_add(out, p.object.bytes, p.object.size);
		ret = out->failed ? report_nomem() : 0;
	}
	package_close(&p);
	return ret;
}

/* Ends the command, whose object keeps the processor busy for too long. */
static void
report_cpu_limit(int sig)
{
	static const char text[] =
	    "skel-pack: the object takes more than a minute of processor "
	    "time; it is not packed\n";

	(void)sig;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) == -1)
		_exit(1);
	_exit(1);
}

/*
 * Compiles the file, if it is a source, then gives up every privilege.  Returns
 * 0, or -1 after the reason was reported.
 */
static int
prepare(const char *file, char *const flags[], int nflags, bool is_source,
    struct compiled *c)
{
	const struct rlimit cpu = { CPU_SECONDS, CPU_SECONDS + 1 };

	if (is_source && compile_source(file, flags, nflags, c) == -1)
		return -1;
	/* The largest objects take a second. */
	if (signal(SIGXCPU, report_cpu_limit) == SIG_ERR ||
	    setrlimit(RLIMIT_CPU, &cpu) == -1) {
		report_error("cannot limit the time of the processor: %s",
		    strerror(errno));
		return -1;
	}
	confine_filter(file != NULL && !is_source);
	return 0;
}

/* Checks the operands.  Sets *file, or NULL for standard input, and *nflags to
 * the number of flags at the end. */
static void
read_operands(int n, char *const v[], const char **file, int *nflags)
{
	bool flags = n > 1 && strcmp(v[1], "--") == 0;

	if (n > 1 && !flags) {
		report_error("%s: there can be one file; flags for the "
			     "compiler come after \"--\"",
		    v[1]);
		command_usage(&command);
	}
	*file = n > 0 && strcmp(v[0], "-") != 0 ? v[0] : NULL;
	*nflags = flags ? n - 2 : 0;
	if (flags && (*file == NULL || !compile_is_source(*file))) {
		report_error("flags after \"--\" are for the compiler; %s is "
			     "not a C source",
		    v[0]);
		command_usage(&command);
	}
}

/* Adds what --sample says.  Returns 0, or -1 after reporting what is wrong. */
static int
add_sample_option(struct pack_options *o, const char *text)
{
	struct sample_option *v =
	    reallocarray(o->samples, o->nsamples + 1, sizeof(*v));

	if (v == NULL)
		return report_nomem();
	o->samples = v;
	if (sample_option_parse(&v[o->nsamples], text) == -1)
		return -1;
	o->nsamples++;
	return 0;
}

static void
free_pack_options(struct pack_options *o)
{
	for (size_t i = 0; i < o->nsamples; i++)
		sample_option_free(&o->samples[i]);
	free(o->samples);
}

/* Packs or unpacks the file to standard output.  Returns the exit status. */
static int
run_pack(const char *file, char *const flags[], int nflags, bool back,
    const struct pack_options *told)
{
	bool is_source = !back && file != NULL && compile_is_source(file);
	struct compiled compiled = { 0 };
	struct output out;
	int status = prepare(file, flags, nflags, is_source, &compiled);

	if (status == -1 ||
	    output_open(&out, STDOUT_FILENO, "<stdout>") == -1) {
		compiled_free(&compiled);
		return 1;
	}
	if (back)
		status = unpack(file, &out.buf);
	else if (is_source)
		status = pack_compiled(file, told, &compiled, &out.buf);
	else
		status = pack(file, told, &out.buf);
	compiled_free(&compiled);
	if (command_status(status == -1) != 0)
		status = -1;
	if (status == -1)
		out.buf.len = 0;
	if (output_close(&out) == -1 && !out.gone)
		status = -1;
	return status == -1 ? 1 : 0;
}

int
main(int argc, char *argv[])
{
	struct pack_options told = { 0 };
	const char **events, *file = NULL;
	struct events_option stated;
	bool back = false;
	int ch, status, nflags;

	if (complete_is_asked(argc, argv))
		return complete_run(&command, argc, argv);
	signals_catch_file_limit();
	if ((events = calloc((size_t)argc, sizeof(*events))) == NULL) {
		report_nomem();
		return 1;
	}
	while ((ch = command_next(&command, argc, argv, NULL)) != -1) {
		switch (ch) {
		case OPT_EVENTS:
			if (events_option_parse(&stated, optarg) == -1)
				command_usage(&command);
			events_option_free(&stated);
			events[told.nevents++] = optarg;
			break;
		case 'n':
			told.name = optarg;
			break;
		case OPT_SAMPLE:
			if (add_sample_option(&told, optarg) == -1)
				command_usage(&command);
			break;
		case 'u':
			back = true;
			break;
		default:
			command_option(&command, ch);
		}
	}
	read_operands(argc - optind, argv + optind, &file, &nflags);
	told.events = events;
	if ((told.name != NULL && (back || *told.name == '\0')) ||
	    ((told.nsamples > 0 || told.nevents > 0) && back))
		command_usage(&command);
	signal(SIGPIPE, SIG_IGN);
	status = run_pack(file, argv + argc - nflags, nflags, back, &told);
	free_pack_options(&told);
	free(events);
	return status;
}
