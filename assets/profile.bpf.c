// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * profile: where the CPUs spend their time, as stacks, 99 times a second.
 *
 *	skel-load -t 10 assets/profile.json | skel-fmt --folded | flamegraph.pl
 *	skel-load assets/profile.json --pid 42 | skel-fmt
 *	skel-load -a profile=perf:cpu-cycles,freq=999 assets/profile.json | ...
 *
 * Each sample is a record with the addresses of both stacks; what they are
 * called is looked up outside, by the stage that reads the records.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "skel.bpf.h"

#define DEPTH 128

struct sample {
	unsigned int pid;
	unsigned int cpu_id;
	char comm[16];
	int kstack_sz; /* bytes; an error number below zero */
	int ustack_sz;
	unsigned long long kstack[DEPTH];
	unsigned long long ustack[DEPTH];
};

SKEL_ARG("pid", "p", "sample this process only; 0 is all")
const volatile int targ_pid = 0;

SKEL_ARG("idle", "", "sample CPUs that have nothing to do too")
const volatile _Bool targ_idle = 0;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1024 * 1024);
} samples SEC(".maps") SKEL_STACK_TRACE;
SKEL_EVENTS(samples, struct sample);

SKEL_PERF_EVENT("cpu-clock", 99)
SEC("perf_event")
int
profile(void *ctx)
{
	unsigned int pid = bpf_get_current_pid_tgid() >> 32;
	struct sample *s;

	if ((targ_pid && pid != targ_pid) || (!pid && !targ_idle))
		return 0;
	s = bpf_ringbuf_reserve(&samples, sizeof(*s), 0);
	if (!s)
		return 0;
	s->pid = pid;
	s->cpu_id = bpf_get_smp_processor_id();
	bpf_get_current_comm(s->comm, sizeof(s->comm));
	s->kstack_sz = bpf_get_stack(ctx, s->kstack, sizeof(s->kstack), 0);
	s->ustack_sz =
	    bpf_get_stack(ctx, s->ustack, sizeof(s->ustack), BPF_F_USER_STACK);
	bpf_ringbuf_submit(s, 0);
	return 0;
}

SKEL_BRIEF("Sample the stacks of what runs on the CPUs")
char LICENSE[] SEC("license") = "Dual BSD/GPL";
