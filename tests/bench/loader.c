/*
 * A rival: the smallest program that loads an object with libbpf, attaches its
 * programs, and prints a line for each record of its ring or perf buffer.
 *
 *	loader.bin OBJECT
 *
 * Prints its first line when everything is attached, as skel-load does.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static int
print_ring(void *ctx, void *data, size_t len)
{
	(void)ctx;
	return printf("%zu bytes: %d\n", len, *(int *)data) < 0 ? -1 : 0;
}

static void
print_perf(void *ctx, int cpu, void *data, uint32_t len)
{
	(void)ctx;
	printf("%u bytes of CPU %d: %d\n", len, cpu, *(int *)data);
}

static int
attach(struct bpf_object *object)
{
	struct bpf_program *program;

	bpf_object__for_each_program (program, object)
		if (bpf_program__attach(program) == NULL)
			return -1;
	return 0;
}

/* Polls the only buffer of the object without end. */
static int
poll_buffer(struct bpf_object *object)
{
	struct ring_buffer *ring = NULL;
	struct perf_buffer *perf = NULL;
	struct bpf_map *map;
	int n = 0;

	bpf_object__for_each_map (map, object) {
		if (bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF)
			ring = ring_buffer__new(
			    bpf_map__fd(map), print_ring, NULL, NULL);
		if (bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
			perf = perf_buffer__new(
			    bpf_map__fd(map), 64, print_perf, NULL, NULL, NULL);
	}
	if (attach(object) != 0 || (ring == NULL && perf == NULL))
		return -1;
	puts("attached");
	while (n >= 0 && fflush(stdout) == 0)
		n = ring != NULL ? ring_buffer__poll(ring, 100)
				 : perf_buffer__poll(perf, 100);
	return -1;
}

int
main(int argc, char *argv[])
{
	struct bpf_object *object;

	if (argc != 2) {
		fprintf(stderr, "usage: loader object\n");
		return EXIT_FAILURE;
	}
	object = bpf_object__open_file(argv[1], NULL);
	if (object == NULL || bpf_object__load(object) != 0 ||
	    poll_buffer(object) != 0)
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
