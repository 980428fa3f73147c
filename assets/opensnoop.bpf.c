// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * opensnoop: the files that processes open, and those they fail to.
 *
 *	skel-load assets/opensnoop.json --failed | skel-fmt
 *	skel-load assets/opensnoop.json --pid 42 | skel-fmt --json | jq .fname
 *
 * The name of the file is known when the system call is entered, the result
 * when it returns: the first tracepoint leaves its arguments in a map, under
 * the thread's number, for the second.  Events go through a perf buffer, one
 * ring for each CPU: the way before kernel 5.8 had ring buffers.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "skel.bpf.h"

typedef _Bool bool;

/* What a tracepoint of a system call hands over, at its entry ... */
struct trace_event_raw_sys_enter {
	unsigned long args[6];
} __attribute__((preserve_access_index));

/* ... and at its return. */
struct trace_event_raw_sys_exit {
	long ret;
} __attribute__((preserve_access_index));

struct event {
	int pid; /* the process */
	int tid; /* the thread */
	unsigned int uid SKEL_AS(uid);
	int ret SKEL_AS(errno); /* a file descriptor, or an error as -errno */
	int flags SKEL_AS(open_flags);
	char comm[16];
	char fname[255];
};

/* The arguments of a call that has not returned yet. */
struct call {
	const char *fname; /* in the memory of the process */
	int flags;
};

/* The start of what openat2(2) takes its flags from: struct open_how. */
struct how {
	unsigned long long flags;
};

SKEL_ARG("pid", "p", "trace this process only; 0 is all")
const volatile int targ_pid = 0;

SKEL_ARG("tid", "t", "trace this thread only; 0 is all")
const volatile int targ_tid = 0;

SKEL_ARG("uid", "u", "trace this user only; -1 is all")
const volatile int targ_uid = -1;

SKEL_ARG("failed", "f", "show only calls that fail")
const volatile bool targ_failed = 0;

/* Calls under way, by thread. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, int);
	__type(value, struct call);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(int));
	__uint(value_size, sizeof(int));
} events SEC(".maps");
SKEL_EVENTS(events, struct event);

static bool
is_wanted(void)
{
	unsigned long long id = bpf_get_current_pid_tgid();

	if (targ_pid && (int)(id >> 32) != targ_pid)
		return 0;
	if (targ_tid && (int)id != targ_tid)
		return 0;
	return targ_uid == -1 || (int)bpf_get_current_uid_gid() == targ_uid;
}

static int
call_begins(const char *fname, int flags)
{
	struct call call = { .fname = fname, .flags = flags };
	int tid = bpf_get_current_pid_tgid();

	if (is_wanted())
		bpf_map_update_elem(&calls, &tid, &call, BPF_ANY);
	return 0;
}

static void
report(void *ctx, const struct call *call, int ret)
{
	unsigned long long id = bpf_get_current_pid_tgid();
	struct event e;

	/* All of it is sent, so nothing of the stack may be left in it. */
	__builtin_memset(&e, 0, sizeof(e));
	e.pid = id >> 32;
	e.tid = id;
	e.uid = bpf_get_current_uid_gid();
	e.ret = ret;
	e.flags = call->flags;
	bpf_get_current_comm(e.comm, sizeof(e.comm));
	/* At the entry the page with the name may not be in memory; by now the
	 * kernel has read it. */
	bpf_probe_read_user_str(e.fname, sizeof(e.fname), call->fname);
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &e, sizeof(e));
}

static int
call_ends(struct trace_event_raw_sys_exit *ctx)
{
	int tid = bpf_get_current_pid_tgid();
	struct call *call = bpf_map_lookup_elem(&calls, &tid);
	int ret = ctx->ret;

	if (!call)
		return 0;
	if (!targ_failed || ret < 0)
		report(ctx, call, ret);
	bpf_map_delete_elem(&calls, &tid);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_open")
int
enter_open(struct trace_event_raw_sys_enter *ctx)
{
	return call_begins((const char *)ctx->args[0], ctx->args[1]);
}

SEC("tracepoint/syscalls/sys_enter_openat")
int
enter_openat(struct trace_event_raw_sys_enter *ctx)
{
	return call_begins((const char *)ctx->args[1], ctx->args[2]);
}

SEC("tracepoint/syscalls/sys_enter_openat2")
int
enter_openat2(struct trace_event_raw_sys_enter *ctx)
{
	struct how how = { 0 };

	bpf_probe_read_user(&how, sizeof(how), (const void *)ctx->args[2]);
	return call_begins((const char *)ctx->args[1], how.flags);
}

SEC("tracepoint/syscalls/sys_exit_open")
int
exit_open(struct trace_event_raw_sys_exit *ctx)
{
	return call_ends(ctx);
}

SEC("tracepoint/syscalls/sys_exit_openat")
int
exit_openat(struct trace_event_raw_sys_exit *ctx)
{
	return call_ends(ctx);
}

SEC("tracepoint/syscalls/sys_exit_openat2")
int
exit_openat2(struct trace_event_raw_sys_exit *ctx)
{
	return call_ends(ctx);
}

SKEL_BRIEF("Trace the files that processes open")
char LICENSE[] SEC("license") = "Dual BSD/GPL";
