// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * The source of live records, which are events as those of assets/bootstrap.
 * make_events makes them at a given rate while BPF_PROG_TEST_RUN runs it, and
 * trace_call makes one for each getppid(2) of call.c, for the cost of a traced
 * call.
 *
 * With PERF defined the records go to a perf buffer, otherwise to a ring buffer
 * of RING bytes, into which RESERVE writes them by the other helper.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "live.h"
#include "skel.bpf.h"

#ifndef RING
#define RING (1 << 20)
#endif

enum { LATE = 100000 };   /* ns, see turn() */
enum { TURNS = 1 << 23 }; /* of bpf_loop(); the slice ends before */

enum event_kind { EXEC, EXIT };

struct event {
	int pid;
	int ppid;
	unsigned int exit_code;
	unsigned long long duration_ns; /* here: when it was submitted */
	char comm[16];
	char filename[127];
	_Bool exit_event;
	enum event_kind kind;
};

#ifdef PERF
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(int));
	__uint(value_size, sizeof(int));
} rb SEC(".maps");
#else
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING);
} rb SEC(".maps");
#endif
SKEL_EVENTS(rb, struct event);

struct live live;

static int
submit(void *ctx, struct event *e)
{
#ifdef PERF
	return bpf_perf_event_output(
	    ctx, &rb, BPF_F_CURRENT_CPU, e, sizeof(*e));
#elif defined(RESERVE)
	struct event *room = bpf_ringbuf_reserve(&rb, sizeof(*e), 0);

	(void)ctx;
	if (!room)
		return -1;
	*room = *e;
	bpf_ringbuf_submit(room, 0);
	return 0;
#else
	(void)ctx;
	return bpf_ringbuf_output(&rb, e, sizeof(*e), 0);
#endif
}

static void
fill(struct event *e)
{
	e->pid = 4242;
	e->ppid = 4241;
	e->kind = EXEC;
	__builtin_memcpy(e->comm, "collect2", 9);
	__builtin_memcpy(e->filename, "/usr/bin/collect2", 18);
}

/* Reads the clock, and submits a record if one is due. */
static long
turn(unsigned int i, void *ctx)
{
	unsigned long long now = bpf_ktime_get_ns();
	struct event e = { 0 };

	(void)i;
	if (now >= live.until)
		return 1;
	if (now < live.due)
		return 0;
	/* After a time without the CPU, missed records are not made up for. */
	live.due = (now > live.due + LATE ? now : live.due) + live.gap;
	fill(&e);
	e.duration_ns = live.measure ? bpf_ktime_get_ns() : now;
	if (submit(*(void **)ctx, &e) != 0)
		live.lost++;
	if (live.measure)
		live.cost += bpf_ktime_get_ns() - e.duration_ns;
	live.made++;
	return 0;
}

SEC("socket")
int
make_events(struct __sk_buff *ctx)
{
	live.until = bpf_ktime_get_ns() + live.slice;
	bpf_loop(TURNS, turn, &ctx, 0);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_getppid")
int
trace_call(void *ctx)
{
	static const char caller[] = "call.bin";
	struct event e = { 0 };
	char comm[16];

	/* Other processes call getppid(2) too. */
	bpf_get_current_comm(comm, sizeof(comm));
	for (unsigned int i = 0; i < sizeof(caller); i++)
		if (comm[i] != caller[i])
			return 0;
	fill(&e);
	e.duration_ns = bpf_ktime_get_ns();
	submit(ctx, &e);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
