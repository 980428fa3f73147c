/*
 * libeunomia: load an eBPF program that travels as a JSON package, and take
 * what it exports.  Described in libeunomia(3).
 *
 *	struct eunomia_bpf *bpf = open_eunomia_skel_from_json_package(json);
 *
 *	if (bpf == NULL || load_and_attach_eunomia_skel(bpf) != 0 ||
 *	    wait_and_poll_events_to_handler(bpf, EXPORT_JSON, print, 0) != 0)
 *		...get_error_message()
 *	destroy_eunomia_skel(bpf);
 *
 * The library writes nothing to standard output or standard error, catches no
 * signals and never ends the program.  What goes wrong is told by the return
 * value, and in words by get_error_message().
 *
 * Different skeletons may be used by different threads at the same time.  Of
 * one skeleton, one thread polls while others may use everything but
 * wait_and_poll_events_to_handler().  A child of fork(2) must leave the
 * skeletons of its parent alone; what it execs has none of their descriptors.
 */
#ifndef EUNOMIA_H
#define EUNOMIA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A program: opened, loaded, or being polled. */
struct eunomia_bpf;

/* What other threads steer its polling by. */
typedef struct eunomia_polling_handle eunomia_polling_handle;

/* What the handler gets. */
enum export_format_type {
	/* Text for people: first a line of column names for each exported map
	 * but those of histograms and stacks, then each record as one call: a
	 * row.  A key of a histogram is two calls, the key and then its graph;
	 * a record with stacks is one call.  Those are of several lines, the
	 * last one with its newline too. */
	EXPORT_PLAIN_TEXT = 0,
	EXPORT_PLANT_TEXT = 0, /* the same, as older programs spell it */

	/* Each record is one call, a JSON object of one line: the members with
	 * their keys in alphabetical order; for a sampled map
	 * {"key":{...},"value":{...}}, where a number is {"u32":5}, by the name
	 * of its type.  Structs and unions in it have two more members,
	 * "__EUNOMIA_TYPE" ("struct" or "union") and "__EUNOMIA_TYPE_NAME".
	 * A stack is an array of {"addr":...,"symbol":...,"offset":...,
	 * "file":...,"line":...}, without what is not known. */
	EXPORT_JSON = 1,

	/* The bytes of each record as the program wrote them, behind which a
	 * perf buffer has up to 7 more; of a sampled map the value without its
	 * key. */
	EXPORT_RAW_EVENT = 2,

	/* The same with everything that belongs to it: data points to a
	 * struct eunomia_raw, and size is its size. */
	EXPORT_RAW_KEY_VALUE = 3
};

/*
 * A record.  All pointers are good until the handler returns.  Neither key nor
 * value need be aligned: memcpy() them.
 */
struct eunomia_raw {
	const char *map; /* the name of the exported map */
	const void *key; /* of a sampled map; NULL for any other */
	size_t key_size; /* bytes; 0 for any other */
	/* The event, or the value that belongs to key; for a per-CPU map those
	 * of all possible CPUs, each rounded up to 8 bytes. */
	const void *value;
	size_t value_size; /* bytes of all that */
};

/*
 * Opening.  Each returns a skeleton that the caller ends with
 * destroy_eunomia_skel(), or NULL.  Everything passed in is read before they
 * return and stays the caller's.  A NULL where text is needed is an error.
 *
 * btf_archive_path says where the BTF of the running kernel is: a BTF file, or
 * the directory of an archive, BASE/ID/VERSION_ID/ARCH/RELEASE.btf; NULL: the
 * file that BTF_FILE_PATH names in the environment, or the kernel's own.
 */

/* From the meta part of a package, and the object_size bytes of an ELF object
 * at bpf_object_buffer. */
struct eunomia_bpf *open_eunomia_skel_from_json(const char *json_data,
    const char *bpf_object_buffer, size_t object_size,
    const char *btf_archive_path);

/* From a whole package. */
struct eunomia_bpf *open_eunomia_skel_from_json_package(const char *json_data);

struct eunomia_bpf *open_eunomia_skel_from_json_package_with_btf(
    const char *json_data, const char *btf_archive_path);

/*
 * The same, with the program's own arguments: argc strings at args, of which
 * the first is the name of the program.  Arguments that are wrong, --help and
 * --version give NULL; the message is then what is wrong, or the text that was
 * asked for.
 */
struct eunomia_bpf *open_eunomia_skel_from_json_package_with_args(
    const char *json_data, char *const *args, int argc,
    const char *btf_archive_path);

/*
 * Load the program into the kernel and attach it.  All or nothing: after a
 * failure nothing is left in the kernel, and the skeleton is good only for
 * destroy_eunomia_skel().
 * Returns 0, or -1.  -1 for a skeleton that is loaded already, which goes on
 * undisturbed.
 */
int load_and_attach_eunomia_skel(struct eunomia_bpf *prog);

/*
 * Call handler with what the program exports until a handle_terminate() or
 * stop_ebpf_program(), or until there is no more: iterators that are read once
 * come to an end if there is nothing else.
 *
 * The handler is called on this thread, with ctx and with size bytes at data,
 * which are good until it returns.  Rows and JSON come without a newline at the
 * end; a NUL that is not counted follows all that is text.  It must not
 * longjmp(3).  A C++ exception of it passes through and ends the polling, as a
 * pthread_cancel(3) does; the record that it was given may then come again.
 * It may call every function here but this one for
 * the same skeleton.  If it terminates the polling, it is not called again.
 *
 * The message is emptied at the start, and says at the end if records were
 * lost.  A skeleton may be polled again; records wait for that in the
 * program's buffers as far as these hold them.
 *
 * Returns 0 at an end; or -1: the skeleton is not loaded, or being polled
 * already, or type or handler are none, or polling failed, or some records
 * were shorter than their type and so left out.
 */
int wait_and_poll_events_to_handler(struct eunomia_bpf *prog,
    enum export_format_type type,
    void (*handler)(void *ctx, const char *data, size_t size), void *ctx);

/*
 * The descriptor of the loaded program's map of this name, else of the BPF
 * program of this name.  It stays the skeleton's: do not close it, and dup(2)
 * what is to outlive it.  Returns -1 when there is none, or nothing is loaded.
 */
int get_bpf_fd(struct eunomia_bpf *prog, const char *name);

/*
 * End the polling that is under way or, if none is, the next.  Does not wait
 * for it.  The program stays loaded and attached.  Safe in signal handlers.
 */
void stop_ebpf_program(struct eunomia_bpf *prog);

/*
 * Detach, unload and release; NULL is left alone.  If another thread loads or
 * polls it, that is ended and waited for.  Called by its handler, it takes
 * effect when the handler has returned; called by a signal handler that
 * interrupts the loading or the polling, when these return.  Call one of the
 * two, once: a pointer that was released must not be used again, by either.
 */
void destroy_eunomia_skel(struct eunomia_bpf *prog);
void free_bpf_skel(struct eunomia_bpf *prog);

/*
 * Put what the program's arguments set (argc strings at args, the first is the
 * name of the program) into the variables of json_config, the meta part of a
 * package or a whole one, and write the new JSON and a NUL to the
 * out_buffer_size bytes at out_buffer.
 * Returns
 *    0   done
 *   -1   it failed; if the buffer is too small the message says how many bytes
 *        are needed, and out_buffer is empty text
 *   -2   the arguments were wrong, or --help or --version: see the message
 */
int parse_args_to_json_config(const char *json_config, char *const *args,
    int argc, char *out_buffer, size_t out_buffer_size);

/*
 * A handle on the polling of a loaded skeleton, or NULL.  Any number of them
 * may be made.  A handle outlives its skeleton: it then steers nothing.  Ends
 * with handle_destroy().
 */
struct eunomia_polling_handle *handle_create(struct eunomia_bpf *prog);

/*
 * Pause (not 0) or resume (0) the polling, also one that starts later.  When
 * what was being handed over is done, the handler is not called until it is
 * resumed.  Events go on to gather in the program's buffers; what these cannot
 * hold is lost.  Safe in signal handlers.
 */
void handle_set_pause_state(
    struct eunomia_polling_handle *handle, uint8_t pause);

/* As stop_ebpf_program().  Safe in signal handlers. */
void handle_terminate(struct eunomia_polling_handle *handle);

/* Release the handle; NULL is left alone.  The polling goes on. */
void handle_destroy(struct eunomia_polling_handle *handle);

/*
 * Write what the last function that failed on this thread had to say, and a
 * NUL, to the buf_size bytes at str_out; what does not fit is cut off.  Lines
 * are separated by newlines.  Empty when nothing has failed.  Nothing is
 * written to NULL or to 0 bytes.
 */
void get_error_message(char *str_out, size_t buf_size);

#ifdef __cplusplus
}
#endif

#endif
