// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Maps of every kind that can be exported, for the tests of what a package
 * makes of them.  No program: the types are what matters.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct event {
	int pid;
	int ppid;
	char comm[16];
	unsigned long long ns;
};

struct other {
	long n;
};

struct key {
	int tgid;
	int pid;
};

struct hist {
	unsigned int slots[8];
};

struct traced {
	int kstack_sz;
	unsigned long long kstack[4];
};

enum kind { ONE, TWO };

union both {
	unsigned int whole;
	unsigned char bytes[4];
};

typedef struct event event_t;
typedef event_t again_t;
typedef union both both_t;

/* Types that no map refers to stay in the BTF if something does. */
struct event *use_event;
struct other *use_other;
enum kind use_kind;
again_t use_again;
both_t use_both;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} rb SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} rb2 SEC(".maps");

/* The kernel takes no ring buffer with a value, nor a perf buffer whose value
 * is no descriptor; skel-load makes them what it takes. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
	__type(value, struct other);
} typed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, int);
	__type(value, int);
} pb SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, int);
	__type(value, struct other);
} pbtyped SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, struct key);
	__type(value, struct hist);
} hists SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__uint(key_size, 4);
	__uint(value_size, 24);
} bare SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, unsigned int);
	__type(value, unsigned long);
} percpu SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, int);
	__type(value, struct traced);
} traces SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4);
	__uint(value_size, 4);
} queue SEC(".maps");

/* An object without a program is refused. */
SEC("socket")
int
nothing(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
