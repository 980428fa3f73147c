/*
 * Sources: one map of a stream that is polled, whatever kind it is: a ring
 * buffer, a perf buffer, a sampled map or an iterator.  The poller says when
 * each has its turn.
 *
 * The functions report what is wrong and return -1; so they do when the sink
 * wants no more.
 */
#ifndef SKEL_POLL_SOURCE_H
#define SKEL_POLL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "poll/bpf-iter.h"
#include "poll/lost-counter.h"
#include "poll/map-walk.h"
#include "poll/perf.h"
#include "poll/ring.h"
#include "stream/map-fds.h"
#include "stream/stream.h"

struct source;

/* What is found.  data is borrowed for the call.  Each returns 0, or -1 to be
 * given no more for now. */
struct source_sink {
	int (*record)(
	    void *ctx, const struct source *s, const void *data, size_t len);
	int (*lost)(void *ctx, const struct source *s, uint64_t count);
	/* A pass over a sampled map or by an iterator is complete. */
	int (*sampled)(
	    void *ctx, const struct source *s, uint64_t round, uint64_t keys);
};

struct source {
	const struct stream_header *header; /* borrowed */
	unsigned int map;                   /* index in it */
	const struct source_sink *sink;     /* borrowed */
	void *ctx;                          /* borrowed */
	size_t least; /* bytes that a record must have to be one */
	int fd; /* borrowed: of the map, or an iterator's link; -1: none yet */

	struct ring ring;            /* open if the map is one */
	bool more;                   /* its last turn did not take all */
	struct lost_counter counter; /* of what did not fit into it */
	struct perf perf;            /* open if the map is one */
	struct map_walk sample;
	struct bpf_iter iter;
	int timer; /* owned: of what is read in passes, or -1 */
	uint64_t round;
};

/*
 * Opens map number map of h with its descriptors, which are borrowed until
 * source_close(), like h, sink and ctx; fds is only for the call.  Asks the
 * kernel whether the map is what h says.  perf_pages is the size of each CPU's
 * perf buffer.  s must not move while it is open, and may be closed also if
 * this failed.
 */
int source_open(struct source *s, const struct stream_header *h,
    unsigned int map, const struct map_fds *fds, uint64_t perf_pages,
    const struct source_sink *sink, void *ctx);
void source_close(struct source *s);

/* The link of an iterator that had none: now it can be read. */
int source_set_link(struct source *s, int link);

/* Whether there is nothing more to come: an iterator that is read once, or has
 * no link. */
bool source_is_done(const struct source *s);

/* Becomes readable when source_read() has something to do. */
int source_fd(const struct source *s);

/* Whether it is a ring or perf buffer: what comes fills it, and it can be read
 * at any time. */
bool source_is_buffer(const struct source *s);

/* How full a buffer is, as a part of PACE_FULL; 0 only if it is empty. */
uint64_t source_fill(const struct source *s);

/* Take a turn's worth of what is there, or start the pass that is due. */
int source_read(struct source *s);

/* Whether the last turn left something there for the next. */
bool source_has_more(const struct source *s);

/* Whether a buffer's records need not wake anybody, since it is looked at
 * without.  A perf buffer still wakes its reader when it is half full; a ring
 * has no need to be told. */
int source_set_quiet(struct source *s, bool quiet);

/* Now and then: what a ring lost may have no record behind it. */
int source_poll_lost(struct source *s);

/* Whether a pass is under way, and the next step of it. */
bool source_is_running(const struct source *s);
int source_step(struct source *s);

/*
 * All that a buffer holds at this moment; what a program that still runs adds
 * is left to the next turn.
 */
int source_drain(struct source *s);

/* One whole pass over a sampled map or by an iterator.  One under way that has
 * shown nothing yet is begun anew, else it comes to its end before. */
int source_pass(struct source *s);

/* The same when the programs are gone: iterators with them, so that only the
 * pass under way can come to its end. */
int source_last_pass(struct source *s);

/* Tell of the losses that no later record could tell of. */
int source_count_lost(struct source *s);

#endif
