/*
 * Polls a package and prints each call of the handler.
 *
 *	poll FORMAT CALLS PACKAGE [ARGUMENT ...]
 *
 * Ends after CALLS calls, or on SIGTERM.  Prints each call as a line "-- SIZE"
 * and its bytes; with EXPORT_RAW_KEY_VALUE as "map key value".  On standard
 * error, "ready" means that the program is loaded, and "ended" is followed by
 * the result of polling.
 */
#include <eunomia.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static struct eunomia_polling_handle *handle;

struct shown {
	int format;
	long calls, left;
};

static void
terminate(int sig)
{
	(void)sig;
	handle_terminate(handle);
}

static void
put_hex(const void *data, size_t size)
{
	const unsigned char *p = data;

	putchar(' ');
	for (size_t i = 0; i < size; i++)
		printf("%02x", p[i]);
}

static void
show(void *ctx, const char *data, size_t size)
{
	struct shown *shown = ctx;
	struct eunomia_raw raw;

	printf("-- %zu\n", size);
	if (shown->format == EXPORT_RAW_KEY_VALUE) {
		memcpy(&raw, data, sizeof(raw));
		printf("%s", raw.map);
		put_hex(raw.key, raw.key_size);
		put_hex(raw.value, raw.value_size);
	} else if (shown->format == EXPORT_RAW_EVENT) {
		put_hex(data, size);
	} else {
		fwrite(data, 1, size, stdout);
		if (data[size] != '\0')
			printf(" (no NUL follows)");
	}
	putchar('\n');
	fflush(stdout);
	shown->calls++;
	if (--shown->left == 0)
		handle_terminate(handle);
}

static int
fail(const char *what)
{
	static char message[16384];

	get_error_message(message, sizeof(message));
	fprintf(stderr, "%s: %s\n", what, message);
	return 1;
}

/* Sets the options in the environment variable OPTIONS, "NAME VALUE" on a line
 * each. */
static int
set_options(struct eunomia_bpf *bpf)
{
	char *text = getenv("OPTIONS"), *line, *name;
	int ret = 0;

	while (ret == 0 && text != NULL && *text != '\0') {
		line = strsep(&text, "\n");
		name = strsep(&line, " ");
		ret = set_eunomia_option(bpf, name, line);
	}
	return ret;
}

int
main(int argc, char *argv[])
{
	struct shown shown = { atoi(argv[1]), 0, atol(argv[2]) };
	struct sigaction sa = { .sa_handler = terminate };
	char *json = read_file(argv[3], NULL), message[512];
	struct eunomia_bpf *bpf;
	int ret;

	bpf = open_eunomia_skel_from_json_package_with_args(
	    json, argv + 3, argc - 3, NULL);
	free(json);
	if (bpf == NULL)
		return fail("open");
	if (set_options(bpf) == -1) {
		destroy_eunomia_skel(bpf);
		return fail("option");
	}
	if (load_and_attach_eunomia_skel(bpf) == -1) {
		destroy_eunomia_skel(bpf);
		return fail("load");
	}
	handle = handle_create(bpf);
	sigaction(SIGTERM, &sa, NULL);
	fprintf(stderr, "ready\n");
	ret = wait_and_poll_events_to_handler(
	    bpf, (enum export_format_type)shown.format, show, &shown);
	get_error_message(message, sizeof(message));
	fprintf(stderr, "ended %d%s%s\n", ret, message[0] != '\0' ? ": " : "",
	    message);
	handle_destroy(handle);
	destroy_eunomia_skel(bpf);
	return ret == 0 ? 0 : 1;
}
