// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* Numbers of which only their machine knows the names, each time that a process
 * called "asker" asks for a process group. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "skel.bpf.h"

#define SIZE 65536

struct event {
	__u32 pid;
	__u32 owner SKEL_AS(uid);
	__u32 group SKEL_AS(gid);
	__u32 link SKEL_AS(ifindex);
	__u64 cgroup SKEL_AS(cgroup);
	__u64 box SKEL_AS(container);
	__u64 fn SKEL_AS(ksym);
	__u64 at SKEL_AS(usym);
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, SIZE);
} asked SEC(".maps");
SKEL_EVENTS(asked, struct event);

/* The interface that records have. */
const volatile __u32 link = 1;

SEC("tp/syscalls/sys_enter_getpgid")
int
on_getpgid(void *ctx)
{
	__u64 ids = bpf_get_current_uid_gid();
	union {
		char text[16];
		__u64 word; /* "asker" is shorter */
	} comm = { "" }, asker = { "asker" };
	struct event *e;

	bpf_get_current_comm(comm.text, sizeof(comm.text));
	if (comm.word != asker.word ||
	    !(e = bpf_ringbuf_reserve(&asked, sizeof(*e), 0)))
		return 0;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->owner = (__u32)ids;
	e->group = ids >> 32;
	e->link = link;
	e->cgroup = e->box = bpf_get_current_cgroup_id();
	e->fn = e->at = 0;
	bpf_get_stack(ctx, &e->fn, sizeof(e->fn), 0);
	bpf_get_stack(ctx, &e->at, sizeof(e->at), BPF_F_USER_STACK);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
