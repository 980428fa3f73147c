/*
 * A rival: a tool for live.bpf.c as people write it with libbpf.
 *
 *	poll nothing|printf OBJECT
 *
 * Polls the buffer with libbpf, and prints each record as JSON or does nothing
 * with it.  On SIGTERM it ends and reports the number of records.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "event.h"

static volatile sig_atomic_t stopped;
static bool prints;
static unsigned long long records;

static void
stop(int sig)
{
	(void)sig;
	stopped = 1;
}

static int
read_record(void *ctx, void *data, size_t size)
{
	const struct event *e = data;

	(void)ctx;
	(void)size;
	records++;
	if (prints)
		printf("{\"pid\":%d,\"ppid\":%d,\"exit_code\":%u,"
		       "\"duration_ns\":%llu,\"comm\":\"%s\","
		       "\"filename\":\"%s\",\"exit_event\":%s,"
		       "\"kind\":\"%s(%u)\"}\n",
		    e->pid, e->ppid, e->exit_code, e->duration_ns, e->comm,
		    e->filename, e->exit_event ? "true" : "false",
		    kinds[e->kind], e->kind);
	return 0;
}

static void
read_perf_record(void *ctx, int cpu, void *data, uint32_t size)
{
	(void)cpu;
	read_record(ctx, data, size);
}

static void
poll_ring(int map)
{
	struct ring_buffer *rb = ring_buffer__new(map, read_record, NULL, NULL);
	int ret = 0;

	if (rb == NULL)
		err(1, "ring_buffer__new");
	while (!stopped && (ret >= 0 || ret == -EINTR))
		ret = ring_buffer__poll(rb, 100);
	ring_buffer__free(rb);
}

static void
poll_perf(int map)
{
	enum { PAGES = 64 };
	struct perf_buffer *pb =
	    perf_buffer__new(map, PAGES, read_perf_record, NULL, NULL, NULL);
	int ret = 0;

	if (pb == NULL)
		err(1, "perf_buffer__new");
	while (!stopped && (ret >= 0 || ret == -EINTR))
		ret = perf_buffer__poll(pb, 100);
	perf_buffer__free(pb);
}

int
main(int argc, char *argv[])
{
	struct sigaction sa = { .sa_handler = stop };
	struct bpf_object *object;
	struct bpf_program *p;
	struct bpf_map *map;

	if (argc != 3)
		errx(2, "usage: poll nothing|printf OBJECT");
	prints = strcmp(argv[1], "printf") == 0;
	sigaction(SIGTERM, &sa, NULL);
	object = bpf_object__open_file(argv[2], NULL);
	if (object == NULL || bpf_object__load(object) != 0)
		err(1, "%s", argv[2]);
	p = bpf_object__find_program_by_name(object, "trace_call");
	if (p == NULL || bpf_program__attach(p) == NULL)
		err(1, "attach");
	map = bpf_object__find_map_by_name(object, "rb");
	if (bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF)
		poll_ring(bpf_map__fd(map));
	else
		poll_perf(bpf_map__fd(map));
	fprintf(stderr, "%llu\n", records);
	bpf_object__close(object);
	return 0;
}
