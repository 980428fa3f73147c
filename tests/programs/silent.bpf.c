// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * For loss.bats: writes one record into each of its ring buffers for each
 * getpgid(PGID), and never looks whether there was room.  "reserved" is written
 * by the entry program, "written" by a function, "both" by both helpers in
 * turn; of "even" and "odd" one is chosen when the call is made, and gets half
 * of the records.  With DISCARD every fourth record of "reserved" is discarded,
 * and counted in "discarded".
 * With DEEP there is only "written", and the call that writes it cannot become
 * one of another function.  With DYNPTR (Linux 5.19) "written" is written
 * through a dynptr.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "skel.bpf.h"

#define PGID 987654323
#ifndef DISCARD
#define DISCARD 0
#endif

struct sys_enter {
	unsigned long long common;
	long id;
	unsigned long args[6];
};

struct event {
	unsigned long long n;
	char pad[176];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} reserved SEC(".maps"), written SEC(".maps"), both SEC(".maps"),
    even SEC(".maps"), odd SEC(".maps");
SKEL_EVENTS(reserved, struct event);
SKEL_EVENTS(written, struct event);
SKEL_EVENTS(both, struct event);
SKEL_EVENTS(even, struct event);
SKEL_EVENTS(odd, struct event);

unsigned long long produced, discarded;

#ifdef DEEP
/* With the program they are the eight functions that may call one another in a
 * row. */
#define NEST(name, next)                                                       \
	static __attribute__((noinline)) long name(unsigned long long n)       \
	{                                                                      \
		return next(n + 1) + 1;                                        \
	}

static __attribute__((noinline)) long
write_deepest(unsigned long long n)
{
	struct event e = { .n = n };

	return bpf_ringbuf_output(&written, &e, sizeof(e), 0);
}

NEST(seventh, write_deepest)
NEST(sixth, seventh)
NEST(fifth, sixth)
NEST(fourth, fifth)
NEST(third, fourth)
NEST(second, third)

SEC("tracepoint/syscalls/sys_enter_getpgid")
int
write_deep(struct sys_enter *ctx)
{
	if ((int)ctx->args[0] == PGID)
		second(__sync_fetch_and_add(&produced, 1));
	return 0;
}
#else
static __attribute__((noinline)) void
write_one(unsigned long long n)
{
	struct event e = { .n = n };

#ifdef DYNPTR
	struct bpf_dynptr p;

	if (bpf_ringbuf_reserve_dynptr(&written, sizeof(e), 0, &p) == 0)
		bpf_dynptr_write(&p, 0, &e, sizeof(e), 0);
	bpf_ringbuf_submit_dynptr(&p, 0);
#else
	bpf_ringbuf_output(&written, &e, sizeof(e), 0);
#endif
}

/* The ring is a parameter, so the code of the call does not name it. */
static __attribute__((noinline)) void
write_to(void *ring, unsigned long long n)
{
	struct event e = { .n = n };

	bpf_ringbuf_output(ring, &e, sizeof(e), 0);
}

static void
reserve_one(void *ring, unsigned long long n, int discard)
{
	struct event *e = bpf_ringbuf_reserve(ring, sizeof(*e), 0);

	if (!e)
		return;
	e->n = n;
	if (discard) {
		__sync_fetch_and_add(&discarded, 1);
		bpf_ringbuf_discard(e, 0);
	} else {
		bpf_ringbuf_submit(e, 0);
	}
}

SEC("tracepoint/syscalls/sys_enter_getpgid")
int
write_all(struct sys_enter *ctx)
{
	unsigned long long n;

	if ((int)ctx->args[0] != PGID)
		return 0;
	n = __sync_fetch_and_add(&produced, 1);
	reserve_one(&reserved, n, DISCARD && n % 4 == 0);
	write_one(n);
	if (n & 1) {
		reserve_one(&both, n, 0);
		write_to(&odd, n);
	} else {
		write_to(&both, n);
		write_to(&even, n);
	}
	return 0;
}

#endif

char LICENSE[] SEC("license") = "GPL";
