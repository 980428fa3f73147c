// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * multi: two kinds of events in one program, each with a ring buffer and a
 * struct of its own: programs that start, and signals that are sent.
 *
 *	skel-load assets/multi.json | skel-fmt
 *	skel-load -m signals assets/multi.json | skel-fmt --json
 */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "skel.bpf.h"

struct task_struct {
	int tgid;
	char comm[16];
	struct task_struct *real_parent;
} __attribute__((preserve_access_index));

struct linux_binprm {
	const char *filename;
} __attribute__((preserve_access_index));

/* Where a signal went, as the kernel has it. */
enum result { DELIVERED, IGNORED, ALREADY_PENDING, OVERFLOW_FAIL, LOSE_INFO };

struct exec {
	int pid;
	int ppid;
	char comm[16];
	char filename[127];
};

struct signal {
	int pid; /* of the sender */
	char comm[16];
	int sig SKEL_AS(signal);
	int target_pid;
	char target_comm[16];
	enum result result;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} execs SEC(".maps");
SKEL_EVENTS(execs, struct exec);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} signals SEC(".maps");
SKEL_EVENTS(signals, struct signal);

SKEL_ARG("signal", "s", "show this signal only; 0 is all")
const volatile int targ_signal = 0;

SEC("tp_btf/sched_process_exec")
int
BPF_PROG(handle_exec, struct task_struct *task, int old_pid,
    struct linux_binprm *bprm)
{
	struct exec *e = bpf_ringbuf_reserve(&execs, sizeof(*e), 0);

	if (!e)
		return 0;
	__builtin_memset(e, 0, sizeof(*e));
	e->pid = task->tgid;
	e->ppid = task->real_parent->tgid;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_probe_read_kernel_str(
	    e->filename, sizeof(e->filename), bprm->filename);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("tp_btf/signal_generate")
int
BPF_PROG(handle_signal, int sig, void *info, struct task_struct *task,
    int group, int result)
{
	struct signal *e;

	if (targ_signal && sig != targ_signal)
		return 0;
	e = bpf_ringbuf_reserve(&signals, sizeof(*e), 0);
	if (!e)
		return 0;
	__builtin_memset(e, 0, sizeof(*e));
	e->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	e->sig = sig;
	e->target_pid = task->tgid;
	bpf_probe_read_kernel_str(
	    e->target_comm, sizeof(e->target_comm), task->comm);
	e->result = result;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SKEL_BRIEF("Trace programs that start and signals that are sent")
char LICENSE[] SEC("license") = "Dual BSD/GPL";
