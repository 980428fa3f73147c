// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Probes of the program TARGET ("/path/of/target", given to the compiler) by
 * their section names alone; each hit is a record that says which it was.
 */
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>
#include <bpf/usdt.bpf.h>

struct hit {
	int pid;
	char probe[12];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
	__type(value, struct hit);
} rb SEC(".maps");

static int
say(const char *probe)
{
	struct hit h = { .pid = bpf_get_current_pid_tgid() >> 32 };

	__builtin_memcpy(h.probe, probe, sizeof(h.probe));
	bpf_ringbuf_output(&rb, &h, sizeof(h), 0);
	return 0;
}

SEC("uprobe/" TARGET ":work")
int
entered(struct pt_regs *ctx)
{
	return say("uprobe\0\0\0\0\0");
}

SEC("uretprobe/" TARGET ":work")
int
left(struct pt_regs *ctx)
{
	return say("uretprobe\0\0");
}

SEC("usdt/" TARGET ":skel:here")
int
passed(struct pt_regs *ctx)
{
	return say("usdt\0\0\0\0\0\0\0");
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
