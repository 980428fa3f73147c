/*
 * Polls a package whose records have stacks, and looks at the children that the
 * host has meanwhile and afterwards.
 *
 *	children PACKAGE
 *
 * Prints "ECHILD" for each time that it has none, and ends after three records.
 */
#include <errno.h>
#include <eunomia.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "check.h"

static struct eunomia_polling_handle *handle;
static int calls;

static void
show_children(void)
{
	pid_t pid = waitpid(-1, NULL, WNOHANG);

	if (pid == -1 && errno == ECHILD)
		puts("ECHILD");
	else
		printf("waitpid: %d\n", (int)pid);
}

static void
count(void *ctx, const char *data, size_t size)
{
	(void)ctx;
	(void)data;
	(void)size;
	if (++calls == 3)
		handle_terminate(handle);
}

int
main(int argc, char *argv[])
{
	struct eunomia_bpf *bpf;
	char *package;
	size_t size;
	int ret;

	if (argc != 2)
		return 2;
	package = read_file(argv[1], &size);
	bpf = open_eunomia_skel_from_json_package(package);
	if (bpf == NULL || load_and_attach_eunomia_skel(bpf) == -1)
		return 1;
	show_children();
	handle = handle_create(bpf);
	ret = wait_and_poll_events_to_handler(bpf, EXPORT_JSON, count, NULL);
	show_children();
	handle_destroy(handle);
	destroy_eunomia_skel(bpf);
	show_children();
	free(package);
	return ret == 0 && calls >= 3 ? 0 : 1;
}
