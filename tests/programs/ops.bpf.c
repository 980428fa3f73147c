// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Congestion control of TCP by struct_ops: slow, and each new connection is a
 * record.  The struct has the members of the kernel's that are used here.
 * UNUSED: a program that is in no struct.  SECTION: the section of the struct.
 * EMPTY: there are no programs, only a struct without functions.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#ifndef SECTION
#define SECTION ".struct_ops"
#endif

struct hit {
	char hook[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
	__type(value, struct hit);
} rb SEC(".maps");

struct sock;

struct tcp_congestion_ops {
	__u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(struct sock *sk);
	void (*init)(struct sock *sk);
	__u32 flags;
	char name[16];
};

#ifndef EMPTY
SEC("struct_ops/begins")
int
begins(unsigned long long *ctx)
{
	struct hit h = { "begins" };

	bpf_ringbuf_output(&rb, &h, sizeof(h), 0);
	return 0;
}

SEC("struct_ops/threshold")
int
threshold(unsigned long long *ctx)
{
	return 2;
}

SEC("struct_ops/undo")
int
undo(unsigned long long *ctx)
{
	return 2;
}

SEC("struct_ops/avoid")
int
avoid(unsigned long long *ctx)
{
	return 0;
}
#endif

#ifdef UNUSED
SEC("struct_ops/unused")
int
unused(unsigned long long *ctx)
{
	return 0;
}
#endif

/* In a name space of its own, any user may choose it. */
SEC(SECTION)
struct tcp_congestion_ops slow = {
#ifndef EMPTY
	.ssthresh = (void *)threshold,
	.cong_avoid = (void *)avoid,
	.undo_cwnd = (void *)undo,
	.init = (void *)begins,
#endif
	.flags = 1, /* TCP_CONG_NON_RESTRICTED */
	.name = "skel_000000",
};

char LICENSE[] SEC("license") = "GPL";
