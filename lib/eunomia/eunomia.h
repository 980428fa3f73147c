/*
 * libeunomia: loads the eBPF program of a JSON package into the kernel,
 * attaches it, and calls a function of yours with each record that it exports.
 * See libeunomia(3).
 *
 *	struct eunomia_bpf *bpf = open_eunomia_skel_from_json_package(json);
 *
 *	if (bpf == NULL || load_and_attach_eunomia_skel(bpf) != 0 ||
 *	    wait_and_poll_events_to_handler(bpf, EXPORT_JSON, print, NULL) != 0)
 *		...get_error_message()...
 *	destroy_eunomia_skel(bpf);
 *
 * The library writes nothing to standard output or standard error, installs no
 * signal handlers and never ends the process.  Functions report an error by
 * their return value; get_error_message() gives its text.
 *
 * Threads may use different skeletons at the same time.  While one thread polls
 * a skeleton, other threads may call any function for it except
 * wait_and_poll_events_to_handler().  After fork(2) the child must not use the
 * skeletons of its parent; a program that the child executes inherits none of
 * their descriptors.
 */
#ifndef EUNOMIA_H
#define EUNOMIA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A skeleton: a program that was opened, and perhaps loaded. */
struct eunomia_bpf;

/* A handle with which other threads pause and end the polling of a skeleton. */
typedef struct eunomia_polling_handle eunomia_polling_handle;

/* The form in which the handler receives records. */
enum export_format_type {
	/* Text.  The first calls pass a line of column names for each exported
	 * map, except for maps of histograms and stacks.  Then each record is
	 * passed in one call, as a row of columns.  For a key of a histogram
	 * there are two calls, one for the key and one for the graph.  Graphs
	 * and records with stacks have several lines, and their last line keeps
	 * its newline. */
	EXPORT_PLAIN_TEXT = 0,
	EXPORT_PLANT_TEXT = 0, /* the same; older programs spell it so */

	/* JSON.  Each call passes one record as an object on one line, whose
	 * keys are in alphabetical order.  A record of a sampled map is
	 * {"key":{...},"value":{...}}; a number as key or value is an object
	 * with the name of its type, such as {"u32":5}.  Structs and unions in
	 * it have two more members, "__EUNOMIA_TYPE", which is "struct" or
	 * "union", and "__EUNOMIA_TYPE_NAME".  A stack is an array of
	 * {"addr":...,"symbol":...,"offset":...,"file":...,"line":...}, where
	 * unknown members are absent. */
	EXPORT_JSON = 1,

	/* Bytes.  Each call passes one record as the program wrote it; a record
	 * of a perf buffer may be followed by up to 7 more bytes.  Of a sampled
	 * map the value is passed without its key. */
	EXPORT_RAW_EVENT = 2,

	/* Bytes with their map and key: data points to a struct eunomia_raw,
	 * and size is the size of that struct. */
	EXPORT_RAW_KEY_VALUE = 3
};

/*
 * A record.  The pointers are valid until the handler returns.  key and value
 * may be unaligned: copy them with memcpy() before you read them as structs.
 */
struct eunomia_raw {
	const char *map; /* the name of the exported map */
	const void *key; /* the key, for a sampled map; otherwise NULL */
	size_t key_size; /* in bytes; 0 if there is no key */
	/* The record of a buffer, or the value of key.  For a per-CPU map these
	 * are the values of all possible CPUs, each padded to a multiple of 8
	 * bytes. */
	const void *value;
	size_t value_size; /* in bytes, of all values together */
};

/*
 * The four functions below open a program.  They return a skeleton, which the
 * caller releases with destroy_eunomia_skel(), or NULL.  They do not keep
 * pointers to their arguments.  It is an error to pass NULL for JSON or for an
 * object.
 *
 * btf_archive_path says where the BTF of the running kernel is: it is a BTF
 * file, or the directory of an archive that contains
 * ID/VERSION_ID/ARCH/RELEASE.btf.  If it is NULL, the environment variable
 * BTF_FILE_PATH may name a file; otherwise the BTF of the kernel itself is
 * used.
 */

/* Opens the ELF object of object_size bytes at bpf_object_buffer, described by
 * json_data, the "meta" part of a package. */
struct eunomia_bpf *open_eunomia_skel_from_json(const char *json_data,
    const char *bpf_object_buffer, size_t object_size,
    const char *btf_archive_path);

/* Opens a whole package. */
struct eunomia_bpf *open_eunomia_skel_from_json_package(const char *json_data);

struct eunomia_bpf *open_eunomia_skel_from_json_package_with_btf(
    const char *json_data, const char *btf_archive_path);

/*
 * Opens a whole package and sets the variables of its program from arguments:
 * argc strings at args, of which the first is the name of the program.  Returns
 * NULL also if an argument is wrong, and for --help and --version; then the
 * message says what is wrong, or is the text that was asked for.
 */
struct eunomia_bpf *open_eunomia_skel_from_json_package_with_args(
    const char *json_data, char *const *args, int argc,
    const char *btf_archive_path);

/*
 * Sets an option of skel-load(1) by its long name without the dashes, before
 * the skeleton is loaded: ("sample", "counts=1s"), ("map", "rb=entries:16M"),
 * ("set", "ports[80]=1"), ("attach", "on_exec=off").  value is NULL for an
 * option without a value.  Both strings are copied.  An option that may be
 * given several times is added to those before.  Returns 0, or -1 if there is
 * no such option, if its value cannot be one, or if the skeleton is loaded
 * already.  What only the program shows, as that it has no such map, makes
 * load_and_attach_eunomia_skel() fail.
 */
int set_eunomia_option(
    struct eunomia_bpf *prog, const char *name, const char *value);

/*
 * Loads the program into the kernel and attaches it.  Returns 0, or -1 with
 * nothing left in the kernel; such a skeleton can only be destroyed.  For a
 * skeleton that is already loaded it returns -1 and changes nothing.
 */
int load_and_attach_eunomia_skel(struct eunomia_bpf *prog);

/*
 * Calls handler with the records that the program exports.  Returns when
 * handle_terminate() or stop_ebpf_program() is called, and when there will be
 * no more records, because the program exports nothing but iterators that are
 * read once.
 *
 * The handler runs on the calling thread.  It gets ctx, and size bytes at data,
 * which are valid until it returns.  Rows and JSON have no newline at the end.
 * Text is followed by a NUL that size does not include.
 *
 * The handler may call every function of this library, except this one for the
 * same skeleton.  If it ends the polling, it is not called again.  It must not
 * call longjmp(3).  A C++ exception that it throws passes through this function
 * and ends the polling, as pthread_cancel(3) does; the record that was passed
 * to it may be passed again by the next polling.
 *
 * The message is empty at the start; at the end it says if records were lost. A
 * skeleton may be polled several times; in between records stay in the
 * program's buffers as long as there is room.
 *
 * Returns 0, or -1 if the skeleton is not loaded or is being polled already, if
 * type or handler is invalid, if polling failed, or if records were left out
 * because they were shorter than their type.
 */
int wait_and_poll_events_to_handler(struct eunomia_bpf *prog,
    enum export_format_type type,
    void (*handler)(void *ctx, const char *data, size_t size), void *ctx);

/*
 * Returns the descriptor of the map with this name or, if there is no such map,
 * of the BPF program with this name.  The skeleton owns the descriptor: do not
 * close it, and use dup(2) to keep it longer than the skeleton.  Returns -1 if
 * there is neither, or if the skeleton is not loaded.
 */
int get_bpf_fd(struct eunomia_bpf *prog, const char *name);

/*
 * Ends the polling of the skeleton or, if it is not being polled, the next one
 * as soon as it begins.  Does not wait for the end.  The program stays loaded
 * and attached.  Safe in signal handlers.
 */
void stop_ebpf_program(struct eunomia_bpf *prog);

/*
 * Detaches and unloads the program and releases the skeleton; NULL is ignored.
 * If another thread loads or polls the skeleton, its polling is ended and this
 * function waits for it.  If it is called by the handler, or by a signal
 * handler that interrupts the loading or polling, the skeleton is released when
 * that loading or polling returns.  Both functions do the same: call one of
 * them, once.
 */
void destroy_eunomia_skel(struct eunomia_bpf *prog);
void free_bpf_skel(struct eunomia_bpf *prog);

/*
 * Sets variables from a program's arguments (argc strings at args, of which the
 * first is the name of the program) in json_config, which is a whole package or
 * its "meta" part.  Writes the new JSON and a NUL to out_buffer, which has
 * out_buffer_size bytes.
 * Returns
 *    0   on success
 *   -1   on failure; if the buffer is too small the message says how many bytes
 *        are needed, and out_buffer holds an empty string
 *   -2   if an argument is wrong, and for --help and --version; see the message
 */
int parse_args_to_json_config(const char *json_config, char *const *args,
    int argc, char *out_buffer, size_t out_buffer_size);

/*
 * Returns a handle on the polling of a loaded skeleton, or NULL.  There may be
 * several handles on one skeleton.  A handle remains valid when its skeleton is
 * destroyed, but then has no effect.  Release it with handle_destroy().
 */
struct eunomia_polling_handle *handle_create(struct eunomia_bpf *prog);

/*
 * Pauses (pause is not 0) or resumes (0) the polling, also one that begins
 * later.  A call of the handler that has begun is completed; after it the
 * handler is not called until the polling is resumed.  Meanwhile records stay
 * in the program's buffers, and those that do not fit are lost.  Safe in signal
 * handlers.
 */
void handle_set_pause_state(
    struct eunomia_polling_handle *handle, uint8_t pause);

/* Does the same as stop_ebpf_program().  Safe in signal handlers. */
void handle_terminate(struct eunomia_polling_handle *handle);

/* Releases the handle; NULL is ignored.  Does not end the polling. */
void handle_destroy(struct eunomia_polling_handle *handle);

/*
 * Copies the message of the last function that failed on this thread, and a
 * NUL, to str_out, which has buf_size bytes; what does not fit is cut off.  A
 * message may have several lines, separated by newlines.  It is empty if no
 * function has failed.  If str_out is NULL or buf_size is 0, nothing is
 * written.
 */
void get_error_message(char *str_out, size_t buf_size);

#ifdef __cplusplus
}
#endif

#endif
