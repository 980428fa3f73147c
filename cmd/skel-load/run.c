#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/output.h"
#include "base/report.h"
#include "base/signals.h"
#include "base/util.h"
#include "elf/libbpf-log.h"
#include "host/confine.h"
#include "load/object.h"
#include "package/args.h"
#include "package/package.h"
#include "poll/poller.h"
#include "poll/stream-sink.h"
#include "run.h"
#include "session/export.h"
#include "session/session.h"
#include "session/trace-pipe.h"
#include "symbolize/symbolizer.h"

enum { LOOK_MS = 500 }; /* how long a signal that fell between may wait */

/* What one run holds. */
struct run {
	const struct options *options; /* borrowed */
	struct package package;
	struct stream_header header;
	struct object object;
	struct attachments links;
	struct trace_pipe trace; /* open with --trace-pipe */
	struct output out;
};

/* What is left to return when all else went well. */
static int
finish_output(struct run *r)
{
	output_close(&r->out);
	return r->out.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void
print_help(struct run *r, const struct args *a)
{
	struct buf command = { 0 };

	buf_printf(&command, "skel-load %s", r->options->package);
	buf_chr(&command, '\0');
	if (!command.failed)
		args_help(a, command.data, &r->out.buf);
	r->out.buf.failed |= command.failed;
	buf_free(&command);
}

/*
 * Fill the program's arguments in, defaults too.  Returns 0, or 1 with *status
 * set when that was all.
 */
static int
take_arguments(struct run *r, int *status)
{
	const struct options *o = r->options;
	struct args args;

	*status = EXIT_FAILURE;
	if (args_open(&args, &r->package) == -1)
		return 1;
	args.hint = "options of skel-load stand before the package";
	switch (args_parse(&args, o->narguments, o->arguments)) {
	case ARGS_SET:
		args_close(&args);
		return 0;
	case ARGS_HELP:
		print_help(r, &args);
		*status = finish_output(r);
		break;
	case ARGS_VERSION:
		args_version(&args, &r->out.buf);
		*status = finish_output(r);
		break;
	case ARGS_WRONG:
		*status = EXIT_USAGE;
		break;
	case ARGS_FAILED:
		break;
	}
	args_close(&args);
	return 1;
}

/* From the package to an object that can be loaded. */
static int
prepare(struct run *r)
{
	const struct options *o = r->options;

	if (object_open(&r->object, &r->package, o->btf) == -1 ||
	    stream_header_init(&r->header, r->package.obj_name) == -1)
		return -1;
	r->header.encoding = o->encoding;
	if (attach_choose(&r->links, &r->object, o->wheres, o->nwheres) == -1 ||
	    export_maps(&r->header, &r->object, &r->links, o->maps, o->nmaps) ==
		-1)
		return -1;
	/* What cannot be attached need not be loaded first. */
	return o->check ? 0 : attach_check(&r->links);
}

static void
close_object(struct run *r)
{
	attach_close(&r->links);
	object_close(&r->object);
	stream_header_free(&r->header);
}

/* Load the object.  Returns 0, 1 when it was refused for the sake of an
 * optional program, or -1 after reporting. */
static int
load_object(struct run *r)
{
	const struct options *o = r->options;
	struct report_held held;

	if (!attach_has_optional(o->wheres, o->nwheres))
		return object_load(&r->object);
	report_hold(&held);
	if (object_load(&r->object) == 0) {
		report_show_held(&held);
		return 0;
	}
	if (attach_leave_out(o->wheres, o->nwheres, libbpf_log_program())) {
		report_excuse_held(&held, "left out");
		return 1;
	}
	report_show_held(&held);
	return -1;
}

/* To a loaded object.  libbpf loads one only once: without the program that
 * was refused it is another. */
static int
load(struct run *r)
{
	int ret;

	while ((ret = prepare(r)) == 0 && (ret = load_object(r)) == 1)
		close_object(r);
	return ret;
}

/* --check: a line for each program, now that all were verified. */
static int
show_programs(struct run *r)
{
	struct bpf_program *p;

	bpf_object__for_each_program (p, r->object.bpf) {
		if (bpf_program__fd(p) < 0)
			continue;
		buf_printf(&r->out.buf, "program %s %s %s ok, %zu insns\n",
		    bpf_program__name(p), attach_kind(p),
		    bpf_program__section_name(p), bpf_program__insn_cnt(p));
	}
	return finish_output(r);
}

static uint64_t
now_ms(void)
{
	return clock_elapsed() / 1000000;
}

/* Until a signal, the end of the time, or a reader who left. */
static void
hold_on(struct run *r)
{
	uint64_t start = now_ms(), limit = r->options->timeout_ns / 1000000;
	int wait = LOOK_MS;

	while (!stop_asked()) {
		if (r->options->timeout_ns != 0) {
			uint64_t gone = now_ms() - start;

			if (gone >= limit)
				return;
			if (limit - gone < LOOK_MS)
				wait = (int)(limit - gone);
		}
		if (output_wait(&r->out, r->trace.fd, wait) & OUTPUT_GONE)
			return;
		if (trace_pipe_read(&r->trace) == -1)
			return;
	}
}

/* All is attached: give up what neither reading, nor detaching, nor removing
 * what was made will need. */
static void
confine(const struct run *r, const struct symbolizer *z)
{
	struct confine_needs needs = { 0 };

	if (r->options->pin)
		session_add_needs(&needs);
	trace_pipe_add_needs(&r->trace, &needs);
	symbolizer_add_needs(z, &needs);
	attach_add_needs(&r->links, &needs);
	confine_stage(&needs);
}

/* --pin: print the session, and keep it until told to stop. */
static int
keep_session(struct run *r)
{
	const struct options *o = r->options;
	struct session session;
	int ret, status;

	if (attach_all(&r->links) == -1)
		return EXIT_FAILURE;
	if (session_pin(&session, o->dir, &r->header, &r->object, &r->links,
		o->detach) == -1)
		return EXIT_FAILURE;
	ret = stream_header_write(&r->header, &r->out.buf);
	if (!o->detach)
		confine(r, NULL);
	if (ret == 0 && output_flush(&r->out) == 0 && !o->detach)
		hold_on(r);
	attach_detach(&r->links);
	status = finish_output(r);
	if (ret == -1)
		status = EXIT_FAILURE;
	/* Nobody was told of it: nothing of a failure stays pinned. */
	if (o->detach && status != EXIT_SUCCESS)
		session_unload(session.dir);
	if (session_close(&session) == -1)
		status = EXIT_FAILURE;
	return status;
}

/* Poll, detach, and take what the programs left in the buffers. */
static int
poll_maps(struct run *r, struct poller *p, struct writer *w)
{
	enum poller_end end = POLLER_GONE;
	int ret = writer_begin(w);

	if (ret == 0)
		end = poller_run(p);
	attach_detach(&r->links);
	if (ret == -1 || end == POLLER_FAILED)
		return EXIT_FAILURE;
	if (end == POLLER_GONE)
		return EXIT_SUCCESS;
	if (poller_drain(p) == -1 || writer_end(w) == -1 || w->errors > 0)
		return EXIT_FAILURE;
	return w->lost > 0 ? EXIT_LOST : EXIT_SUCCESS;
}

/*
 * Stream the exported maps.  The poller stands before anything is attached:
 * perf buffers keep only what comes after they were opened.
 */
static int
stream_with(struct run *r, struct writer *w, const int *fds, const int *lost)
{
	const struct poller_options o = {
		.count = r->options->count,
		.timeout_ns = r->options->timeout_ns,
		.latency_ns = r->options->latency_ns,
		.out_fd = r->out.fd,
		.in_fd = -1,
		.lost_fds = lost,
		.perf_pages = r->package.perf_buffer_pages,
		.poll_timeout_ms = r->package.poll_timeout_ms,
		.also = r->options->trace_pipe ? trace_pipe_read : NULL,
		.also_ctx = &r->trace,
		.also_fd = r->trace.fd,
	};
	struct poller *p = poller_open(&r->header, fds, &o, &writer_sink, w);
	int status = EXIT_FAILURE;

	if (p != NULL && attach_all(&r->links) == 0 &&
	    export_links(&r->header, &r->links, p) == 0) {
		confine(r, w->symbolizer);
		status = poll_maps(r, p, w);
	}
	poller_close(p);
	if (status != EXIT_FAILURE && finish_output(r) != EXIT_SUCCESS)
		status = EXIT_FAILURE;
	return status;
}

static int
stream(struct run *r)
{
	int *fds = object_map_fds(&r->object, &r->header);
	int *stacks = object_stack_fds(&r->object, &r->header);
	int *lost = object_lost_fds(&r->object, &r->header);
	struct symbolizer *z = NULL;
	int status = EXIT_FAILURE;
	struct writer w;

	if (fds != NULL && stacks != NULL && lost != NULL &&
	    symbolizer_open(&z, &r->header, stacks) == 0 &&
	    writer_open(&w, &r->header, &r->out, z) == 0) {
		status = stream_with(r, &w, fds, lost);
		writer_close(&w);
	}
	symbolizer_close(z);
	free(lost);
	free(stacks);
	free(fds);
	return status;
}

/* With the package open and its arguments taken. */
static int
run_package(struct run *r)
{
	const struct options *o = r->options;

	if (r->package.debug_verbose && report_shown() != REPORT_ERROR)
		report_show(REPORT_DEBUG);
	if (load(r) == -1)
		return EXIT_FAILURE;
	if (o->check)
		return show_programs(r);
	if (o->trace_pipe && trace_pipe_open(&r->trace, &r->package) == -1)
		return EXIT_FAILURE;
	if (r->header.nmaps == 0)
		report_notice("%s: nothing to export: no map of it has an "
			      "export type, and it has no iterator",
		    r->package.name);
	return o->pin ? keep_session(r) : stream(r);
}

/* A link or an event for each CPU or function is a descriptor each; the soft
 * limit is for those who use select(2). */
static void
raise_descriptors(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
}

int
run(const struct options *o)
{
	struct run r = { .options = o, .trace = TRACE_PIPE_NONE };
	int status = EXIT_FAILURE;

	raise_descriptors();
	if (output_open(&r.out, STDOUT_FILENO, "<stdout>") == -1 ||
	    package_open(&r.package, o->package, o->elf) == -1)
		return EXIT_FAILURE;
	/* Only now: nothing is to be cleaned up while the package is read. */
	if (stop_catch() == -1)
		report_error("signals: %s", strerror(errno));
	else if (take_arguments(&r, &status) == 0) {
		session_sweep();
		trace_pipe_sweep();
		status = run_package(&r);
	}
	close_object(&r);
	trace_pipe_close(&r.trace);
	package_close(&r.package);
	buf_free(&r.out.buf);
	return status;
}
