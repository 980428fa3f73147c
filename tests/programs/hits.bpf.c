// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Programs that write a record each time they run.  KIND: one of the kind that
 * this section's name says, and ALSO and THIRD others.  Without KIND, one of
 * each kind whose section does not say where, for "-a" to say it.  TAIL: a
 * program that a map calls, and one that jumps to it.  FORMS: the entry of a
 * function as kprobe and fentry, and its return as kretprobe; with FEXIT as
 * fexit in place of fentry; with STATE, kprobe and kretprobe share a hash.
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
#ifdef THIRD
HIT(THIRD, third)
#endif
#elif !defined(TAIL) && !defined(FORMS)
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

/* One function in several forms. */
#ifdef FORMS
#ifndef ENTRY
#define ENTRY "kprobe/do_unlinkat"
#define RETURN "kretprobe/do_unlinkat"
#ifdef FEXIT
#define BEST "fexit/do_unlinkat"
#else
#define BEST "fentry/do_unlinkat"
#endif
#endif

#ifdef STATE
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, int);
	__type(value, int);
} state SEC(".maps");

static __noinline int
keep_state(int n)
{
	return bpf_map_update_elem(&state, &n, &n, BPF_ANY);
}

/* The functions that use the map are not called by the programs themselves. */
static __noinline int
use_state(int n)
{
	return keep_state(n) + keep_state(n + 1);
}
#else
static __always_inline int
use_state(int n)
{
	return n;
}
#endif

SEC(ENTRY)
int
by_entry(void *ctx)
{
	use_state(1);
	return say((const char[16]){ "entry" });
}

SEC(RETURN)
int
by_return(void *ctx)
{
	use_state(2);
	return say((const char[16]){ "return" });
}

HIT(BEST, by_best)
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
