/*
 * The functions of eunomia.h.  They check their arguments and keep the message
 * (eunomia/api-call.h); eunomia/skeleton.h does the work.
 */
#include <stdbool.h>
#include <string.h>

/* The only names that the library exports. */
#pragma GCC visibility push(default)
#include "eunomia/eunomia.h"
#pragma GCC visibility pop

#include "base/report.h"
#include "eunomia/api-call.h"
#include "eunomia/skeleton.h"
#include "session/launch.h"

enum { USAGE = -2 }; /* result of parse_args_to_json_config() */

/* The name of the caller's JSON in messages. */
static const char json_name[] = "<json>";

static int
parse_json_package(struct package *p, const char *json)
{
	if (json != NULL)
		return package_parse(p, json, strlen(json), json_name, NULL);
	report_error("the JSON is NULL");
	return -1;
}

/* Returns whether there are argc strings, after reporting if not. */
static bool
check_strings(char *const *args, int argc)
{
	for (int i = 0; i < argc; i++)
		if (args == NULL || args[i] == NULL) {
			report_error("argument %d of %d is NULL", i, argc);
			return false;
		}
	return true;
}

/* Sets the package's variables from the arguments.  Returns 0; -1 after
 * reporting; or USAGE after reporting wrong arguments or keeping the text for
 * --help or --version as the message. */
static int
set_package_arguments(struct package *p, char *const *args, int argc)
{
	const char *command = argc > 0 ? args[0] : p->obj_name;
	struct buf text = { 0 };
	enum args_result result = launch_arguments(p, argc > 0 ? argc - 1 : 0,
	    argc > 0 ? args + 1 : args, NULL, command, NULL, &text);

	if (result == ARGS_HELP || result == ARGS_VERSION)
		api_call_set_message(text.data, text.len);
	buf_free(&text);
	if (result == ARGS_SET)
		return 0;
	return result == ARGS_FAILED ? -1 : USAGE;
}

struct eunomia_bpf *
open_eunomia_skel_from_json(const char *json_data,
    const char *bpf_object_buffer, size_t object_size,
    const char *btf_archive_path)
{
	struct eunomia_bpf *skel = NULL;
	struct package p = { 0 };

	api_call_enter();
	if (bpf_object_buffer == NULL)
		report_error("the object is NULL");
	else if (parse_json_package(&p, json_data) == 0 &&
		 package_set_object(&p, bpf_object_buffer, object_size) == 0)
		skel = skeleton_open(&p, btf_archive_path);
	else
		package_close(&p);
	api_call_leave();
	return skel;
}

struct eunomia_bpf *
open_eunomia_skel_from_json_package_with_btf(
    const char *json_data, const char *btf_archive_path)
{
	struct eunomia_bpf *skel = NULL;
	struct package p;

	api_call_enter();
	if (parse_json_package(&p, json_data) == 0)
		skel = skeleton_open(&p, btf_archive_path);
	api_call_leave();
	return skel;
}

struct eunomia_bpf *
open_eunomia_skel_from_json_package(const char *json_data)
{
	return open_eunomia_skel_from_json_package_with_btf(json_data, NULL);
}

struct eunomia_bpf *
open_eunomia_skel_from_json_package_with_args(const char *json_data,
    char *const *args, int argc, const char *btf_archive_path)
{
	struct eunomia_bpf *skel = NULL;
	struct package p;

	api_call_enter();
	if (check_strings(args, argc) &&
	    parse_json_package(&p, json_data) == 0) {
		if (set_package_arguments(&p, args, argc) == 0)
			skel = skeleton_open(&p, btf_archive_path);
		else
			package_close(&p);
	}
	api_call_leave();
	return skel;
}

/* Returns whether there is a skeleton, after reporting if not. */
static bool
check_skeleton(const struct eunomia_bpf *prog)
{
	if (prog == NULL)
		report_error("the skeleton is NULL: opening it failed");
	return prog != NULL;
}

int
set_eunomia_option(
    struct eunomia_bpf *prog, const char *name, const char *value)
{
	int ret = -1;

	api_call_enter();
	if (name == NULL)
		report_error("the name is NULL");
	else if (check_skeleton(prog))
		ret = skeleton_set_option(prog, name, value);
	api_call_leave();
	return ret;
}

int
load_and_attach_eunomia_skel(struct eunomia_bpf *prog)
{
	int ret;

	api_call_enter();
	ret = check_skeleton(prog) ? skeleton_load(prog) : -1;
	api_call_leave();
	return ret;
}

/* Returns whether a handler can be called with this format, after reporting if
 * not. */
static bool
check_handler(enum export_format_type type, callback_fn *handler)
{
	/* A caller that passes an int may pass any number. */
	if ((int)type < EXPORT_PLAIN_TEXT || type > EXPORT_RAW_KEY_VALUE)
		report_error("invalid export format type: %d", (int)type);
	else if (handler == NULL)
		report_error("the handler is NULL");
	else
		return true;
	return false;
}

int
wait_and_poll_events_to_handler(struct eunomia_bpf *prog,
    enum export_format_type type,
    void (*handler)(void *ctx, const char *data, size_t size), void *ctx)
{
	int ret = -1;

	api_call_enter();
	api_call_set_message("", 0);
	if (check_skeleton(prog) && check_handler(type, handler))
		ret = skeleton_poll(prog, type, handler, ctx);
	api_call_leave();
	return ret;
}

int
get_bpf_fd(struct eunomia_bpf *prog, const char *name)
{
	int fd = -1;

	api_call_enter();
	if (name == NULL)
		report_error("the name is NULL");
	else if (check_skeleton(prog))
		fd = skeleton_fd(prog, name);
	api_call_leave();
	return fd;
}

void
stop_ebpf_program(struct eunomia_bpf *prog)
{
	if (prog != NULL)
		skeleton_stop(prog);
}

void
destroy_eunomia_skel(struct eunomia_bpf *prog)
{
	if (prog == NULL)
		return;
	api_call_enter();
	skeleton_release(prog);
	api_call_leave();
}

void
free_bpf_skel(struct eunomia_bpf *prog)
{
	destroy_eunomia_skel(prog);
}

/* Writes the package to the caller's buffer.  Returns 0, or -1 after
 * reporting. */
static int
write_json_config(const struct package *p, char *out, size_t size)
{
	struct buf json = { 0 };
	int ret = package_write(p, &json);

	if (ret == 0 && json.len > size) {
		report_error("the buffer of %zu bytes is too small: %zu are "
			     "needed",
		    size, json.len);
		ret = -1;
	}
	if (ret == 0) {
		/* The NUL replaces the newline at its end. */
		memcpy(out, json.data, json.len - 1);
		out[json.len - 1] = '\0';
	}
	buf_free(&json);
	return ret;
}

int
parse_args_to_json_config(const char *json_config, char *const *args, int argc,
    char *out_buffer, size_t out_buffer_size)
{
	size_t size = out_buffer != NULL ? out_buffer_size : 0;
	struct package p;
	int ret = -1;

	api_call_enter();
	if (size > 0)
		out_buffer[0] = '\0';
	if (check_strings(args, argc) &&
	    parse_json_package(&p, json_config) == 0) {
		ret = set_package_arguments(&p, args, argc);
		if (ret == 0)
			ret = write_json_config(&p, out_buffer, size);
		package_close(&p);
	}
	api_call_leave();
	return ret;
}

struct eunomia_polling_handle *
handle_create(struct eunomia_bpf *prog)
{
	struct eunomia_polling_handle *handle = NULL;

	api_call_enter();
	if (check_skeleton(prog))
		handle = skeleton_handle(prog);
	api_call_leave();
	return handle;
}

void
handle_set_pause_state(struct eunomia_polling_handle *handle, uint8_t pause)
{
	if (handle != NULL)
		poll_control_pause(&handle->control, pause != 0);
}

void
handle_terminate(struct eunomia_polling_handle *handle)
{
	if (handle != NULL)
		poll_control_end(&handle->control);
}

void
handle_destroy(struct eunomia_polling_handle *handle)
{
	skeleton_release_handle(handle);
}

void
get_error_message(char *str_out, size_t buf_size)
{
	if (str_out != NULL && buf_size > 0)
		api_call_copy_message(str_out, buf_size);
}
