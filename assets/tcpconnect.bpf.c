// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * tcpconnect: the TCP connections that this machine opens, accepts and fails to
 * open, each when its state changes: who connects where, and how it ends.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "skel.bpf.h"

enum { FAMILY_IP4 = 2, FAMILY_IP6 = 10, PROTOCOL_TCP = 6 };

struct event {
	__u32 pid;
	__u32 uid SKEL_AS(uid);
	__u16 family SKEL_HIDE SKEL_AS(family);
	__u16 sport SKEL_HELP("port of this machine");
	__u16 dport SKEL_HELP("port of the other one");
	__u16 unused SKEL_HIDE;
	__u8 saddr[16] SKEL_AS(ip(family = family)) SKEL_WIDTH(15);
	__u8 daddr[16] SKEL_AS(ip(family = family)) SKEL_WIDTH(15);
	__u32 from SKEL_AS(tcp_state);
	__u32 to SKEL_AS(tcp_state);
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} rb SEC(".maps");
SKEL_EVENTS(rb, struct event);

SKEL_ARG("port", "p", "connections from or to this port only; 0 is all")
const volatile unsigned short targ_port = 0;

SKEL_BRIEF("Trace the states of TCP connections")
char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* /sys/kernel/tracing/events/sock/inet_sock_set_state/format */
struct set_state {
	__u64 common;
	const void *skaddr;
	__s32 oldstate;
	__s32 newstate;
	__u16 sport;
	__u16 dport;
	__u16 family;
	__u16 protocol;
	__u8 saddr[4];
	__u8 daddr[4];
	__u8 saddr_v6[16];
	__u8 daddr_v6[16];
};

SEC("tracepoint/sock/inet_sock_set_state")
int
on_state(struct set_state *ctx)
{
	struct event *e;

	if (ctx->protocol != PROTOCOL_TCP)
		return 0;
	if (targ_port != 0 && ctx->sport != targ_port &&
	    ctx->dport != targ_port)
		return 0;
	e = bpf_ringbuf_reserve(&rb, sizeof(*e), 0);
	if (!e)
		return 0;
	__builtin_memset(e, 0, sizeof(*e));
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->uid = (__u32)bpf_get_current_uid_gid();
	e->family = ctx->family;
	e->sport = ctx->sport;
	e->dport = ctx->dport;
	e->from = (__u32)ctx->oldstate;
	e->to = (__u32)ctx->newstate;
	if (ctx->family == FAMILY_IP4) {
		__builtin_memcpy(e->saddr, ctx->saddr, sizeof(ctx->saddr));
		__builtin_memcpy(e->daddr, ctx->daddr, sizeof(ctx->daddr));
	} else {
		__builtin_memcpy(e->saddr, ctx->saddr_v6, sizeof(e->saddr));
		__builtin_memcpy(e->daddr, ctx->daddr_v6, sizeof(e->daddr));
	}
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_ringbuf_submit(e, 0);
	return 0;
}
