/*
 * The poller: ring buffers, perf buffers, sampled maps and iterators in one
 * loop.  Buffers are looked at in turn, as often as their pace says; what is
 * read in passes has timerfds behind an epoll: so none delays another.  What it
 * finds goes to a sink.  skel-load and skel-poll share it.
 */
#ifndef SKEL_POLL_POLLER_H
#define SKEL_POLL_POLLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "poll/poll-control.h"
#include "stream/map-fds.h"
#include "stream/stream.h"

/* What options have unless someone says otherwise. */
#define POLLER_LATENCY_NS UINT64_C(10000000)

/*
 * Who takes what is found.  map is the index in the header; data is borrowed
 * for the call.  Each returns 0, 1 to end the polling because the reader left,
 * or -1 to end it as failed, which was reported.
 */
struct poll_sink {
	/* For sampled maps data is the key, then the value or all CPUs'.  The
	 * last of an iterator's may be shorter than its type. */
	int (*record)(void *ctx, unsigned int map, uint64_t time_ns,
	    const void *data, size_t len);
	int (*lost)(void *ctx, unsigned int map, uint64_t count);
	int (*sampled)(
	    void *ctx, unsigned int map, uint64_t round, uint64_t keys);
	/* Called before the poller waits. */
	int (*flush)(void *ctx);
};

struct poller_options {
	uint64_t count;      /* end after so many records, those shorter than
				their type not counted; 0: never */
	uint64_t timeout_ns; /* end after so long; 0: never */
	/* While records keep coming, how long one may wait for others before
	 * it is taken; 0: never wait. */
	uint64_t latency_ns;
	bool once;  /* one pass over everything, then end */
	int out_fd; /* end when its reader leaves; -1: none */
	int in_fd;  /* end when it is at its end; -1: none */
	/* End as POLLER_INPUT when this says that what is polled is over;
	 * asked at every look.  NULL: nobody to ask. */
	bool (*is_over)(void *ctx);
	void *is_over_ctx; /* borrowed */
	/* Another descriptor: called when it can be read, and at every look.
	 * -1 ends the polling as failed, which was reported.  NULL: none. */
	int (*also)(void *ctx);
	void *also_ctx; /* borrowed */
	int also_fd;
	uint64_t perf_pages;      /* of each CPU; rounded up to a power of 2 */
	uint64_t poll_timeout_ms; /* the longest wait without a look; from 1
				     to 1000 */
	struct poll_control
	    *control; /* borrowed: what others ask of it, or NULL */
};

enum poller_end {
	POLLER_STOPPED, /* a signal: signals_stop(); or the control asks for it
			 */
	POLLER_COUNTED,
	POLLER_TIMEOUT,
	POLLER_ONCE,
	POLLER_DONE,   /* there are only iterators, each read once, and they are
			  through */
	POLLER_GONE,   /* the reader left */
	POLLER_INPUT,  /* in_fd ended, or what was polled is over */
	POLLER_FAILED, /* reported */
};

struct poller;

/*
 * Opens a poller of h's maps, whose descriptors are fds[0 .. h->nmaps).  h and
 * the descriptors are borrowed until poller_close(), the array only for the
 * call.  Asks the kernel whether the maps have the kind and the sizes of key
 * and value that h says.  An iterator that is not attached yet has -1, and is
 * not read before poller_set_link().  Returns NULL after reporting.
 */
struct poller *poller_open(const struct stream_header *h,
    const struct map_fds *fds, const struct poller_options *o,
    const struct poll_sink *sink, void *ctx);

/* The link, borrowed, of the iterator that is number map in the header.
 * Returns 0, or -1 after reporting. */
int poller_set_link(struct poller *p, unsigned int map, int fd);

/*
 * Poll until one of the ends.  While the control asks for a pause nothing is
 * taken out of the maps: what their buffers cannot keep is lost, and counted
 * as lost.  May be called again: it goes on with what is there.
 */
enum poller_end poller_run(struct poller *p);

/*
 * After poller_run() was stopped: what the buffers hold, since a nap may have
 * kept it waiting.  Nothing if it was stopped before it looked, or while
 * paused. Not needed before poller_drain().  Returns how it ended now.
 */
enum poller_end poller_read_rest(struct poller *p);

/*
 * Tell the sink of the losses so far that no later record has told of.
 * poller_drain() does so too.  Returns 0 or -1.
 */
int poller_count_lost(struct poller *p);

/*
 * Take what is still there (after the programs were detached), within count:
 * what the buffers hold at this moment, and a last pass over the sampled maps
 * and the end of an iterator's unless once was asked for.  Does nothing when
 * the reader left.
 * Returns 0 or -1.
 */
int poller_drain(struct poller *p);

void poller_close(struct poller *p);

#endif
