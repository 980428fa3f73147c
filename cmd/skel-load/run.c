#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "attach/kind.h"
#include "base/clock.h"
#include "base/output.h"
#include "base/report.h"
#include "base/signals.h"
#include "command.h"
#include "confined-child.h"
#include "host/confine.h"
#include "host/notify.h"
#include "package/input.h"
#include "poll/poller.h"
#include "poll/stream-sink.h"
#include "run.h"
#include "session/export-hints.h"
#include "session/launch.h"
#include "session/prepare.h"
#include "session/printk-record.h"
#include "session/session-dir.h"
#include "session/session.h"
#include "session/trace-pipe.h"
#include "stream/writer.h"
#include "traced-command.h"

struct skel_load_run {
	struct skel_load_options *options; /* borrowed */
	struct launch launch;
	struct trace_pipe trace; /* open with --trace-pipe */
	int notify;              /* notify_open() */
	struct output out;
};

/* Ends the output of a run that went well.  Returns the exit status. */
static int
finish_output(struct skel_load_run *r)
{
	output_close(&r->out);
	return r->out.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/*
 * Sets the variables of the package from the program's arguments and their
 * defaults.  Returns true if there is a program to run; false, with *status
 * set, after --help, --version or a report.
 */
static bool
set_arguments(struct skel_load_run *r, int *status)
{
	const struct skel_load_options *o = r->options;
	struct buf command = { 0 };
	enum args_result result;

	buf_printf(&command, "skel-load %s", o->package);
	buf_chr(&command, '\0');
	if (command.failed) {
		report_nomem();
		result = ARGS_FAILED;
	} else {
		result = launch_arguments(&r->launch.package, o->narguments,
		    o->arguments, &r->options->launch, command.data,
		    "options of skel-load come before the package",
		    &r->out.buf);
	}
	buf_free(&command);
	*status = EXIT_FAILURE;
	if (result == ARGS_WRONG)
		*status = EXIT_USAGE;
	else if (result == ARGS_HELP || result == ARGS_VERSION)
		*status = finish_output(r);
	return result == ARGS_SET;
}

/* --check: prints a line for each program that was verified.  Returns the exit
 * status. */
static int
print_programs(struct skel_load_run *r)
{
	struct bpf_program *p;

	bpf_object__for_each_program (p, r->launch.object.bpf) {
		if (bpf_program__fd(p) < 0)
			continue;
		buf_printf(&r->out.buf, "program %s %s %s ok, %zu insns\n",
		    bpf_program__name(p), attach_kind_name(p),
		    bpf_program__section_name(p), bpf_program__insn_cnt(p));
	}
	return finish_output(r);
}

/* Waits for a signal, the end of -t or a reader that leaves. */
static void
wait_for_end(struct skel_load_run *r)
{
	uint64_t limit = r->options->timeout_ns, start = clock_elapsed();
	int wait = -1, more = 0;

	while (!signals_stop() && more != -1) {
		if (limit != 0) {
			uint64_t gone = clock_elapsed() - start;

			if (gone >= limit)
				return;
			gone = (limit - gone) / 1000000 + 1;
			wait = gone < INT_MAX ? (int)gone : INT_MAX;
		}
		if (output_wait(&r->out, r->trace.fd, more == 1 ? 0 : wait) &
		    OUTPUT_GONE)
			return;
		more = trace_pipe_read(&r->trace);
	}
}

/* Gives up every privilege that is not needed to read maps, to detach and to
 * remove what was made. */
static void
confine_attached(struct skel_load_run *r)
{
	struct confine_needs needs = { 0 };

	if (r->options->pin)
		session_dir_add_needs(&needs);
	trace_pipe_add_needs(&r->trace, &needs);
	symbolizer_add_needs(r->launch.symbolizer, &needs);
	attach_add_needs(&r->launch.attachments, &needs);
	r->notify = notify_open();
	confine_privileged(&needs);
}

/* --pin: prints the session and, unless it is detached, keeps it until told to
 * stop.  Returns the exit status. */
static int
keep_session(struct skel_load_run *r)
{
	const struct skel_load_options *o = r->options;
	struct stream_header *h = &r->launch.header;
	struct attachments *a = &r->launch.attachments;
	int ret, status;

	if (launch_attach(&r->launch) == -1 ||
	    session_pin(h, o->dir, &r->launch.object, a, o->detach) == -1)
		return EXIT_FAILURE;
	h->records_wake = launch_records_wake(&r->launch);
	ret = stream_header_write(h, &r->out.buf);
	if (!o->detach)
		confine_attached(r);
	if (ret == 0 && output_flush(&r->out) == 0) {
		notify_ready(o->detach ? notify_open() : r->notify);
		if (!o->detach)
			wait_for_end(r);
	}
	attach_detach(a);
	status = finish_output(r);
	if (ret == -1)
		status = EXIT_FAILURE;
	/* The session was not printed, so nobody could end it. */
	if (o->detach && status != EXIT_SUCCESS)
		session_dir_unload(h->dir);
	if (session_unpin(h) == -1)
		status = EXIT_FAILURE;
	return status;
}

/* Polls until an end, detaches, and reads what the programs left in the
 * buffers. Returns the exit status. */
static int
poll_exports(struct skel_load_run *r, struct stream_sink *sink)
{
	struct poller *p = r->launch.poller;
	enum poller_end end = POLLER_GONE;
	int ret = stream_sink_begin(sink);

	/* If the header cannot be written, the poller finds out why. */
	if (ret == 0 && output_flush(&r->out) == 0) {
		notify_ready(r->notify);
		traced_command_release(r->options->traced);
	}
	if (ret == 0)
		end = poller_run(p);
	attach_detach(&r->launch.attachments);
	if (ret == -1 || end == POLLER_FAILED)
		return EXIT_FAILURE;
	if (end == POLLER_GONE)
		return EXIT_SUCCESS;
	if (poller_drain(p) == -1 || stream_sink_end(sink) == -1 ||
	    sink->errors > 0)
		return EXIT_FAILURE;
	return sink->lost.all > 0 ? EXIT_LOST : EXIT_SUCCESS;
}

/* Streams the exported maps.  Returns the exit status. */
static int
stream_exports(struct skel_load_run *r)
{
	const struct poller_options o = {
		.count = r->options->count,
		.timeout_ns = r->options->timeout_ns,
		.latency_ns = r->options->latency_ns,
		.out_fd = r->out.fd,
		.in_fd = r->options->traced->ended,
		.extra_read = r->trace.fd != -1 ? trace_pipe_read : NULL,
		.extra_drain = r->trace.fd != -1 ? trace_pipe_drain : NULL,
		.extra_ctx = &r->trace,
		.extra_fd = r->trace.fd,
	};
	struct launch *l = &r->launch;
	struct stream_sink sink;
	int status;

	if (launch_open_poller(l, &o, &stream_poll_sink, &sink) == -1 ||
	    launch_attach(l) == -1 ||
	    stream_sink_open(&sink, &l->header, &r->out, l->symbolizer) == -1)
		return EXIT_FAILURE;
	if (l->header.nmaps == 1 && l->header.maps[0].source == STREAM_PRINTK)
		r->trace.poller = l->poller;
	confine_attached(r);
	status = poll_exports(r, &sink);
	stream_sink_close(&sink);
	if (status != EXIT_FAILURE && finish_output(r) != EXIT_SUCCESS)
		status = EXIT_FAILURE;
	return status;
}

/*
 * For a program that exports nothing: what it prints becomes the stream, if it
 * prints; else reports what else could be shown.  The program runs in any case.
 */
static int
export_instead(struct skel_load_run *r)
{
	const struct skel_load_options *o = r->options;
	struct launch *l = &r->launch;
	struct report_held held;
	int opened;

	if (o->trace_pipe || !printk_is_used(&l->package.object)) {
		export_hints(&l->package, &l->object, false);
		return 0;
	}
	if (o->pin) {
		export_hints(&l->package, &l->object, false);
		report_notice("%s: it prints with bpf_printk(); --trace-pipe "
			      "shows that",
		    l->package.name);
		return 0;
	}
	report_hold(&held);
	opened = trace_pipe_open(&r->trace, &l->package);
	report_release_held(&held,
	    opened == -1 ? "what the program prints is not shown" : NULL);
	if (opened == -1)
		return 0;
	if (printk_add_map(&l->header) == -1)
		return -1;
	export_hints(&l->package, &l->object, true);
	return 0;
}

/* With the package open and its variables set.  Returns the exit status. */
static int
run_package(struct skel_load_run *r)
{
	const struct skel_load_options *o = r->options;
	struct launch *l = &r->launch;

	if (l->package.debug_verbose && report_get_level() != REPORT_ERROR)
		report_set_level(REPORT_DEBUG);
	if (!o->check && !o->pin &&
	    stream_check_terminal(o->launch.encoding, r->out.fd) == -1)
		return EXIT_USAGE;
	if (launch_open(l, &o->launch) == -1 || launch_load(l) == -1)
		return EXIT_FAILURE;
	if (o->check)
		return print_programs(r);
	if (o->trace_pipe && trace_pipe_open(&r->trace, &l->package) == -1)
		return EXIT_FAILURE;
	if (l->header.nmaps == 0 && export_instead(r) == -1)
		return EXIT_FAILURE;
	return o->pin ? keep_session(r) : stream_exports(r);
}

/* Raises the number of descriptors, since there may be one for each CPU or
 * function.  The soft limit protects programs that use select(2). */
static void
raise_fd_limit(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
}

/* The function of the confined child. */
static int
prepare_in_child(void *ctx, struct buf *reply)
{
	return prepare_run(ctx, reply);
}

/* Has a confined child do what has to be done before the package is loaded. */
static int
prepare_input(struct skel_load_run *r, struct prepare *p)
{
	struct buf reply = { 0 }, counted = { 0 };
	int ret = -1;

	if (!prepare_is_needed(p))
		return 0;
	prepare_ask_kernel(p);
	if (confined_child_run(
		prepare_in_child, p, p->name, PREPARE_REPLY_MAX, &reply) == 0 &&
	    prepare_open(p, &reply, &r->launch.package, &counted) == 0)
		ret = launch_set_counted(&r->launch, &counted);
	buf_free(&counted);
	buf_free(&reply);
	return ret;
}

/* Opens the package in input, or packs the object in it. */
static int
open_input(struct skel_load_run *r, const struct buf *input, const char *name)
{
	const struct skel_load_options *o = r->options;
	struct prepare p = { .name = name, .options = &o->launch };

	if (!prepare_is_object(input)) {
		p.package = &r->launch.package;
		if (package_parse(&r->launch.package, input->data, input->len,
			name, o->elf) == -1)
			return -1;
		if (o->elf != NULL && trust_check(&o->trust, o->elf,
					  r->launch.package.object_bytes,
					  r->launch.package.object.size) == -1)
			return -1;
	} else if (o->elf != NULL) {
		report_error("%s: this is an object file; -e needs a package "
			     "whose object it replaces",
		    name);
		return -1;
	} else {
		p.object = input;
	}
	return prepare_input(r, &p);
}

static int
read_input(struct skel_load_run *r)
{
	const char *file = r->options->package;
	const char *name = strcmp(file, "-") == 0 ? "<stdin>" : file;
	struct buf input = { 0 };
	int ret = -1;

	/* What is loaded are the bytes whose signature was checked. */
	if (package_input_read(&input, file, name, PACKAGE_TEXT_MAX) == 0 &&
	    trust_check(&r->options->trust, file, input.data, input.len) == 0)
		ret = open_input(r, &input, name);
	buf_free(&input);
	return ret;
}

int
skel_load_run(struct skel_load_options *o)
{
	struct skel_load_run r = {
		.options = o, .trace = TRACE_PIPE_NONE, .notify = -1
	};
	int status = EXIT_FAILURE;

	raise_fd_limit();
	if (output_open(&r.out, STDOUT_FILENO, "<stdout>") == -1)
		return EXIT_FAILURE;
	if (read_input(&r) == -1) {
		launch_close(&r.launch);
		return EXIT_FAILURE;
	}
	/* A signal while the package is read may end the process at once: there
	 * is nothing to clean up yet. */
	if (signals_catch() == -1)
		report_error("cannot catch signals: %s", strerror(errno));
	else if (set_arguments(&r, &status)) {
		session_dir_sweep_all();
		trace_pipe_sweep();
		status = run_package(&r);
	}
	launch_unload(&r.launch);
	trace_pipe_close(&r.trace);
	launch_close(&r.launch);
	buf_free(&r.out.buf);
	return status;
}
