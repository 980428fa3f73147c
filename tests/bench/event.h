/*
 * The events that the benchmark formats, those of assets/bootstrap.  The rivals
 * read them from a file of struct timed, so that reading costs them almost
 * nothing.
 */
#ifndef BENCH_EVENT_H
#define BENCH_EVENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct event {
	int pid;
	int ppid;
	unsigned int exit_code;
	unsigned long long duration_ns;
	char comm[16];
	char filename[127];
	bool exit_event;
	unsigned int kind;
};

struct timed {
	uint64_t time_ns;
	struct event e;
};

static const char *const kinds[] = { "EXEC", "EXIT" };

/* Formats one event to stdout. */
typedef void rival_fn(const struct timed *t);

static inline int
rival_main(rival_fn *put)
{
	enum { BATCH = 256, OUT = 64 << 10 };
	static struct timed batch[BATCH];
	static char out[OUT];
	size_t n;

	setvbuf(stdout, out, _IOFBF, sizeof(out));
	while ((n = fread(batch, sizeof(batch[0]), BATCH, stdin)) > 0)
		for (size_t i = 0; i < n; i++)
			put(&batch[i]);
	return ferror(stdin) || fflush(stdout) == EOF ? EXIT_FAILURE
						      : EXIT_SUCCESS;
}

#endif
