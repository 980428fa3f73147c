// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Stacks in records: of whoever comes by a probe that -a places.  With
 * SYMBOLS_OFF nobody looks their names up.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "skel.bpf.h"

#define DEPTH 32

struct event {
	unsigned int tgid;
	char comm[16];
	int kernel_size;
	int user_size;
	unsigned long long kernel[DEPTH];
	unsigned long long user[DEPTH];
};

#ifdef SYMBOLS_OFF
#define SYMBOLS SKEL_NO_SYMBOLS
#else
#define SYMBOLS
#endif

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 * 1024 * 1024);
} events SEC(".maps") SKEL_STACK_TRACE SYMBOLS SKEL_STACK_FIELD(pid, tgid)
    SKEL_STACK_FIELD(kstack_sz, kernel_size)
	SKEL_STACK_FIELD(ustack_sz, user_size) SKEL_STACK_FIELD(kstack, kernel)
	    SKEL_STACK_FIELD(ustack, user);
SKEL_EVENTS(events, struct event);

SEC("uprobe")
int
hit(void *ctx)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e)
		return 0;
	e->tgid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	e->kernel_size = bpf_get_stack(ctx, e->kernel, sizeof(e->kernel), 0);
	e->user_size =
	    bpf_get_stack(ctx, e->user, sizeof(e->user), BPF_F_USER_STACK);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
