// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * What the tests of faults run: records by a ring buffer and a perf buffer, a
 * map that is sampled, and stacks, of each getppid(2) that the process pid
 * makes.  Programs of two kinds of attachment.  TAG is in the names of all that
 * the kernel holds of it, so that a run finds its own and nobody else's.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "skel.bpf.h"

#define PASTE(a, b) a##b
#define NAMED(a, b) PASTE(a, b)
#define NAME(n) NAMED(TAG, n)

#define EVENTS(map, type) SKEL_EVENTS(map, type)

#define GETPPID 110

struct event {
	unsigned long long n;
	unsigned int tgid;
	char text[20];
};

struct stack {
	unsigned int pid;
	int ustack_sz;
	unsigned long long ustack[16];
};

const volatile unsigned int pid SKEL_HELP(
    "the process whose getppid(2) is seen") = 0;

unsigned long long seen;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 23);
} NAME(rb) SEC(".maps");
EVENTS(NAME(rb), struct event);

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} NAME(pb) SEC(".maps");
EVENTS(NAME(pb), struct event);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 23);
} NAME(st) SEC(".maps") SKEL_STACK_TRACE;
EVENTS(NAME(st), struct stack);

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, unsigned int);
	__type(value, unsigned long long);
} NAME(n) SEC(".maps") SKEL_SAMPLE(20);

static void
fill(struct event *e)
{
	e->n = __sync_fetch_and_add(&seen, 1);
	e->tgid = pid;
	__builtin_memcpy(e->text, "line\none", 9);
}

SEC("raw_tp/sys_enter")
int
NAME(raw)(struct bpf_raw_tracepoint_args *ctx)
{
	struct event e = { 0 };
	unsigned int key = 0;
	unsigned long long one = 1, *n;

	if (ctx->args[1] != GETPPID || bpf_get_current_pid_tgid() >> 32 != pid)
		return 0;
	fill(&e);
	bpf_ringbuf_output(&NAME(rb), &e, sizeof(e), 0);
	bpf_perf_event_output(ctx, &NAME(pb), BPF_F_CURRENT_CPU, &e, sizeof(e));
	if ((n = bpf_map_lookup_elem(&NAME(n), &key)) != 0)
		__sync_fetch_and_add(n, 1);
	else
		bpf_map_update_elem(&NAME(n), &key, &one, BPF_ANY);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_getppid")
int
NAME(tp)(void *ctx)
{
	struct stack *s;

	if (bpf_get_current_pid_tgid() >> 32 != pid)
		return 0;
	s = bpf_ringbuf_reserve(&NAME(st), sizeof(*s), 0);
	if (!s)
		return 0;
	__builtin_memset(s, 0, sizeof(*s));
	s->pid = pid;
	s->ustack_sz =
	    bpf_get_stack(ctx, s->ustack, sizeof(s->ustack), BPF_F_USER_STACK);
	bpf_ringbuf_submit(s, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
