// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * For loss.bats: fills a buffer of one page or a few as fast as the CPU can.
 * Each getpgid(PGID) writes "burst" records (with bpf_loop(): Linux 5.17), and
 * getpgid(PGID + 1) writes one; "produced" counts them.  With PERF the buffer
 * is a perf buffer.  COUNTER is the type of a map that takes the place of the
 * counter of lost records.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "skel.bpf.h"

#define PGID 987654321
#ifndef ROOM
#define ROOM 4096 /* bytes of the ring */
#endif

struct sys_enter {
	unsigned long long common;
	long id;
	unsigned long args[6];
};

struct event {
	unsigned long long n;
	unsigned int cpu;
	char pad[44];
};

const volatile unsigned int burst = 1024;
unsigned long long produced;

#ifdef PERF
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(int));
	__uint(value_size, sizeof(int));
} flood_of_more_than_15 SEC(".maps");
#else
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, ROOM);
} flood_of_more_than_15 SEC(".maps");
#endif
SKEL_EVENTS(flood_of_more_than_15, struct event);

#ifdef COUNTER
struct {
	__uint(type, COUNTER);
	__uint(max_entries, 1);
	__type(key, unsigned int);
	__type(value, unsigned long long);
} flood_of_more_than_15_lost_samples SEC(".maps");
#elif !defined(PERF)
#define COUNTED
SKEL_COUNT_LOST(flood_of_more_than_15);
#endif

static void
put(void *ctx, struct event *e)
{
#ifdef PERF
	bpf_perf_event_output(
	    ctx, &flood_of_more_than_15, BPF_F_CURRENT_CPU, e, sizeof(*e));
#elif !defined(COUNTED)
	bpf_ringbuf_output(&flood_of_more_than_15, e, sizeof(*e), 0);
#else
	struct event *room;

	/* Both ways into a ring. */
	if (e->n & 1) {
		SKEL_OUTPUT(flood_of_more_than_15, e, sizeof(*e), 0);
		return;
	}
	room = SKEL_RESERVE(flood_of_more_than_15, sizeof(*e));
	if (!room)
		return;
	*room = *e;
	bpf_ringbuf_submit(room, 0);
#endif
}

static long
make_one(unsigned int i, void *ctx)
{
	struct event e = { .cpu = bpf_get_smp_processor_id() };

	e.n = __sync_fetch_and_add(&produced, 1);
	put(*(void **)ctx, &e);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_getpgid")
int
make_flood(struct sys_enter *ctx)
{
	int pgid = (int)ctx->args[0];

	if (pgid == PGID)
		bpf_loop(burst, make_one, &ctx, 0);
	else if (pgid == PGID + 1)
		make_one(0, &ctx);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
