/*
 * Perf buffers: the records of a BPF perf event array, and how many were lost.
 * libbpf maps the memory and finds the events in it.  For losses that no event
 * reports, because no event came after them, the kernel's counters are read.
 *
 * Whether a record wakes its reader depends on the perf event that the program
 * finds in the array, and an open perf event cannot be changed.  So each CPU
 * has two of them that write to the same buffer, one that wakes the reader and
 * one that does not, and one of the two is in the array.
 *
 * Each function that fails reports the error and returns -1.
 */
#ifndef SKEL_POLL_PERF_BUFFERS_H
#define SKEL_POLL_PERF_BUFFERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "poll/poll-sink.h"

struct perf_cpu;

/* A zeroed one is closed. */
struct perf_buffers {
	struct perf_buffer *buffer; /* owned */
	const char *name;           /* borrowed: the map's, for reports */
	int map;                    /* borrowed: the array */
	struct perf_cpu *cpus;      /* owned */
	size_t ncpus;
	bool counts;       /* the kernel counts losses: Linux 6.0 */
	uint64_t noted;    /* losses by events */
	uint64_t reported; /* losses returned so far */
	/* While perf_buffers_consume() runs: */
	poll_record_fn *fn;
	void *ctx;
	bool stopped; /* fn wants no more for now */
};

/*
 * Opens a buffer of this number of pages, rounded up to a power of 2, for
 * each CPU that is online and below nkeys.  fd is the array, borrowed.  At
 * first records wake the reader.  p must not move while it is open, and may be
 * closed also if this failed.
 */
int perf_buffers_open(struct perf_buffers *p, const char *name, int fd,
    uint64_t nkeys, uint64_t pages);
void perf_buffers_close(struct perf_buffers *p);

/*
 * A descriptor that becomes readable when a record has woken the reader.
 * Polling it clears that state, so perf_buffers_consume() must follow, for all
 * CPUs.
 */
int perf_buffers_fd(const struct perf_buffers *p);

/* How full the fullest buffer is, as a part of POLL_INTERVAL_FULL; 0 only if
 * all are empty. */
uint64_t perf_buffers_fill(const struct perf_buffers *p);

/* With no_wakeup, records wake the reader only when a buffer is half full.  A
 * record that came just before a change may have woken nobody. */
int perf_buffers_set_no_wakeup(struct perf_buffers *p, bool no_wakeup);

/* Passes the records that the buffers hold to fn, until it returns something
 * else than 0.  perf pads a record by up to 7 bytes. */
int perf_buffers_consume(struct perf_buffers *p, poll_record_fn *fn, void *ctx);

/* Returns the losses that events have reported since the last call. */
uint64_t perf_buffers_lost_from_events(struct perf_buffers *p);

/* Sets *more to all losses that were not returned before. */
int perf_buffers_lost_from_counters(struct perf_buffers *p, uint64_t *more);

#endif
