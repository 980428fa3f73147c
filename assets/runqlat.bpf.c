// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * runqlat: how long threads that could run waited for a CPU, as a histogram.
 *
 *	skel-load assets/runqlat.json | skel-fmt
 *	skel-load assets/runqlat.json --targ_per_process | skel-fmt
 *
 * A wait starts when a thread wakes up, or when it is taken off its CPU and
 * could go on; it ends when the thread is switched in.  There are far too many
 * of these to tell user space about each: they are counted here, in a map that
 * user space reads once a second.
 */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "skel.bpf.h"

typedef _Bool bool;

#define TASK_RUNNING 0 /* running, or waiting for a CPU and nothing else */

struct task_struct {
	unsigned int __state;
	int pid;
	int tgid;
	char comm[16];
} __attribute__((preserve_access_index));

/* slots[i] counts waits of 2^i up to 2^(i+1) - 1 microseconds; the first one
 * those below 1 too, the last one all that are longer. */
#define SLOTS 26

struct hist {
	unsigned int slots[SLOTS];
	char comm[16];
};

SKEL_HELP("a histogram for each process")
const volatile bool targ_per_process = 0;

SKEL_HELP("a histogram for each thread")
const volatile bool targ_per_thread = 0;

SKEL_HELP("count the threads of this process only; 0 is all")
const volatile int targ_tgid = 0;

/* Since when a thread waits: thread to nanoseconds since boot. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, int);
	__type(value, unsigned long long);
} start SEC(".maps");

/* By process or thread, or 0 for all together. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, unsigned int);
	__type(value, struct hist);
} hists SEC(".maps") SKEL_SAMPLE(1000) SKEL_LOG2_HIST("usecs");

static const struct hist no_hist;

static int
wait_begins(struct task_struct *task)
{
	int pid = task->pid;
	unsigned long long now;

	/* Thread 0 is the idle loop of each CPU. */
	if (!pid || (targ_tgid && task->tgid != targ_tgid))
		return 0;
	now = bpf_ktime_get_ns();
	bpf_map_update_elem(&start, &pid, &now, BPF_ANY);
	return 0;
}

/* The histogram that the task counts in, a new one if need be. */
static struct hist *
hist_of(struct task_struct *task)
{
	unsigned int key = 0;
	struct hist *hist;

	if (targ_per_process)
		key = task->tgid;
	else if (targ_per_thread)
		key = task->pid;

	hist = bpf_map_lookup_elem(&hists, &key);
	if (hist)
		return hist;
	/* Another CPU may be about to do the same: the first one wins. */
	bpf_map_update_elem(&hists, &key, &no_hist, BPF_NOEXIST);
	hist = bpf_map_lookup_elem(&hists, &key);
	if (hist && key)
		bpf_probe_read_kernel_str(
		    hist->comm, sizeof(hist->comm), task->comm);
	return hist;
}

/* The position of the highest bit; 0 for 0 too. */
static unsigned int
log2_of(unsigned int v)
{
	unsigned int r, shift;

	r = (v > 0xffff) << 4;
	v >>= r;
	shift = (v > 0xff) << 3;
	v >>= shift;
	r |= shift;
	shift = (v > 0xf) << 2;
	v >>= shift;
	r |= shift;
	shift = (v > 0x3) << 1;
	v >>= shift;
	r |= shift;
	return r | (v >> 1);
}

static void
wait_ends(struct task_struct *task)
{
	unsigned long long *since, usecs;
	int pid = task->pid;
	struct hist *hist;
	unsigned int slot;

	since = bpf_map_lookup_elem(&start, &pid);
	if (!since)
		return;
	usecs = (bpf_ktime_get_ns() - *since) / 1000;
	bpf_map_delete_elem(&start, &pid);

	hist = hist_of(task);
	if (!hist)
		return;
	slot = usecs >> 32 ? SLOTS - 1 : log2_of(usecs);
	if (slot >= SLOTS)
		slot = SLOTS - 1;
	/* Other CPUs count in the same histogram. */
	__sync_fetch_and_add(&hist->slots[slot], 1);
}

SEC("tp_btf/sched_wakeup")
int
BPF_PROG(handle_wakeup, struct task_struct *task)
{
	return wait_begins(task);
}

SEC("tp_btf/sched_wakeup_new")
int
BPF_PROG(handle_wakeup_new, struct task_struct *task)
{
	return wait_begins(task);
}

SEC("tp_btf/sched_switch")
int
BPF_PROG(handle_switch, bool preempt, struct task_struct *prev,
    struct task_struct *next)
{
	/* A preempted thread stays in the queue whatever its state says: it
	 * may have been on its way to sleep. */
	if (preempt || prev->__state == TASK_RUNNING)
		wait_begins(prev);
	wait_ends(next);
	return 0;
}

SKEL_BRIEF("Show how long threads waited for a CPU")
char LICENSE[] SEC("license") = "Dual BSD/GPL";
