// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Programs that write a record each time they run.  KIND: one of the kind that
 * this section's name says, and ALSO a second one.  Without KIND, one of each
 * kind whose section does not say where, for "-a" to say it.  TAIL: a program
 * that a map calls, and one that jumps to it.
 */
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>
#include <bpf/usdt.bpf.h>

struct hit {
	int pid, tid;
	unsigned int cpu;
	char by[16];
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
	__type(value, struct hit);
} rb SEC(".maps");

static __always_inline int
say(const char by[16])
{
	unsigned long long id = bpf_get_current_pid_tgid();
	struct hit h = { .pid = id >> 32, .tid = (int)id };

	h.cpu = bpf_get_smp_processor_id();
	__builtin_memcpy(h.by, by, sizeof(h.by));
	bpf_get_current_comm(h.comm, sizeof(h.comm));
	bpf_ringbuf_output(&rb, &h, sizeof(h), 0);
	return 0;
}

#define HIT(section, name)                                                     \
	SEC(section)                                                           \
	int name(void *ctx)                                                    \
	{                                                                      \
		return say((const char[16]){ #name });                         \
	}

#ifdef KIND
HIT(KIND, hit)
#ifdef ALSO
HIT(ALSO, also)
#endif
#elif !defined(TAIL)
HIT("kprobe", on_kprobe)
HIT("kprobe.multi", on_multi)
HIT("uprobe", on_uprobe)
HIT("usdt", on_usdt)
HIT("tracepoint", on_tracepoint)
HIT("raw_tp", on_raw_tp)
HIT("tp_btf", on_tp_btf)
HIT("fentry", on_fentry)
HIT("lsm", on_lsm)
HIT("perf_event", on_perf)
#endif

/* What reads more of a tracepoint than most have. */
#ifdef DEEP
SEC("tracepoint")
int
deep(char *ctx)
{
	return *(volatile int *)(ctx + 1024) & 0;
}
#endif

/* A program that another one jumps to. */
#ifdef TAIL
int leaf(void *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__array(values, int(void *));
} jump SEC(".maps") = {
	.values = { (void *)&leaf },
};

HIT("raw_tp/sched_process_exec", leaf)

SEC("raw_tp/sched_process_exec")
int
root(void *ctx)
{
	bpf_tail_call(ctx, &jump, 0);
	return 0;
}
#endif

/* What no verifier lets through. */
#ifdef REFUSED
#ifndef REFUSED_AT
#define REFUSED_AT "raw_tp/sched_process_exec"
#endif
SEC(REFUSED_AT)
int
refused(void *ctx)
{
	return *(volatile int *)0;
}
#endif

char LICENSE[] SEC("license") = "GPL";
