// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * bootstrap: the start and end of every process, with how long it ran.
 *
 *	skel-load assets/bootstrap.json | skel-fmt --table
 *	skel-load assets/bootstrap.json --min_duration_ns 200000000 | skel-fmt
 *
 * The kernel runs handle_exec() whenever a process starts a new program and
 * handle_exit() whenever one ends.  The first notes the time in a map; the
 * second subtracts.  Both write a struct event into a ring buffer, which
 * user space reads.
 */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "skel.bpf.h"

typedef _Bool bool;

/*
 * The kernel's structs, as much of them as is used here.  Where the members
 * really are differs from kernel to kernel: preserve_access_index has clang
 * note each access in the object, and the loader puts in the offset that the
 * running kernel's own BTF gives ("compile once, run everywhere").
 */
struct task_struct {
	int pid;  /* a thread, in the kernel's words a task */
	int tgid; /* the process it belongs to: what user space calls the pid */
	int exit_code;
	struct task_struct *real_parent;
} __attribute__((preserve_access_index));

struct linux_binprm {
	const char *filename;
} __attribute__((preserve_access_index));

enum event_kind { EXEC, EXIT };

/* What user space gets.  The order of the members is the order of columns. */
struct event {
	int pid;
	int ppid;
	unsigned int exit_code;
	unsigned long long duration_ns; /* 0: we did not see it start */
	char comm[16];
	char filename[127]; /* of starts */
	bool exit_event;
	enum event_kind kind;
};

/* A global becomes an argument.  "const volatile" puts it into .rodata: it is
 * set before the program is loaded, and the verifier knows its value. */
SKEL_HELP("show only the ends of processes that ran at least so long")
const volatile unsigned long long min_duration_ns = 0;

/* When each process started: pid to nanoseconds since boot. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, int);
	__type(value, unsigned long long);
} exec_start SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} rb SEC(".maps");
SKEL_EVENTS(rb, struct event);

/* What starts and ends have in common.  Returns NULL when the buffer is full;
 * the verifier insists that we look. */
static struct event *
event_new(struct task_struct *task, enum event_kind kind)
{
	struct event *e = bpf_ringbuf_reserve(&rb, sizeof(*e), 0);

	if (!e)
		return NULL;
	/* The buffer still holds what others wrote there before. */
	__builtin_memset(e, 0, sizeof(*e));
	e->pid = task->tgid;
	e->ppid = task->real_parent->tgid;
	e->exit_event = kind == EXIT;
	e->kind = kind;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	return e;
}

/*
 * tp_btf is a tracepoint whose arguments come with their types: the verifier
 * knows that task is a task_struct and lets us follow its pointers.
 */
SEC("tp_btf/sched_process_exec")
int
BPF_PROG(handle_exec, struct task_struct *task, int old_pid,
    struct linux_binprm *bprm)
{
	unsigned long long now = bpf_ktime_get_ns();
	int pid = task->tgid;
	struct event *e;

	bpf_map_update_elem(&exec_start, &pid, &now, BPF_ANY);

	/* Nobody can tell yet how long it will run. */
	if (min_duration_ns)
		return 0;

	e = event_new(task, EXEC);
	if (!e)
		return 0;
	bpf_probe_read_kernel_str(
	    e->filename, sizeof(e->filename), bprm->filename);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int
BPF_PROG(handle_exit, struct task_struct *task)
{
	unsigned long long *start, duration_ns = 0;
	int pid = task->tgid;
	struct event *e;

	/* One of several threads ended; the process goes on. */
	if (task->pid != pid)
		return 0;

	/* Processes that started before us, or forked and never called
	 * execve(2), are not in the map. */
	start = bpf_map_lookup_elem(&exec_start, &pid);
	if (start) {
		duration_ns = bpf_ktime_get_ns() - *start;
		bpf_map_delete_elem(&exec_start, &pid);
	}
	if (min_duration_ns && (!start || duration_ns < min_duration_ns))
		return 0;

	e = event_new(task, EXIT);
	if (!e)
		return 0;
	e->duration_ns = duration_ns;
	/* As wait(2) has it: the status above, the signal below. */
	e->exit_code = (task->exit_code >> 8) & 0xff;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SKEL_BRIEF("Trace the start and end of processes")
SKEL_DETAILS("A process that was running before has duration 0 at its end.\n"
	     "With --min_duration_ns, starts and such ends are not shown.")
char LICENSE[] SEC("license") = "Dual BSD/GPL";
