/*
 * Run make_events of live.bpf.c, which another process has loaded, on the first
 * CPU.
 *
 *	make SECONDS RATE [measure]
 *
 * Makes RATE records a second, or as many as possible if RATE is 0.  Prints how
 * many records were made, how many of them were lost and, with measure, the
 * nanoseconds that submitting one took.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "live.h"

enum { MAPS = 16, SLICE_NS = 1000000 };

/* Returns a descriptor of the only loaded program of that name. */
static int
find_program(const char *name)
{
	int found = -1, fd;
	uint32_t id = 0;

	while (bpf_prog_get_next_id(id, &id) == 0) {
		struct bpf_prog_info info = { 0 };
		uint32_t len = sizeof(info);

		if ((fd = bpf_prog_get_fd_by_id(id)) < 0)
			continue;
		if (bpf_obj_get_info_by_fd(fd, &info, &len) != 0 ||
		    strcmp(info.name, name) != 0) {
			close(fd);
			continue;
		}
		if (found != -1)
			errx(1, "%s is loaded more than once", name);
		found = fd;
	}
	if (found == -1)
		errx(1, "%s is not loaded", name);
	return found;
}

/* Maps the .bss of the program, which is its struct live. */
static struct live *
map_live(int prog)
{
	uint32_t maps[MAPS], len;
	struct bpf_prog_info info = { .map_ids = (uintptr_t)maps,
		.nr_map_ids = MAPS };

	len = sizeof(info);
	if (bpf_obj_get_info_by_fd(prog, &info, &len) != 0)
		err(1, "the program");
	for (uint32_t i = 0; i < info.nr_map_ids && i < MAPS; i++) {
		struct bpf_map_info m = { 0 };
		int fd = bpf_map_get_fd_by_id(maps[i]);
		void *p;

		len = sizeof(m);
		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &m, &len) != 0)
			err(1, "map %u", maps[i]);
		if (strstr(m.name, ".bss") != NULL) {
			p = mmap(NULL, sizeof(struct live),
			    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
			if (p == MAP_FAILED)
				err(1, "mmap");
			close(fd);
			return p;
		}
		close(fd);
	}
	errx(1, "the program has no .bss");
}

static void
run_once(int prog)
{
	unsigned char packet[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = packet,
	    .data_size_in = sizeof(packet), .repeat = 1);

	if (bpf_prog_test_run_opts(prog, &o) != 0 && errno != EINTR)
		err(1, "BPF_PROG_TEST_RUN");
}

static void
stay_on_first(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(0, sizeof(set), &set) == -1)
		err(1, "sched_setaffinity");
}

int
main(int argc, char *argv[])
{
	double seconds, rate;
	struct live *live;
	uint64_t end;
	int prog;

	if (argc < 3)
		errx(2, "usage: make SECONDS RATE [measure]");
	seconds = strtod(argv[1], NULL);
	rate = strtod(argv[2], NULL);
	stay_on_first();
	prog = find_program("make_events");
	live = map_live(prog);
	*live = (struct live){ .slice = SLICE_NS, .measure = argc > 3 };
	live->gap = rate > 0 ? (unsigned long long)(1e9 / rate) : 0;
	live->due = clock_elapsed();
	end = live->due + (uint64_t)(seconds * 1e9);
	while (clock_elapsed() < end)
		run_once(prog);
	printf("%llu %llu %llu\n", live->made, live->lost,
	    live->made > 0 ? live->cost / live->made : 0);
	return 0;
}
