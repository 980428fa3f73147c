/*
 * Perf buffers: the records of a BPF perf event array and how many were lost.
 * libbpf holds the memory; this reads the events in it and asks the kernel for
 * the losses that no event tells of, because none could follow them.
 *
 * Whether a record wakes its reader is a matter of the event that the program
 * finds in the array, and an open event cannot be changed.  So there are two
 * for each CPU, which write to the same buffer, one that wakes and one that
 * does not; and one of them is in the array.
 *
 * The functions report what is wrong and return -1.
 */
#ifndef SKEL_POLL_PERF_H
#define SKEL_POLL_PERF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is found.  data is borrowed for the call; perf pads it by up to 7
 * bytes.  record returns 0, or -1 to be given no more for now. */
struct perf_sink {
	int (*record)(void *ctx, const void *data, size_t len);
	void (*lost)(void *ctx, uint64_t count);
};

struct perf_cpu;

struct perf {
	struct perf_buffer *buffer;   /* owned */
	const char *name;             /* borrowed: the map's, for reports */
	const struct perf_sink *sink; /* borrowed */
	void *ctx;                    /* borrowed */
	bool enough;                  /* the sink wants no more for now */
	int map;                      /* borrowed: the array */
	struct perf_cpu *cpus;        /* owned */
	size_t ncpus;
	bool counts;    /* the kernel counts what is lost: Linux 6.0 */
	uint64_t noted; /* lost, as events said */
	uint64_t told;  /* lost, as the sink was told */
};

/* Open buffers of pages (rounded up to a power of 2) for each CPU that is on
 * and below nkeys, of the array fd, which is borrowed.  The first are those
 * that wake.  p may be closed whatever came of it, and if it is zeroed. */
int perf_open(struct perf *p, const char *name, int fd, uint64_t nkeys,
    uint64_t pages, const struct perf_sink *sink, void *ctx);
void perf_close(struct perf *p);

/*
 * Becomes readable when there is something.  To look at a perf buffer's
 * readiness uses it up, so what follows must be perf_consume(), for all CPUs.
 */
int perf_fd(const struct perf *p);

/* How full the fullest is, as a part of PACE_FULL; 0 only if all are empty. */
uint64_t perf_fill(const struct perf *p);

/* Have records wake their reader, or be quiet until a buffer is half full.
 * What came before the change may have woken nobody. */
int perf_set_quiet(struct perf *p, bool quiet);

/* Give the sink what the buffers hold, until it wants no more for now: the rest
 * stays there. */
int perf_consume(struct perf *p);

/* Tell the sink of losses that no event has told of. */
int perf_count_lost(struct perf *p);

#endif
