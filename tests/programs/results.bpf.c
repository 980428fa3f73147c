// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * A program that keeps its results in maps and global variables, none of them
 * annotated: what getpgid(2) is called with, as a number from 0 to 7 above
 * FIRST.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define FIRST 0x700000

#define MAP(type_, entries, key_, value_)                                      \
	struct {                                                               \
		__uint(type, BPF_MAP_TYPE_##type_);                            \
		__uint(max_entries, entries);                                  \
		__type(key, key_);                                             \
		__type(value, value_);                                         \
	}

struct hist {
	unsigned int slots[8];
};

struct bucket {
	char name[4];
	int log2;
};

struct where {
	unsigned int pid;
	int kern_stack_id, user_stack_id;
};

struct enter {
	unsigned long long unused;
	long number;
	unsigned long args[6];
};

MAP(HASH, 8, int, struct hist) hists SEC(".maps");
MAP(LRU_HASH, 64, struct bucket, unsigned long long) buckets SEC(".maps");
MAP(PERCPU_ARRAY, 8, unsigned int, unsigned long long) percpu SEC(".maps");
MAP(ARRAY, 8, unsigned int, unsigned long long) plain SEC(".maps");
MAP(HASH, 64, unsigned long long, unsigned long long) started SEC(".maps");
MAP(HASH, 64, struct where, unsigned long long) counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 8);
	__uint(value_size, 8);
} fifo SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 64);
	__uint(key_size, 4);
	__uint(value_size, 127 * 8);
} stacks SEC(".maps");

unsigned long long calls;
struct hist by_parity[2];
unsigned char narrow[3];
int limit = 7;
unsigned int last SEC(".bss.other");
const volatile int only = -1;

static struct hist zero;

static void
count_hash(int n)
{
	int key = n / 4;
	struct hist *h = bpf_map_lookup_elem(&hists, &key);

	if (!h) {
		bpf_map_update_elem(&hists, &key, &zero, BPF_NOEXIST);
		h = bpf_map_lookup_elem(&hists, &key);
	}
	if (h)
		__sync_fetch_and_add(&h->slots[n & 7], 1);
}

static void
count_bucket(int n)
{
	struct bucket key = { .log2 = n & 7 };
	unsigned long long one = 1, *v;

	__builtin_memcpy(key.name, n & 1 ? "odd" : "evn", 4);
	if ((v = bpf_map_lookup_elem(&buckets, &key)))
		__sync_fetch_and_add(v, 1);
	else
		bpf_map_update_elem(&buckets, &key, &one, BPF_ANY);
}

static void
count_stack(void *ctx)
{
	struct where key = { .pid = bpf_get_current_pid_tgid() >> 32 };
	unsigned long long one = 1;

	key.kern_stack_id = bpf_get_stackid(ctx, &stacks, 0);
	key.user_stack_id = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
	bpf_map_update_elem(&counts, &key, &one, BPF_ANY);
}

SEC("tp/syscalls/sys_enter_getpgid")
int
results(struct enter *ctx)
{
	unsigned int n = ctx->args[0] & 7, index = n;
	unsigned long long id = bpf_get_current_pid_tgid(), *v;

	/* Other processes call it with their own numbers. */
	if (ctx->args[0] < FIRST || ctx->args[0] >= FIRST + 8)
		return 0;
	if ((only >= 0 && n != only) || n > limit)
		return 0;
	bpf_map_update_elem(&started, &id, &id, BPF_ANY);
	count_hash(n);
	count_bucket(n);
	count_stack(ctx);
	if ((v = bpf_map_lookup_elem(&percpu, &index)))
		*v += 1;
	if ((v = bpf_map_lookup_elem(&plain, &index)))
		__sync_fetch_and_add(v, 1);
	__sync_fetch_and_add(&calls, 1);
	__sync_fetch_and_add(&by_parity[n & 1].slots[n], 1);
	if (n < 3)
		narrow[n] = n + 1;
	last = n;
	bpf_map_delete_elem(&started, &id);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
