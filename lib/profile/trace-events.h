/*
 * Trace events: the JSON of the "Trace Event Format" of Chromium's trace
 * viewer, which Perfetto and chrome://tracing open,
 * https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 *
 * It is the array form, one event on each line, because its
 * document says that the "]" at the end may be missing: a trace that was cut
 * can still be opened.  Times are microseconds with three decimals, so nothing
 * is rounded, from midnight in UTC on the day before the first stream began:
 * small enough for readers that keep them as doubles.
 *
 * Nothing here is looked at but for processes that need a name, and the begins
 * that wait for their ends; both are bounded.
 */
#ifndef SKEL_PROFILE_TRACE_EVENTS_H
#define SKEL_PROFILE_TRACE_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum {
	TRACE_PAIRS_MAX = 16,
	TRACE_OPEN_MAX = 1 << 14,        /* begins that wait for their ends */
	TRACE_OPEN_BYTES_MAX = 64 << 20, /* of their texts */
	TRACE_NAMED_MAX = 1 << 16,       /* threads whose names are known */
	/* Numbers of processes and threads of one host, as of the kernel:
	 * PID_MAX_LIMIT. */
	TRACE_PIDS = 1 << 22,
};

/* What --pair says: "MEMBER:BEGIN=END" or "BEGIN=END". */
struct trace_pair {
	const char *text;   /* borrowed: all of it */
	char *copy;         /* owned: what the others are in */
	const char *member; /* NULL: none is named */
	const char *begin, *end;
	bool found; /* something in a stream is meant by it */
};

/* What an event says of itself.  Strings are borrowed, and need not be valid
 * in any way. */
struct trace_event {
	const char *name;
	size_t name_len;
	const char *category;
	uint64_t time_ns; /* since 1970 */
	uint64_t pid, tid;
	const char *args; /* a JSON object */
	size_t args_len;
};

struct trace_events; /* opaque */

/* Returns NULL after reporting that memory ran out. */
struct trace_events *trace_events_new(void);
void trace_events_free(struct trace_events *t);

/* Parse an argument of --pair, which is borrowed.  Returns 0, or -1 after
 * reporting what is wrong with it. */
int trace_events_add_pair(struct trace_events *t, const char *text);

/* The pairs; returns how many there are. */
size_t trace_events_pairs(struct trace_events *t, struct trace_pair **pairs);

/* Set where times are counted from, unless that was done.  time_ns is when the
 * first stream began, or its first record. */
void trace_events_set_origin(struct trace_events *t, uint64_t time_ns);

/* The time of the last event, for one without a time. */
uint64_t trace_events_last(const struct trace_events *t);

/*
 * The number of a host, by its name and its boot: 0 for the first, then 1, 2,
 * ...  A trace knows no hosts: what is added to the numbers of the processes
 * and threads of this one is TRACE_PIDS times that.  Returns 0 after reporting
 * that memory ran out.
 */
uint32_t trace_events_add_host(
    struct trace_events *t, const char *host, const char *boot_id);

/*
 * Name the thread of an event and its process, unless that was done; if host is
 * not NULL, the process is "HOST: COMM", or HOST if comm is empty.  If memory
 * runs out, here and below, out->failed is set.
 */
void trace_events_name(struct trace_events *t, struct buf *out, uint64_t pid,
    uint64_t tid, const char *host, const char *comm, size_t len);

/* Append an instant; or a slice that ends at the time of the event. */
void trace_events_instant(
    struct trace_events *t, struct buf *out, const struct trace_event *e);
void trace_events_slice(struct trace_events *t, struct buf *out,
    const struct trace_event *e, uint64_t duration_ns);

/* Append a counter; args have its series. */
void trace_events_counter(
    struct trace_events *t, struct buf *out, const struct trace_event *e);

/* Keep a begin of a pair, by its pid and tid; or append the slice that the last
 * such begin of the pair starts.  An end without a begin is an instant. */
void trace_events_begin(struct trace_events *t, struct buf *out, size_t pair,
    const struct trace_event *e);
void trace_events_end(struct trace_events *t, struct buf *out, size_t pair,
    const struct trace_event *e);

/* Append that records of a map were lost, at the time of the last event; of
 * which host, unless it is NULL. */
void trace_events_lost(struct trace_events *t, struct buf *out, const char *map,
    const char *host, uint64_t count);

/* Whether nothing was appended. */
bool trace_events_is_empty(const struct trace_events *t);

/* Append the begins that have no end, as slices that are not over, and the end
 * of the array, and report how many begins and ends had no other. */
void trace_events_finish(struct trace_events *t, struct buf *out);

#endif
