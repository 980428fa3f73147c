// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * ps: the processes that there are now.
 *
 *	skel-load assets/ps.json | skel-fmt
 *	skel-load assets/ps.json --uid 0 | skel-fmt --json | jq .comm
 *
 * An iterator is a program that the kernel runs for each of its tasks when
 * somebody reads from it.  So there is nothing to wait for: skel-load reads it
 * to its end and is done.  SKEL_SAMPLE(1000) before the program would make it
 * come again every second.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "skel.bpf.h"

typedef _Bool bool;

/* What this program needs of the kernel's own structs. */
struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));

struct kuid {
	unsigned int val;
} __attribute__((preserve_access_index));

struct cred {
	struct kuid uid;
} __attribute__((preserve_access_index));

struct task_struct {
	int pid;  /* the thread */
	int tgid; /* the process */
	int exit_state;
	char comm[16];
	const struct cred *cred;
	struct task_struct *real_parent;
} __attribute__((preserve_access_index));

/* Kernels before 5.14 call it state, and it is a long. */
struct task_struct___now {
	unsigned int __state;
} __attribute__((preserve_access_index));

struct task_struct___then {
	long state;
} __attribute__((preserve_access_index));

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __attribute__((preserve_access_index));

/* As the kernel numbers them (include/linux/sched.h). */
enum state {
	RUNNING = 0x00,
	SLEEPING = 0x01,
	WAITING = 0x02, /* for a disk, as a rule */
	STOPPED = 0x04,
	TRACED = 0x08,
	DEAD = 0x10,
	ZOMBIE = 0x20,
	PARKED = 0x40,
};

struct process {
	int pid;
	int ppid;
	unsigned int uid SKEL_AS(uid);
	enum state state;
	char comm[16];
};

SKEL_ARG("uid", "u", "show processes of this user only; -1 is all")
const volatile int targ_uid = -1;

static enum state
state_of(struct task_struct *task)
{
	struct task_struct___now *now = (void *)task;
	struct task_struct___then *then = (void *)task;
	unsigned int state;

	if (bpf_core_field_exists(now->__state))
		state = BPF_CORE_READ(now, __state);
	else
		state = BPF_CORE_READ(then, state);
	state |= task->exit_state;
	/* The lowest of the bits; those above the known ones say more of how
	 * it sleeps. */
	state &= -state & 0x7f;
	return state;
}

SEC("iter/task")
int
ps(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct process p;

	/* After the last one the program runs once without any.  The first
	 * thread of a process stands for it. */
	if (!task || task->pid != task->tgid)
		return 0;
	__builtin_memset(&p, 0, sizeof(p));
	p.uid = task->cred->uid.val;
	if (targ_uid != -1 && p.uid != (unsigned int)targ_uid)
		return 0;
	p.pid = task->pid;
	p.ppid = task->real_parent->tgid;
	p.state = state_of(task);
	bpf_probe_read_kernel(p.comm, sizeof(p.comm), task->comm);
	bpf_seq_write(ctx->meta->seq, &p, sizeof(p));
	return 0;
}
SKEL_ITER(ps, struct process);

SKEL_BRIEF("Show the processes that there are now")
char LICENSE[] SEC("license") = "Dual BSD/GPL";
