/*
 * The poller: reads ring buffers, perf buffers, sampled maps and iterators in
 * one loop and passes what it finds to a sink.  Buffers are read in turn, as
 * often as the poll interval allows.  Maps that are read in passes have timers,
 * and their passes are done in small steps, so that no map delays another.
 */
#ifndef SKEL_POLL_POLLER_H
#define SKEL_POLL_POLLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/map-fds.h"
#include "poll/poll-control.h"
#include "poll/poll-sink.h"
#include "stream/header.h"

/* The latency_ns that the commands have by default. */
#define POLLER_LATENCY_NS UINT64_C(10000000)

struct poller_options {
	uint64_t count;      /* end after this number of records, bad ones
				included; 0: never */
	uint64_t timeout_ns; /* end after this time; 0: never */
	/* While records keep coming, how long one may wait to be read together
	 * with others; 0: each is read at once. */
	uint64_t latency_ns;
	bool once;  /* end after one pass over everything */
	int out_fd; /* end when its reader has gone; -1: none */
	int in_fd;  /* end when it is at its end; -1: none */
	/* Called each time that over_fd becomes readable or, without one (-1),
	 * every poll_timeout_ms; true ends the polling as POLLER_INPUT, because
	 * what is polled has ended.  NULL: none. */
	bool (*is_over)(void *ctx);
	void *is_over_ctx; /* borrowed */
	int over_fd;
	/* Called when extra_fd is readable, and poll_timeout_ms after it has
	 * returned 1: there is more that does not make it readable.  -1, after
	 * reporting, ends the polling as failed.  NULL: none. */
	int (*extra_read)(void *ctx);
	/* Called by poller_drain() to read what is left, likewise; or NULL. */
	int (*extra_drain)(void *ctx);
	void *extra_ctx; /* borrowed */
	int extra_fd;
	/* For a sink with wake(): that is called when it is readable.  -1:
	 * none. */
	int sink_fd;
	uint64_t perf_pages; /* for each CPU; rounded up to a power of 2 */
	/* How long after records the poller looks for losses; limited to 1 to
	 * 1000. */
	uint64_t poll_timeout_ms;
	/* Every record of a ring buffer wakes its reader, as far as the program
	 * is concerned (infer/wakeup-flags.h).  If not, the poller looks at the
	 * ring buffers every poll_timeout_ms. */
	bool records_wake;
	struct poll_control *control; /* borrowed, or NULL */
};

/* Why the polling ended. */
enum poller_end {
	POLLER_STOPPED, /* a signal, or the control */
	POLLER_COUNTED,
	POLLER_TIMEOUT,
	POLLER_ONCE,
	POLLER_DONE,   /* there are only iterators that are read once, and all
			  have been */
	POLLER_GONE,   /* the reader of the output has gone */
	POLLER_INPUT,  /* in_fd ended, or what is polled has ended */
	POLLER_FAILED, /* reported */
};

struct poller;

/*
 * Opens a poller of h's maps, whose descriptors are fds[0 .. h->nmaps).  h and
 * the descriptors are borrowed until poller_close(), the array only for the
 * call.  Asks the kernel whether the maps have the type and the sizes of key
 * and value that h says.  An iterator that is not attached yet has -1, and is
 * not read before poller_set_link().  Returns NULL after reporting.
 */
struct poller *poller_open(const struct stream_header *h,
    const struct map_fds *fds, const struct poller_options *o,
    const struct poll_sink *sink, void *ctx);

/* Sets the link, borrowed, of the iterator that is number map in the header.
 * Returns 0, or -1 after reporting. */
int poller_set_link(struct poller *p, unsigned int map, int fd);

/*
 * Passes a record of map number map to the sink, as if it had been polled, for
 * extra_read and extra_drain.  Returns 0, or anything else if the polling has
 * ended.
 */
int poller_record(struct poller *p, unsigned int map, uint64_t time_ns,
    const void *data, size_t len);

/*
 * Polls until one of the reasons in enum poller_end occurs.  During a pause
 * that the control requests nothing is read, and records that do not fit into
 * their buffers meanwhile are lost and counted as lost.  May be called again,
 * and then goes on.
 */
enum poller_end poller_run(struct poller *p);

/*
 * After poller_run() returned POLLER_STOPPED, reads what the buffers hold,
 * which a sleep may have left there.  Does nothing if that run never read the
 * buffers, or during a pause.  Not needed before poller_drain().  Returns
 * why polling ended now.
 */
enum poller_end poller_read_rest(struct poller *p);

/*
 * Passes to the sink the losses so far that were not reported before, also if
 * no record has followed them.  poller_drain() does so too.  Returns 0, or -1
 * after reporting.
 */
int poller_report_lost(struct poller *p);

/*
 * Reads what is left, after the programs were detached: what the buffers hold
 * at this moment and, unless the option once is set, a last pass over sampled
 * maps and the rest of the passes of iterators.  Stops at the option count.
 * Does nothing if the reader has gone.  Returns 0, or -1 after reporting.
 */
int poller_drain(struct poller *p);

/* p may be NULL. */
void poller_close(struct poller *p);

#endif
