// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Numbers that only this host can name: of whoever calls getpgid(2), and the
 * interface whose number is the argument.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "skel.bpf.h"

struct trace_event_raw_sys_enter {
	unsigned long args[6];
} __attribute__((preserve_access_index));

struct event {
	__u32 uid SKEL_AS(uid);
	__u32 gid SKEL_AS(gid);
	__u32 link SKEL_AS(ifindex);
	__u64 cgroup SKEL_AS(cgroup);
	__u64 container SKEL_AS(container);
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");
SKEL_EVENTS(events, struct event);

SEC("tracepoint/syscalls/sys_enter_getpgid")
int
called(struct trace_event_raw_sys_enter *ctx)
{
	unsigned long ids = bpf_get_current_uid_gid();
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e)
		return 0;
	e->uid = (__u32)ids;
	e->gid = ids >> 32;
	e->link = (__u32)ctx->args[0];
	e->cgroup = bpf_get_current_cgroup_id();
	e->container = e->cgroup;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
