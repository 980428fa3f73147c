// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Stacks by their ids: how often each came by a probe that -a places, in a map
 * that is read now and then.  With TWO_STACK_MAPS it has to be said which map
 * the ids belong to.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "skel.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 1024);
	__uint(key_size, sizeof(unsigned int));
	__uint(value_size, 127 * sizeof(unsigned long long));
} stackmap SEC(".maps");

#ifdef TWO_STACK_MAPS
struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 16);
	__uint(key_size, sizeof(unsigned int));
	__uint(value_size, 127 * sizeof(unsigned long long));
} other SEC(".maps");
#endif
#ifdef STACKS
#define BELONGS SKEL_TAG("stack_map=" SKEL_TEXT(STACKS))
#else
#define BELONGS
#endif

struct key {
	unsigned int pid;
	int kstack, ustack; /* ids, or error numbers below zero */
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct key);
	__type(value, unsigned long long);
} counts SEC(".maps") SKEL_SAMPLE(200) SKEL_STACK_TRACE BELONGS;

SEC("uprobe")
int
count(void *ctx)
{
	struct key key = { .pid = bpf_get_current_pid_tgid() >> 32 };
	unsigned long long one = 1, *n;

	key.kstack = bpf_get_stackid(ctx, &stackmap, 0);
	key.ustack = bpf_get_stackid(ctx, &stackmap, BPF_F_USER_STACK);
	bpf_get_current_comm(key.comm, sizeof(key.comm));
	n = bpf_map_lookup_elem(&counts, &key);
	if (n)
		__sync_fetch_and_add(n, 1);
	else
		bpf_map_update_elem(&counts, &key, &one, BPF_NOEXIST);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
