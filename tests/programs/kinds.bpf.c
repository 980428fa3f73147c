// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* One program of several kinds, for what can and cannot be attached. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, int);
} packets SEC(".maps");

SEC("cgroup_skb/egress")
int
count_packets(struct __sk_buff *skb)
{
	int key = 0, *count = bpf_map_lookup_elem(&packets, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
	return 1;
}

SEC("iter/task")
int
each_task(void *ctx)
{
	return 0;
}

SEC("xdp")
int
pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("uprobe")
int
nowhere(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
