// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * syscount: how often each system call is made, and how long it takes.
 *
 *	skel-load assets/syscount.json -t 5 | skel-fmt
 *	skel-load assets/syscount.json --pid 42 | skel-fmt --json
 *
 * System calls are made on all CPUs at once, so each CPU counts in values of
 * its own, without waiting for the others.  User space reads all CPUs' values
 * once a second and adds them up.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "skel.bpf.h"

struct total {
	unsigned long long count;
	unsigned long long total_ns SKEL_AS(ns);
};

/* A call that has not returned yet. */
struct call {
	unsigned int nr;
	unsigned long long since; /* nanoseconds since boot */
};

SKEL_ARG("pid", "p", "count the calls of this process only; 0 is all")
const volatile int targ_pid = 0;

/* Calls under way, by thread.  exit(2) never returns, so some entries are never
 * taken out: an LRU map drops those it has not seen for longest. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 10240);
	__type(key, int);
	__type(value, struct call);
} calls SEC(".maps");

/* By the number of the system call, as in <asm/unistd.h>. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1024);
	__type(key, unsigned int);
	__type(value, struct total);
} totals SEC(".maps") SKEL_SAMPLE(1000);

static const struct total no_total;

static struct total *
total_of(unsigned int nr)
{
	struct total *total = bpf_map_lookup_elem(&totals, &nr);

	if (total)
		return total;
	bpf_map_update_elem(&totals, &nr, &no_total, BPF_NOEXIST);
	return bpf_map_lookup_elem(&totals, &nr);
}

/*
 * These two are raw: no record is made up for us, we get what the kernel has
 * at hand, which is the cheapest way to be called so often.
 */
SEC("raw_tp/sys_enter")
int
BPF_PROG(handle_enter, void *regs, long nr)
{
	unsigned long long id = bpf_get_current_pid_tgid();
	struct call call = { 0 };
	int tid = id;

	if (targ_pid && (int)(id >> 32) != targ_pid)
		return 0;
	call.nr = nr;
	call.since = bpf_ktime_get_ns();
	bpf_map_update_elem(&calls, &tid, &call, BPF_ANY);
	return 0;
}

SEC("raw_tp/sys_exit")
int
BPF_PROG(handle_exit, void *regs, long ret)
{
	int tid = bpf_get_current_pid_tgid();
	struct call *call = bpf_map_lookup_elem(&calls, &tid);
	struct total *total;

	/* A call that was made before we came. */
	if (!call)
		return 0;
	total = total_of(call->nr);
	if (total) {
		total->count++;
		total->total_ns += bpf_ktime_get_ns() - call->since;
	}
	bpf_map_delete_elem(&calls, &tid);
	return 0;
}

SKEL_BRIEF("Count system calls and the time they take")
char LICENSE[] SEC("license") = "Dual BSD/GPL";
