// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* Iterators of several kinds, each of which writes what tests can count on.
 * With ELEMENTS those of maps too, which some kernels refuse. */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "skel.bpf.h"

struct seq_file;
struct cgroup;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 seq_num;
} __attribute__((preserve_access_index));

struct task_struct {
	int pid, tgid;
} __attribute__((preserve_access_index));

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __attribute__((preserve_access_index));

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	void *key, *value;
} __attribute__((preserve_access_index));

struct bpf_iter__cgroup {
	struct bpf_iter_meta *meta;
	struct cgroup *cgroup;
} __attribute__((preserve_access_index));

struct line {
	__u32 pid;
	char name[4];
	__u64 number;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u64);
} numbers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 600);
	__type(key, __u32);
	__type(value, __u64);
} many SEC(".maps");

/* Records; the last is one byte short with -DSHORT. */
SEC("iter/task")
SKEL_SAMPLE(50)
int
records(struct bpf_iter__task *ctx)
{
	struct line l = { .name = "abc" };
	struct task_struct *task = ctx->task;

	if (task && task->pid == task->tgid) {
		l.pid = task->pid;
		l.number = ctx->meta->seq_num;
		bpf_seq_write(ctx->meta->seq, &l, sizeof(l));
	}
#ifdef SHORT
	if (!task)
		bpf_seq_write(ctx->meta->seq, &l, sizeof(l) - 1);
#endif
	return 0;
}
SKEL_ITER(records, struct line);

/* A head, a line for each task, and an end without its newline. */
SEC("iter/task")
int
lines(struct bpf_iter__task *ctx)
{
	static const char escape[] = "red \033[31m, a tab\there\n\n";
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;

	if (task && ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "  TGID \"tasks\",\n");
	if (!task) {
		bpf_seq_write(seq, escape, sizeof(escape) - 1);
		BPF_SEQ_PRINTF(seq, "the end");
	} else {
		BPF_SEQ_PRINTF(seq, "%6d\n", task->tgid);
	}
	return 0;
}

SEC("iter/cgroup")
int
cgroups(struct bpf_iter__cgroup *ctx)
{
	if (ctx->cgroup)
		BPF_SEQ_PRINTF(ctx->meta->seq, "cgroup\n");
	return 0;
}

#ifdef ELEMENTS
SEC("iter/bpf_map_elem")
int
elements(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 *key = ctx->key;
	__u64 *value = ctx->value;

	if (key && value)
		BPF_SEQ_PRINTF(ctx->meta->seq, "%u is %llu\n", *key, *value);
	return 0;
}

#ifndef FILLER
#define FILLER 16384
#endif

/* For each element 16 KiB, without a newline. */
SEC("iter/bpf_map_elem")
int
endless(struct bpf_iter__bpf_map_elem *ctx)
{
	static const char filler[FILLER];

	if (ctx->key)
		bpf_seq_write(ctx->meta->seq, filler, sizeof(filler));
	return 0;
}
#endif

char LICENSE[] SEC("license") = "GPL";
