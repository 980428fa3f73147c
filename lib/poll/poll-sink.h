/*
 * Sinks: the functions that receive what is read from maps, such as the writer
 * of a stream or the callback of the C library.
 */
#ifndef SKEL_POLL_POLL_SINK_H
#define SKEL_POLL_POLL_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How full a ring buffer was while it was read, in bytes. */
struct ring_fullness {
	uint64_t size;
	uint64_t most;    /* that were in use at once, at most */
	uint64_t largest; /* record that came, with its head and padding */
	/* Since when one of that size may not have found room, of
	 * CLOCK_REALTIME, ns; 0: it always has. */
	uint64_t since;
	bool at_first; /* it was so when reading began */
	bool counted;  /* what is lost is counted */
};

/*
 * Each function returns 0 to go on; 1 to end the polling because the reader of
 * the output has gone; or -1 to end it as failed, which it has reported.  map
 * is the index of the map in the stream's header.
 */
struct poll_sink {
	/*
	 * A record, borrowed for the call, and when it was read
	 * (CLOCK_REALTIME, ns).  Of a sampled map it is the key, then the value
	 * or the values of all CPUs.  A record of a buffer may end within the
	 * last array of its type (least_size); one that is shorter, as the last
	 * of an iterator's pass may be, is bad, which the sink reports.
	 */
	int (*record)(void *ctx, unsigned int map, uint64_t time_ns,
	    const void *data, size_t len);
	/* A record of len bytes of a map with several types fits none of them;
	 * map is the first of its entries. */
	int (*unmatched)(void *ctx, unsigned int map, size_t len);
	/* count more records of the map were lost. */
	int (*lost)(void *ctx, unsigned int map, uint64_t count);
	/* Pass number pass over a sampled map, or by an iterator, is complete
	 * and gave this number of keys or records.  May be NULL. */
	int (*pass)(void *ctx, unsigned int map, uint64_t pass, uint64_t keys);
	/*
	 * After begin, do not wait for anything, such as the reader of the
	 * output: other readers of the session wait meanwhile.  Until the
	 * call without begin, which may.  May be NULL.
	 */
	int (*hold)(void *ctx, bool begin);
	/* How full the ring buffer was; once for each, at the end.  May be
	 * NULL. */
	int (*fullness)(
	    void *ctx, unsigned int map, const struct ring_fullness *f);
	/* The time of day was set, or the machine resumed from a suspension;
	 * the records that were in the buffers by then have been passed on. May
	 * be NULL. */
	int (*clock_stepped)(void *ctx);
	/* The poller is about to sleep or to end: write what is buffered.  May
	 * be NULL. */
	int (*flush)(void *ctx);
	/* What the sink waits for (sink_fd of the poller's options) may have
	 * come.  May be NULL. */
	int (*wake)(void *ctx);
};

/* Receives one record of one map, borrowed for the call.  Any value but 0 means
 * that the caller is to stop for now; the records after this one stay. */
typedef int poll_record_fn(void *ctx, const void *data, size_t len);

#endif
