#include <stdlib.h>

#include "attach/forms.h"
#include "base/report.h"
#include "elf/libbpf-log.h"
#include "infer/wakeup-flags.h"
#include "session/export-buffer.h"
#include "session/export-events.h"
#include "session/export-perf.h"
#include "session/export-sample.h"
#include "session/export.h"
#include "session/launch.h"

enum args_result
launch_arguments(struct package *p, int argc, char *const argv[],
    struct launch_options *options, const char *command, const char *hint,
    struct buf *text)
{
	const struct args_others others = { launch_option_take, options };
	enum args_result result;
	struct args a;

	if (args_open(&a, p) == -1)
		return ARGS_FAILED;
	a.hint = hint;
	a.others = options != NULL ? &others : NULL;
	result = args_parse(&a, argc, argv);
	if (result == ARGS_HELP)
		args_help(&a, command, text);
	else if (result == ARGS_VERSION)
		args_version(&a, text);
	args_close(&a);
	return result;
}

static void
close_launch_object(struct launch *l)
{
	if (!l->attached)
		map_pins_undo(&l->pins);
	map_pins_close(&l->pins);
	map_values_close(&l->values);
	attach_close(&l->attachments);
	object_close(&l->object);
}

/* Exchanges the package's object with the other one. */
static void
exchange_objects(struct launch *l)
{
	const struct launch_object own = {
		.bytes = l->package.object_bytes,
		.elf = l->package.object,
	};

	l->package.object_bytes = l->other.bytes;
	l->package.object = l->other.elf;
	l->other = own;
	l->counting = !l->counting;
}

int
launch_set_counted(struct launch *l, struct buf *counted)
{
	size_t size = counted->len;

	if (size == 0)
		return 0;
	l->other.bytes = (unsigned char *)counted->data;
	*counted = (struct buf){ 0 };
	if (bpf_elf_open(
		&l->other.elf, l->other.bytes, size, l->package.name) == -1)
		return -1;
	exchange_objects(l);
	return 0;
}

/* Prepares the maps for loading. */
static int
prepare_maps(struct launch *l)
{
	const struct launch_options *o = l->options;

	if (map_sizes_check(l->object.bpf, &l->package) == -1 ||
	    export_check_buffers(&l->header, l->package.name) == -1 ||
	    map_values_open(
		&l->values, &l->object, o->settings, o->nsettings) == -1)
		return -1;
	return map_pins_open(
	    &l->pins, l->object.bpf, o->only_verify, l->package.name);
}

int
launch_open(struct launch *l, const struct launch_options *o)
{
	l->options = o;
	if (object_open(&l->object, &l->package, o->btf) == -1 ||
	    stream_header_init(&l->header, l->package.obj_name) == -1 ||
	    map_sizes_set(l->object.bpf, &l->package, o->sizes, o->nsizes,
		l->opened_again) == -1)
		return -1;
	l->header.encoding = o->encoding;
	if (attach_choose(
		&l->attachments, &l->object, &o->attach, &l->refused) == -1)
		return -1;
	if (export_events_set(&l->package, o) == -1 ||
	    export_sample_mark(&l->package, &l->object, o) == -1)
		return -1;
	if (export_maps(&l->header, &l->object, &l->attachments, o->maps,
		o->nmaps, o->as, o->nas) == -1)
		return -1;
	export_set_buffers(&l->header, &l->object, o);
	return 0;
}

/* Checks what the kernel need not be asked for: what has no place to go need
 * not be verified first. */
static int
check_before_load(struct launch *l)
{
	if (!l->options->only_verify && attach_check(&l->attachments) == -1)
		return -1;
	return prepare_maps(l);
}

/* libbpf loads an object only once; it has to be opened anew for another try.
 */
int
launch_reopen(struct launch *l)
{
	l->opened_again = true;
	close_launch_object(l);
	stream_header_free(&l->header);
	return launch_open(l, l->options);
}

/* Loads the object once.  Returns 0, -1 after reporting, or 1 if the kernel
 * refused an optional program, which launch_open() leaves out from now on. */
static int
load_once(struct launch *l)
{
	struct report_held held;

	if (check_before_load(l) == -1)
		return -1;
	report_hold(&held);
	if (object_load(&l->object) == 0) {
		report_release_held(&held, NULL);
		return 0;
	}
	if (attach_leave_out(
		&l->attachments, libbpf_log_program(), l->object.refusal)) {
		report_release_held(&held, "left out");
		return 1;
	}
	report_release_held(&held, NULL);
	if (l->object.refusal == LIBBPF_REFUSED_HOOK)
		attach_hint_optional(libbpf_log_program());
	return -1;
}

/* Loads the object with its calls counted, if the kernel takes it, and as it
 * was written otherwise.  Returns as load_once() does. */
static int
load_counted(struct launch *l)
{
	struct report_held held;
	int ret;

	if (check_before_load(l) == -1)
		return -1;
	report_hold(&held);
	ret = object_load(&l->object);
	/* What is not about a program fails for the original too. */
	if (ret == -1 && (libbpf_log_program()[0] == '\0' ||
			     report_is_shortage(l->object.load_error))) {
		report_release_held(&held, NULL);
		return -1;
	}
	report_release_held(&held, "");
	if (ret == 0)
		return 0;
	exchange_objects(l);
	if (launch_reopen(l) == -1)
		return -1;
	ret = load_once(l);
	if (ret == 0)
		report_notice("%s: the kernel refuses the program if its calls "
			      "are counted, so records that do not fit into "
			      "a ring buffer are lost uncounted",
		    l->package.name);
	else if (ret == 1)
		exchange_objects(l);
	return ret;
}

/* Checks that the kernel did not refuse all programs. */
static int
require_accepted_program(const struct launch *l)
{
	struct bpf_program *p;

	if (l->refused.n == 0)
		return 0;
	bpf_object__for_each_program (p, l->object.bpf)
		if (bpf_program__fd(p) >= 0)
			return 0;
	report_error(
	    "%s: none of its programs could be loaded", l->package.name);
	return -1;
}

int
launch_load(struct launch *l)
{
	int ret;

	while ((ret = l->counting ? load_counted(l) : load_once(l)) == 1)
		if (launch_reopen(l) == -1)
			return -1;
	if (ret == 0)
		ret = require_accepted_program(l);
	if (ret == 0)
		ret = map_values_write(&l->values);
	if (ret == 0 && l->options->only_verify)
		attach_forms_report(&l->attachments);
	return ret;
}

bool
launch_records_wake(const struct launch *l)
{
	return wakeup_flags_are_plain(
	    l->counting ? &l->other.elf : &l->package.object);
}

int
launch_open_poller(struct launch *l, const struct poller_options *o,
    const struct poll_sink *sink, void *ctx)
{
	struct map_fds *fds = object_map_fds(&l->object, &l->header);
	struct poller_options options = *o;
	struct lookup_client client = LOOKUP_CLIENT_CLOSED;

	l->poller_options = o;
	l->poll_sink = sink;
	l->sink = ctx;
	options.perf_pages = l->package.perf_buffer_pages;
	options.poll_timeout_ms = l->package.poll_timeout_ms;
	options.records_wake = launch_records_wake(l);
	if (fds != NULL &&
	    symbolizer_open(&l->symbolizer, &l->header, fds, &client,
		l->options->no_symbols ? SYMBOLIZER_NONE
		: l->options->in_host  ? SYMBOLIZER_DETACHED
				       : SYMBOLIZER_CHILD) == 0) {
		options.sink_fd = symbolizer_fd(l->symbolizer);
		l->poller = poller_open(&l->header, fds, &options, sink, ctx);
	}
	free(fds);
	return l->poller != NULL ? 0 : -1;
}

/* Loads the object again, without the program that could not be attached.  The
 * header stays, to which the caller may have added. */
static int
load_again(struct launch *l)
{
	struct stream_header header = l->header;
	bool polls = l->poller != NULL;
	int ret;

	launch_unload(l);
	l->header = (struct stream_header){ 0 };
	ret = launch_reopen(l) == -1 ? -1 : launch_load(l);
	stream_header_free(&l->header);
	l->header = header;
	if (ret == -1)
		return -1;
	return polls ? launch_open_poller(
			   l, l->poller_options, l->poll_sink, l->sink)
		     : 0;
}

int
launch_attach(struct launch *l)
{
	int ret;

	while ((ret = attach_all(&l->attachments)) == 1)
		if (load_again(l) == -1)
			return -1;
	if (ret == -1 ||
	    (l->poller != NULL &&
		export_links(&l->header, &l->attachments, l->poller) == -1) ||
	    attach_describe_events(&l->attachments, &l->header) == -1 ||
	    export_perf(&l->header, &l->attachments, l->object.bpf) == -1)
		return -1;
	attach_forms_report(&l->attachments);
	map_pins_report(&l->pins, l->package.name);
	l->attached = true;
	return 0;
}

void
launch_unload(struct launch *l)
{
	poller_close(l->poller);
	l->poller = NULL;
	symbolizer_close(l->symbolizer);
	l->symbolizer = NULL;
	close_launch_object(l);
}

void
launch_close(struct launch *l)
{
	launch_unload(l);
	attach_refused_free(&l->refused);
	stream_header_free(&l->header);
	bpf_elf_close(&l->other.elf);
	free(l->other.bytes);
	package_close(&l->package);
}
