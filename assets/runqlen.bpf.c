// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * runqlen: how many threads wait beside the one that runs, 99 times a second.
 *
 *	skel-load -t 10 assets/runqlen.json | skel-count --hist length=linear:1
 *| skel-fmt skel-load assets/runqlen.json | skel-count --by cgroup --mean
 *length --every 1s | skel-fmt
 */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "skel.bpf.h"

/* That of the whole CPU, or of a cgroup; Linux 6.13 renamed the count. */
struct cfs_rq {
	unsigned int nr_running;
} __attribute__((preserve_access_index));

struct cfs_rq___6_13 {
	unsigned int nr_queued;
} __attribute__((preserve_access_index));

struct sched_entity {
	struct cfs_rq *cfs_rq;
} __attribute__((preserve_access_index));

struct task_struct {
	int pid;
	struct sched_entity se;
} __attribute__((preserve_access_index));

struct sample {
	unsigned int cpu;
	unsigned int length SKEL_HELP(
	    "threads that wait in the queue of their cgroup");
	unsigned long long cgroup SKEL_AS(cgroup);
	int pid;
	char comm[16];
};

SKEL_ARG("pid", "p", "sample CPUs that run this process only; 0 is all")
const volatile int targ_pid = 0;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} samples SEC(".maps");
SKEL_EVENTS(samples, struct sample);

static unsigned int
count_running(struct cfs_rq *queue)
{
	struct cfs_rq___6_13 *newer = (void *)queue;

	return bpf_core_field_exists(newer->nr_queued)
		   ? BPF_CORE_READ(newer, nr_queued)
		   : BPF_CORE_READ(queue, nr_running);
}

SKEL_PERF_EVENT("cpu-clock", 99)
SEC("perf_event")
int
runqlen(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	int pid = bpf_get_current_pid_tgid() >> 32;
	unsigned int running;
	struct sample *s;

	/* The idle thread is in no queue. */
	if (!BPF_CORE_READ(task, pid) || (targ_pid && pid != targ_pid))
		return 0;
	running = count_running(BPF_CORE_READ(task, se.cfs_rq));
	s = bpf_ringbuf_reserve(&samples, sizeof(*s), 0);
	if (!s)
		return 0;
	s->cpu = bpf_get_smp_processor_id();
	/* The thread that runs is counted too. */
	s->length = running > 0 ? running - 1 : 0;
	s->cgroup = bpf_get_current_cgroup_id();
	s->pid = pid;
	bpf_get_current_comm(s->comm, sizeof(s->comm));
	bpf_ringbuf_submit(s, 0);
	return 0;
}

SKEL_BRIEF("Sample how many threads wait for a CPU")
char LICENSE[] SEC("license") = "Dual BSD/GPL";
