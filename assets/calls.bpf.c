// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * calls: each system call, with what it returned and how long it took.
 *
 *	skel-load assets/calls.json --failed | skel-fmt
 *	skel-load -t 10 assets/calls.json | skel-count --by nr,ret | skel-fmt
 *
 * That is much: filters before the pipe, such as --pid, keep it small.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "skel.bpf.h"

struct call {
	int pid SKEL_HELP("the process");
	int tid SKEL_HIDE;
	int nr SKEL_AS(syscall);
	long ret SKEL_AS(errno);
	unsigned long long took SKEL_AS(ns);
	unsigned long long cgroup SKEL_AS(cgroup) SKEL_HIDE;
	char comm[16];
};

/* A call that has not returned yet. */
struct begun {
	long nr;
	unsigned long long since; /* nanoseconds since boot */
};

SKEL_ARG("pid", "p", "trace this process only; 0 is all")
const volatile int targ_pid = 0;

SKEL_ARG("failed", "f", "show only calls that fail")
const volatile _Bool targ_failed = 0;

/* Calls under way, by thread.  exit(2) never returns, so some entries are never
 * taken out: an LRU map drops those it has not seen for longest. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 10240);
	__type(key, int);
	__type(value, struct begun);
} begun SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 * 1024 * 1024);
} calls SEC(".maps");
SKEL_EVENTS(calls, struct call);

SEC("raw_tp/sys_enter")
int
BPF_PROG(handle_enter, void *regs, long nr)
{
	unsigned long long id = bpf_get_current_pid_tgid();
	struct begun b = { .nr = nr };
	int tid = id;

	if (targ_pid && (int)(id >> 32) != targ_pid)
		return 0;
	b.since = bpf_ktime_get_ns();
	bpf_map_update_elem(&begun, &tid, &b, BPF_ANY);
	return 0;
}

SEC("raw_tp/sys_exit")
int
BPF_PROG(handle_exit, void *regs, long ret)
{
	unsigned long long now = bpf_ktime_get_ns();
	unsigned long long id = bpf_get_current_pid_tgid();
	int tid = id;
	struct begun *b = bpf_map_lookup_elem(&begun, &tid);
	struct call *c;

	/* A call that was made before we came. */
	if (!b)
		return 0;
	/* Larger ones are addresses, as of mmap(2), and not errors. */
	if (targ_failed && (ret >= 0 || ret < -4095))
		goto out;
	c = bpf_ringbuf_reserve(&calls, sizeof(*c), 0);
	if (!c)
		goto out;
	c->pid = id >> 32;
	c->tid = tid;
	c->nr = b->nr;
	c->ret = ret;
	c->took = now - b->since;
	c->cgroup = bpf_get_current_cgroup_id();
	bpf_get_current_comm(c->comm, sizeof(c->comm));
	bpf_ringbuf_submit(c, 0);
out:
	bpf_map_delete_elem(&begun, &tid);
	return 0;
}

SKEL_BRIEF("Trace system calls, what they return and how long they take")
char LICENSE[] SEC("license") = "Dual BSD/GPL";
