// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* Records whose types nothing names: a struct of a local variable, and the rows
 * of an iterator. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct event {
	int pid;
	char comm[16];
	unsigned long long ns;
};

struct row {
	int cpu;
	char mark[8];
};

struct bpf_iter_meta {
	void *seq;
};

struct any_iterator {
	struct bpf_iter_meta *meta;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} rb SEC(".maps");

SEC("raw_tp/sys_enter")
int
on_call(void *ctx)
{
	struct event *e = bpf_ringbuf_reserve(&rb, sizeof(*e), 0);

	if (!e)
		return 0;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->ns = bpf_ktime_get_ns();
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("iter/task")
int
list(struct any_iterator *ctx)
{
	struct row r = { .cpu = bpf_get_smp_processor_id(), .mark = "row" };

	bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
