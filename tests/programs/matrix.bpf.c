// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * The same struct in a map of each kind that can be shown, whenever the process
 * targ_pid makes a system call: it has slots for histograms and addresses for
 * stacks, so that any export_config, sample and interpreter finds something.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

typedef unsigned int u32;
typedef unsigned long long u64;

enum { KEY = 305419896, SLOTS = 26, DEPTH = 4 };

struct hist {
	u32 slots[SLOTS];
	char comm[16];
	int pid;
	int cpu_id;
	int kstack_sz;
	int ustack_sz;
	u64 kstack[DEPTH];
	u64 ustack[DEPTH];
};

/* Two members of one type, and counts that 32 bits do not hold. */
struct thread {
	u32 pid;
	u32 tid;
};

struct large {
	u64 slots[40];
};

const volatile u32 targ_pid = 0;

#define MAP(NAME, TYPE, ENTRIES)                                               \
	struct {                                                               \
		__uint(type, TYPE);                                            \
		__uint(max_entries, ENTRIES);                                  \
		__type(key, u32);                                              \
		__type(value, struct hist);                                    \
	} NAME SEC(".maps")

MAP(hash, BPF_MAP_TYPE_HASH, 8);
MAP(lru, BPF_MAP_TYPE_LRU_HASH, 8);
MAP(array, BPF_MAP_TYPE_ARRAY, 1);
MAP(cpuhash, BPF_MAP_TYPE_PERCPU_HASH, 8);
MAP(cpulru, BPF_MAP_TYPE_LRU_PERCPU_HASH, 8);
MAP(cpuarray, BPF_MAP_TYPE_PERCPU_ARRAY, 1);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
	__type(value, struct hist);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, int);
	__type(value, struct hist);
} perf SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, struct thread);
	__type(value, struct large);
} large SEC(".maps");

/* Too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct hist);
} scratch SEC(".maps");

static void
fill(struct hist *h)
{
	for (int i = 0; i < SLOTS; i++)
		h->slots[i] = 1000 + i;
	__builtin_memcpy(h->comm, "COMM-STR", 9);
	h->pid = 4660;
	h->cpu_id = 1;
	h->kstack_sz = 16;
	h->ustack_sz = 8;
	h->kstack[0] = 0x10000;
	h->kstack[1] = 0x20000;
	h->ustack[0] = 0x30000;
}

static void
fill_large(void)
{
	struct thread key = { 7, 9 };
	struct large value = {};

	value.slots[0] = (1ULL << 32) + 5;
	value.slots[2] = 1ULL << 31;
	value.slots[34] = 1ULL << 33;
	bpf_map_update_elem(&large, &key, &value, BPF_ANY);
}

SEC("raw_tp/sys_enter")
int
fill_all(void *ctx)
{
	struct hist *h;
	u32 key = KEY, zero = 0;

	if (bpf_get_current_pid_tgid() >> 32 != targ_pid ||
	    (h = bpf_map_lookup_elem(&scratch, &zero)) == 0)
		return 0;
	fill(h);
	fill_large();
	bpf_map_update_elem(&hash, &key, h, BPF_ANY);
	bpf_map_update_elem(&lru, &key, h, BPF_ANY);
	bpf_map_update_elem(&array, &zero, h, BPF_ANY);
	bpf_map_update_elem(&cpuhash, &key, h, BPF_ANY);
	bpf_map_update_elem(&cpulru, &key, h, BPF_ANY);
	bpf_map_update_elem(&cpuarray, &zero, h, BPF_ANY);
	bpf_ringbuf_output(&ring, h, sizeof(*h), 0);
	bpf_perf_event_output(ctx, &perf, BPF_F_CURRENT_CPU, h, sizeof(*h));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
