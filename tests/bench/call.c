/*
 * Time getppid(2), which live.bpf.c traces, on the first CPU.
 *
 *	call SECONDS RATE
 *
 * Makes RATE calls a second and prints the nanoseconds of one, without those of
 * reading the clock.
 */
#include <err.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"

/* Returns the nanoseconds between two consecutive readings of the clock. */
static uint64_t
clock_cost(void)
{
	enum { TIMES = 1000 };
	uint64_t sum = 0;

	for (int i = 0; i < TIMES; i++) {
		uint64_t t = clock_elapsed();

		sum += clock_elapsed() - t;
	}
	return sum / TIMES;
}

int
main(int argc, char *argv[])
{
	uint64_t cost = clock_cost(), start, end, gap, sum = 0, n = 0, t;
	cpu_set_t set;

	if (argc != 3)
		errx(2, "usage: call SECONDS RATE");
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(0, sizeof(set), &set) == -1)
		err(1, "sched_setaffinity");
	gap = (uint64_t)(1e9 / strtod(argv[2], NULL));
	start = clock_elapsed();
	end = start + (uint64_t)(strtod(argv[1], NULL) * 1e9);
	for (; (t = clock_elapsed()) < end;) {
		if (t < start + n * gap)
			continue;
		t = clock_elapsed();
		syscall(SYS_getppid);
		sum += clock_elapsed() - t;
		n++;
	}
	printf("%.0f\n", n > 0 ? (double)sum / (double)n - (double)cost : 0);
	return 0;
}
