/*
 * A program written for the reference loader's C library: it uses all functions
 * with the types and names of that library's header.
 *
 *	reference PACKAGE META OBJECT
 */
#include <eunomia.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct eunomia_bpf *prog;
static eunomia_polling_handle *control;

static char *
slurp(const char *path, size_t *size)
{
	char *text = calloc(1, 1 << 20);
	FILE *in = fopen(path, "rb");

	if (text == NULL || in == NULL)
		exit(1);
	*size = fread(text, 1, (1 << 20) - 1, in);
	fclose(in);
	return text;
}

static int
complain(const char *what)
{
	char text[1024];

	get_error_message(text, sizeof(text));
	printf("%s: %s\n", what, text);
	return 1;
}

static void
print_event(void *ctx, const char *event, size_t size)
{
	int *left = ctx;

	printf("%.*s\n", (int)size, event);
	if (--*left == 0)
		handle_terminate(control);
}

static void *
make_events(void *ctx)
{
	(void)ctx;
	handle_set_pause_state(control, 1);
	handle_set_pause_state(control, 0);
	for (int i = 0; i < 10; i++)
		if (system("true") != 0)
			exit(1);
	return NULL;
}

/* Opens and releases a skeleton in each way that there is. */
static int
open_and_close(char *package, char *meta, char *object, size_t size)
{
	char *btf_archive_path = NULL;

	prog =
	    open_eunomia_skel_from_json(meta, object, size, btf_archive_path);
	if (prog == NULL)
		return complain("open_eunomia_skel_from_json");
	free_bpf_skel(prog);
	prog = open_eunomia_skel_from_json_package(package);
	if (prog == NULL)
		return complain("open_eunomia_skel_from_json_package");
	destroy_eunomia_skel(prog);
	prog = open_eunomia_skel_from_json_package_with_btf(
	    package, btf_archive_path);
	if (prog == NULL)
		return complain("open_eunomia_skel_from_json_package_with_btf");
	destroy_eunomia_skel(prog);
	return 0;
}

static int
configure(char *meta, char **args, int argc)
{
	static char config[1 << 20];

	if (parse_args_to_json_config(
		meta, args, argc, config, sizeof(config)) != 0)
		return complain("parse_args_to_json_config");
	printf("config: %s\n",
	    strstr(config, "\"value\":1000") ? "value 1000" : config);
	return 0;
}

int
main(int argc, char **argv)
{
	size_t size, meta_size, object_size;
	char *package, *meta, *object;
	char *args[] = { "bootstrap", "--min_duration_ns", "1000" };
	pthread_t thread;
	int left = 3;

	if (argc != 4)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	package = slurp(argv[1], &size);
	meta = slurp(argv[2], &meta_size);
	object = slurp(argv[3], &object_size);
	if (open_and_close(package, meta, object, object_size) != 0 ||
	    configure(meta, args, 3) != 0)
		return 1;

	prog = open_eunomia_skel_from_json_package_with_args(
	    package, args, 3, NULL);
	if (prog == NULL)
		return complain(
		    "open_eunomia_skel_from_json_package_with_args");
	if (load_and_attach_eunomia_skel(prog) < 0)
		return complain("load_and_attach_eunomia_skel");
	printf("fd: %s\n", get_bpf_fd(prog, "rb") >= 0 ? "rb" : "none");
	control = handle_create(prog);
	pthread_create(&thread, NULL, make_events, NULL);
	if (wait_and_poll_events_to_handler(
		prog, EXPORT_PLANT_TEXT, print_event, &left) < 0)
		return complain("wait_and_poll_events_to_handler");
	pthread_join(thread, NULL);
	stop_ebpf_program(prog);
	handle_destroy(control);
	destroy_eunomia_skel(prog);
	free(package);
	free(meta);
	free(object);
	return 0;
}
