// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * For idle.bats: writes a record for each getpgid(PGID) of anybody, and nothing
 * else.  With FLAGS other than a constant 0 the record may not wake its reader;
 * with PRINT it is printed too.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "skel.bpf.h"

#define PGID 987654321
#ifndef FLAGS
#define FLAGS 0
#endif

struct sys_enter {
	unsigned long long common;
	long id;
	unsigned long args[6];
};

struct event {
	unsigned long long n;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");
SKEL_EVENTS(events, struct event);

const volatile unsigned long flags = BPF_RB_NO_WAKEUP;
unsigned long long produced;

SEC("tracepoint/syscalls/sys_enter_getpgid")
int
on_getpgid(struct sys_enter *ctx)
{
	struct event *e;

	if ((int)ctx->args[0] != PGID)
		return 0;
#ifdef PRINT
	bpf_printk("getpgid %d", (int)ctx->args[0]);
#endif
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (e == NULL)
		return 0;
	e->n = __sync_fetch_and_add(&produced, 1);
	bpf_ringbuf_submit(e, FLAGS);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
