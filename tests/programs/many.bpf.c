// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Maps with many entries, to be sampled, and programs that fill them when
 * bpftool(8) runs them ("bpftool prog run").
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

enum { ENTRIES = 100000 };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__type(value, __u64);
} many SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__type(value, __u64);
} cells SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ENTRIES);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} memory SEC(".maps");

/* One that cannot be mapped, whatever its flags are. */
struct locked {
	struct bpf_spin_lock lock;
	__u32 n;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, struct locked);
} locked SEC(".maps");

__u64 next_key;

static void
put(__u32 key)
{
	__u64 value = key;

	bpf_map_update_elem(&many, &key, &value, BPF_ANY);
	bpf_map_update_elem(&cells, &key, &value, BPF_ANY);
	bpf_map_update_elem(&memory, &key, &value, BPF_ANY);
}

/* One entry more in each. */
SEC("socket")
int
to_all(void *ctx)
{
	put(__sync_fetch_and_add(&next_key, 1));
	return 0;
}

/* A key comes into the hash that was not there, and the oldest one goes; a
 * thousand stay. */
SEC("socket")
int
churn(void *ctx)
{
	__u32 key = __sync_fetch_and_add(&next_key, 1), old = key - 1000;
	__u64 value = key;

	bpf_map_update_elem(&many, &key, &value, BPF_ANY);
	bpf_map_delete_elem(&many, &old);
	return 0;
}

/* Of a kind that may lock. */
SEC("tc")
int
lock(void *ctx)
{
	__u32 key = 1;
	struct locked *l = bpf_map_lookup_elem(&locked, &key);

	if (!l)
		return 0;
	bpf_spin_lock(&l->lock);
	l->n++;
	bpf_spin_unlock(&l->lock);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
