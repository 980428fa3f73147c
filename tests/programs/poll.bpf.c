// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * What the tests of skel-poll and of the exports load: programs that fill a
 * map when bpftool(8) runs them ("bpftool prog run").
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct event {
	__u64 n;
	__u32 pid;
	char comm[12];
};

struct tick {
	__u32 n;
};

/* Types that no map refers to stay in the BTF if something does. */
struct event *use_event;
struct tick *use_tick;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} rb SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} rb2 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} pb SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} percpu SEC(".maps");

__u64 seq;

static void
fill(struct event *e)
{
	e->n = __sync_fetch_and_add(&seq, 1);
	e->pid = 7;
	__builtin_memcpy(e->comm, "a\nb\0\0\0\0\0\0\0\0", sizeof(e->comm));
}

SEC("socket")
int
to_ring(void *ctx)
{
	struct event e;

	fill(&e);
	bpf_ringbuf_output(&rb, &e, sizeof(e), 0);
	return 0;
}

/* Records of another type. */
SEC("socket")
int
to_ring2(void *ctx)
{
	struct tick t = { __sync_fetch_and_add(&seq, 1) };

	bpf_ringbuf_output(&rb2, &t, sizeof(t), 0);
	return 0;
}

SEC("socket")
int
cut_to_ring(void *ctx)
{
	__u32 n = 1;

	bpf_ringbuf_output(&rb, &n, sizeof(n), 0);
	return 0;
}

/* Records that end within the text. */
SEC("socket")
int
short_to_ring(void *ctx)
{
	struct event e;

	fill(&e);
	bpf_ringbuf_output(&rb, &e, 8 + 4 + 3, 0);
	return 0;
}

SEC("socket")
int
short_to_perf(struct __sk_buff *ctx)
{
	struct event e;

	fill(&e);
	bpf_perf_event_output(ctx, &pb, BPF_F_CURRENT_CPU, &e, 8 + 4 + 4);
	return 0;
}

SEC("socket")
int
to_perf(struct __sk_buff *ctx)
{
	struct event e;

	fill(&e);
	bpf_perf_event_output(ctx, &pb, BPF_F_CURRENT_CPU, &e, sizeof(e));
	return 0;
}

static void
add_one(void *map)
{
	__u32 key = 5;
	__u64 one = 1, *n = bpf_map_lookup_elem(map, &key);

	if (n)
		__sync_fetch_and_add(n, 1);
	else
		bpf_map_update_elem(map, &key, &one, BPF_NOEXIST);
}

SEC("socket")
int
to_counts(void *ctx)
{
	add_one(&counts);
	return 0;
}

SEC("socket")
int
to_percpu(void *ctx)
{
	add_one(&percpu);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
