// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * The verifier refuses the second program: it may read through NULL.  With
 * LONG it has much to say before that.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, int);
	__type(value, int);
} values SEC(".maps");

SEC("raw_tp/sched_process_exec")
int
well(void *ctx)
{
	return 0;
}

SEC("raw_tp/sched_process_exit")
int
careless(void *ctx)
{
	int key = 0, *value;

#ifdef LONG
#pragma unroll
	for (int i = 0; i < 64; i++)
		bpf_map_update_elem(&values, &i, &i, 0);
#endif
	value = bpf_map_lookup_elem(&values, &key);
	return *value;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
