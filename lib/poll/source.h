/*
 * A source is one map of a stream, of any kind: a ring buffer, a perf buffer, a
 * sampled map or an iterator.  The poller decides when each of
 * them gets its turn.
 *
 * Each function that fails reports the error and returns -1.  If the sink
 * returned something else than 0 it returns -1 too, without a report.
 */
#ifndef SKEL_POLL_SOURCE_H
#define SKEL_POLL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/map-fds.h"
#include "poll/bpf-iter.h"
#include "poll/lost-counter.h"
#include "poll/map-walk.h"
#include "poll/perf-buffers.h"
#include "poll/poll-sink.h"
#include "poll/record-match.h"
#include "poll/ring.h"
#include "poll/turn.h"
#include "stream/header.h"

struct source {
	const struct stream_header *header; /* borrowed */
	unsigned int map;   /* index in it, of its first entry */
	unsigned int entry; /* that of the record's type */
	struct record_match types;
	const struct poll_sink *sink; /* borrowed */
	void *ctx;                    /* borrowed */
	size_t record_size;           /* stream_record_size() */
	int fd; /* borrowed: the map, or an iterator's link; -1: none yet */
	uint64_t now;          /* CLOCK_REALTIME, ns */
	unsigned int now_left; /* records until the clock is read again */

	struct ring ring;            /* ring buffers */
	struct lost_counter counter; /* of what did not fit into the ring */
	struct perf_buffers perf;    /* perf buffers */
	bool more; /* the last source_read() of a buffer left something */
	struct turn turn;
	bool turns;           /* a batch, or a step, is read in a turn */
	bool waiting;         /* another reader had the turn at the last try */
	uint64_t position;    /* of the ring's readers, at the last try */
	bool told_shared;     /* that another process reads the ring too */
	struct map_walk walk; /* sampled maps */
	struct bpf_iter iter; /* iterators */
	int timer;            /* owned: for sampled maps and iterators; or -1 */
	uint64_t passes;      /* passes so far */
};

/*
 * Opens map number map of h, the first entry of its name, with its descriptors,
 * which are borrowed until source_close(), like h, sink and ctx; fds is only
 * for the call.  Asks the kernel whether the map is what h says.  perf_pages is
 * the size of each CPU's perf buffer if h does not have it.  s must not move
 * while it is open, and may be closed also if this failed.
 */
int source_open(struct source *s, const struct stream_header *h,
    unsigned int map, const struct map_fds *fds, uint64_t perf_pages,
    const struct poll_sink *sink, void *ctx);
void source_close(struct source *s);

/* Sets the link of an iterator that was opened without one. */
int source_set_link(struct source *s, int link);

/* Whether nothing more can come: the source is an iterator that has no link,
 * or that is read only once and has been. */
bool source_is_done(const struct source *s);

/* A descriptor that becomes readable when source_read() has something to do. */
int source_fd(const struct source *s);

/* Whether it is a ring or perf buffer, which programs fill at any time and
 * which has to be emptied in time. */
bool source_is_buffer(const struct source *s);

/* How full a buffer is, as a part of POLL_INTERVAL_FULL; 0 only if it is empty.
 */
uint64_t source_fill(const struct source *s);

/* Of a buffer, reads a share of what is there, so that other maps get their
 * turn.  Of others, starts a pass if one is due. */
int source_read(struct source *s);

/* With no_wakeup, records of a perf buffer wake the reader only when the buffer
 * is half full.  Ring buffers need no such setting: whoever does not poll their
 * descriptor is not woken. */
int source_set_no_wakeup(struct source *s, bool no_wakeup);

/* To be called regularly: reports losses of a ring buffer to the sink also when
 * no record follows them. */
int source_poll_lost_counter(struct source *s);

/* How long to sleep before the next source_read() or source_step(), in ns, so
 * that other readers of the session have their turns; 0: not at all. */
uint64_t source_turn_sleep(const struct source *s);

/* From now on the functions below wait for the turn to read, up to this time of
 * CLOCK_MONOTONIC, ns, and leave what they could not read until then, with a
 * notice. */
void source_set_deadline(struct source *s, uint64_t deadline);

/* Whether a pass is under way, and the next step of it. */
bool source_is_running(const struct source *s);
int source_step(struct source *s);

/* Reads all that a buffer holds at this moment, and no records that a running
 * program adds meanwhile. */
int source_drain(struct source *s);

/* Does one whole pass over a sampled map or by an iterator.  A pass under way
 * is completed first if it has given records, and begun anew otherwise. */
int source_pass(struct source *s);

/* Does the last pass, after the programs were detached.  An iterator cannot be
 * started any more, so only its pass under way is completed. */
int source_last_pass(struct source *s);

/* Tells the sink how full a ring buffer was. */
int source_report_fullness(struct source *s);

/* Reports to the sink all losses of a buffer that were not reported before. */
int source_report_lost(struct source *s);

#endif
