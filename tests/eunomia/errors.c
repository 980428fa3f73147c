/*
 * Errors that the library reports without a kernel.
 *
 *	errors PACKAGE OBJECT META
 *
 * The three files describe the same program.
 */
#include <pthread.h>

#include "check.h"

static char *package, *meta, *object;
static size_t object_size;

static void
ignore(void *ctx, const char *data, size_t size)
{
	(void)ctx;
	(void)data;
	(void)size;
}

static void
test_null_is_safe(void)
{
	char text[8] = "before";

	CHECK(open_eunomia_skel_from_json(NULL, object, 1, NULL) == NULL);
	CHECK_SAID("the JSON is NULL");
	CHECK(open_eunomia_skel_from_json(meta, NULL, 1, NULL) == NULL);
	CHECK_SAID("the object is NULL");
	CHECK(open_eunomia_skel_from_json_package(NULL) == NULL);
	CHECK(open_eunomia_skel_from_json_package_with_btf(NULL, NULL) == NULL);
	CHECK(open_eunomia_skel_from_json_package_with_args(
		  NULL, NULL, 0, NULL) == NULL);
	CHECK(load_and_attach_eunomia_skel(NULL) == -1);
	CHECK_SAID("the skeleton is NULL");
	CHECK(wait_and_poll_events_to_handler(
		  NULL, EXPORT_JSON, ignore, NULL) == -1);
	CHECK(get_bpf_fd(NULL, "rb") == -1);
	CHECK(parse_args_to_json_config(NULL, NULL, 0, NULL, 0) == -1);
	CHECK(handle_create(NULL) == NULL);
	stop_ebpf_program(NULL);
	destroy_eunomia_skel(NULL);
	free_bpf_skel(NULL);
	handle_set_pause_state(NULL, 1);
	handle_terminate(NULL);
	handle_destroy(NULL);
	get_error_message(NULL, 0);
	get_error_message(NULL, 8);
	get_error_message(text, 0);
	CHECK(strcmp(text, "before") == 0);
}

static void
test_bad_json(void)
{
	CHECK(open_eunomia_skel_from_json_package("{") == NULL);
	CHECK_SAID("<json>");
	CHECK(open_eunomia_skel_from_json_package("[]") == NULL);
	CHECK(open_eunomia_skel_from_json_package(meta) == NULL);
	CHECK_SAID("this is the object \"meta\" of a package alone");
	CHECK(open_eunomia_skel_from_json(meta, "no ELF", 6, NULL) == NULL);
	CHECK(open_eunomia_skel_from_json(meta, object, 0, NULL) == NULL);
	CHECK(open_eunomia_skel_from_json(
		  meta, object, object_size / 2, NULL) == NULL);
}

/* A notice alone is the message, but beside an error it is not. */
static void
test_notice_gives_way(void)
{
	static const char maps[] = "\"maps\":[{";
	const char *rest = strstr(package, maps);
	char *args[] = { "x", "--nosuch" }, message[256], *text;
	struct eunomia_bpf *bpf;

	CHECK(rest != NULL);
	if (rest == NULL)
		return;
	rest += sizeof(maps) - 1;
	text = malloc(strlen(package) + 32);
	CHECK(text != NULL);
	if (text == NULL)
		return;
	sprintf(text, "%.*s\"sequence\":\"n\",%s", (int)(rest - package),
	    package, rest);
	bpf = open_eunomia_skel_from_json_package(text);
	CHECK(bpf != NULL);
	CHECK_SAID("the key \"sequence\" is ignored");
	destroy_eunomia_skel(bpf);
	CHECK(open_eunomia_skel_from_json_package_with_args(
		  text, args, 2, NULL) == NULL);
	get_error_message(message, sizeof(message));
	CHECK(strncmp(message, "unknown argument --nosuch", 25) == 0);
	CHECK(strchr(message, '\n') == NULL);
	free(text);
}

static void
test_opens(void)
{
	struct eunomia_bpf *bpf;

	bpf = open_eunomia_skel_from_json(meta, object, object_size, NULL);
	CHECK(bpf != NULL);
	destroy_eunomia_skel(bpf);
	bpf = open_eunomia_skel_from_json_package(package);
	CHECK(bpf != NULL);
	CHECK(get_bpf_fd(bpf, "rb") == -1);
	CHECK_SAID("expected a loaded skeleton");
	CHECK(get_bpf_fd(bpf, NULL) == -1);
	CHECK(handle_create(bpf) == NULL);
	CHECK(wait_and_poll_events_to_handler(bpf, EXPORT_JSON, ignore, NULL) ==
	      -1);
	CHECK_SAID("expected a loaded skeleton");
	CHECK(wait_and_poll_events_to_handler(bpf, EXPORT_JSON, NULL, NULL) ==
	      -1);
	CHECK_SAID("the handler is NULL");
	CHECK(wait_and_poll_events_to_handler(bpf,
		  (enum export_format_type)(EXPORT_RAW_KEY_VALUE + 1), ignore,
		  NULL) == -1);
	CHECK_SAID("invalid export format type: 4");
	CHECK(wait_and_poll_events_to_handler(
		  bpf, (enum export_format_type) - 1, ignore, NULL) == -1);
	CHECK_SAID("invalid export format type: -1");
	free_bpf_skel(bpf);
	CHECK(open_eunomia_skel_from_json_package_with_btf(
		  package, "/nonexistent/archive") == NULL);
	CHECK_SAID("/nonexistent/archive");
}

static void
test_options(void)
{
	struct eunomia_bpf *bpf = open_eunomia_skel_from_json_package(package);

	CHECK(bpf != NULL);
	CHECK(set_eunomia_option(NULL, "map", "rb=entries:1M") == -1);
	CHECK_SAID("the skeleton is NULL");
	CHECK(set_eunomia_option(bpf, NULL, "") == -1);
	CHECK_SAID("the name is NULL");
	CHECK(set_eunomia_option(bpf, "maps", "rb=entries:1M") == -1);
	CHECK_SAID("maps: there is no option of this name");
	CHECK(set_eunomia_option(bpf, "map", "rb=entries:x") == -1);
	CHECK_SAID("\"x\" is not a number");
	CHECK(set_eunomia_option(bpf, "set", NULL) == -1);
	CHECK_SAID("--set needs a value");
	CHECK(set_eunomia_option(bpf, "both", "yes") == -1);
	CHECK_SAID("--both takes no value");
	CHECK(set_eunomia_option(bpf, "map", "rb=entries:1M") == 0);
	/* Only the object shows what is wrong with this one. */
	CHECK(set_eunomia_option(bpf, "map", "no_such=entries:1M") == 0);
	CHECK(load_and_attach_eunomia_skel(bpf) == -1);
	CHECK_SAID("--map no_such: the object has no such map");
	CHECK(set_eunomia_option(bpf, "map", "rb=entries:1M") == -1);
	CHECK_SAID("options come before that");
	CHECK(load_and_attach_eunomia_skel(bpf) == -1);
	CHECK_SAID("loading this skeleton has failed before");
	destroy_eunomia_skel(bpf);
}

/* Opens a package with one argument that is wrong and checks the message. */
static void
check_argument(char *argument, const char *said)
{
	char name[] = "prog";
	char *args[] = { name, argument };

	CHECK(open_eunomia_skel_from_json_package_with_args(
		  package, args, 2, NULL) == NULL);
	CHECK_SAID(said);
}

static void
test_arguments(void)
{
	char name[] = "prog", help[] = "--help", version[] = "--version";
	char unknown[] = "--no-such", bad[] = "--min_duration_ns=x";
	char good[] = "--min_duration_ns=5";
	char *args[] = { name, good }, *none[] = { name, NULL };
	struct eunomia_bpf *bpf;

	check_argument(help, "--min_duration_ns");
	check_argument(help, "prog");
	check_argument(version, "bootstrap");
	check_argument(unknown, "--no-such");
	check_argument(bad, "--min_duration_ns");
	CHECK(open_eunomia_skel_from_json_package_with_args(
		  package, none, 2, NULL) == NULL);
	CHECK_SAID("argument 1 of 2 is NULL");
	bpf = open_eunomia_skel_from_json_package_with_args(
	    package, args, 2, NULL);
	CHECK(bpf != NULL);
	destroy_eunomia_skel(bpf);
	bpf = open_eunomia_skel_from_json_package_with_args(
	    package, NULL, 0, NULL);
	CHECK(bpf != NULL);
	destroy_eunomia_skel(bpf);
}

static void
test_config(void)
{
	char name[] = "prog", good[] = "--min_duration_ns=4242";
	char help[] = "--help", unknown[] = "--no-such";
	char *args[] = { name, good };
	size_t size = strlen(meta) + 4096, needed;
	char *out = malloc(size), want[64], message[128];

	CHECK(parse_args_to_json_config(meta, args, 2, out, size) == 0);
	CHECK(strstr(out, "\"value\":4242") != NULL);
	CHECK(out[strlen(out) - 1] == '}');
	needed = strlen(out) + 1;
	CHECK(parse_args_to_json_config(meta, args, 2, out, needed) == 0);
	CHECK(strlen(out) + 1 == needed);
	CHECK(parse_args_to_json_config(meta, args, 2, out, needed - 1) == -1);
	snprintf(want, sizeof(want), "%zu are needed", needed);
	CHECK_SAID(want);
	CHECK(out[0] == '\0');
	CHECK(parse_args_to_json_config(meta, args, 2, NULL, size) == -1);
	CHECK_SAID(want);
	CHECK(parse_args_to_json_config("{", args, 2, out, size) == -1);
	args[1] = help;
	CHECK(parse_args_to_json_config(meta, args, 2, out, size) == -2);
	CHECK_SAID("--min_duration_ns");
	args[1] = unknown;
	CHECK(parse_args_to_json_config(meta, args, 2, out, size) == -2);
	CHECK_SAID("--no-such");
	/* A message is cut off at the size of the buffer. */
	get_error_message(message, 4);
	CHECK(strlen(message) == 3);
	free(out);
}

/* The help of a program with very many variables is complete. */
static void
test_long_help(void)
{
	enum { VARIABLES = 600, SIZE = 1 << 17 };
	char name[] = "prog", help[] = "--help", *args[] = { name, help };
	char *json = malloc(SIZE), *text = malloc(SIZE), *end = json;

	end += sprintf(end, "{\"bpf_skel\":{\"maps\":[],\"progs\":[],"
			    "\"data_sections\":[{\"name\":\".rodata\","
			    "\"variables\":[");
	for (int i = 0; i < VARIABLES; i++)
		end += sprintf(end, "%s{\"name\":\"v%d\",\"type\":\"int\"}",
		    i > 0 ? "," : "", i);
	strcpy(end, "]}]}}");
	CHECK(parse_args_to_json_config(json, args, 2, text, SIZE) == -2);
	get_error_message(text, SIZE);
	CHECK(strlen(text) > 20000);
	CHECK(strstr(text, "--v0 ") != NULL);
	CHECK(strstr(text, "--v599 ") != NULL);
	free(json);
	free(text);
}

static void *
look(void *ctx)
{
	char message[64] = "before";

	(void)ctx;
	get_error_message(message, sizeof(message));
	CHECK(message[0] == '\0');
	CHECK(get_bpf_fd(NULL, "x") == -1);
	return NULL;
}

static void
test_messages_are_by_thread(void)
{
	pthread_t thread;

	CHECK(open_eunomia_skel_from_json_package("{") == NULL);
	pthread_create(&thread, NULL, look, NULL);
	pthread_join(thread, NULL);
	CHECK_SAID("<json>");
}

int
main(int argc, char *argv[])
{
	if (argc != 4)
		return 2;
	package = read_file(argv[1], NULL);
	object = read_file(argv[2], &object_size);
	meta = read_file(argv[3], NULL);
	test_null_is_safe();
	test_bad_json();
	test_notice_gives_way();
	test_opens();
	test_options();
	test_arguments();
	test_config();
	test_long_help();
	test_messages_are_by_thread();
	free(package);
	free(object);
	free(meta);
	return failures > 0;
}
