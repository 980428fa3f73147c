// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* A program that prints when a system call, getpgid(2), is made. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#ifndef WORD
#define WORD "mine"
#endif

#ifdef BUFFER
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} rb SEC(".maps");
#endif

#ifdef COUNTS
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, int);
	__type(value, long);
} counts SEC(".maps");
#endif

SEC("tp/syscalls/sys_enter_getpgid")
int
prints(void *ctx)
{
	int pid = bpf_get_current_pid_tgid() >> 32;

#ifdef COMM
	char comm[16];

	bpf_get_current_comm(comm, sizeof(comm));
	bpf_printk(WORD " by %s, a comm", comm);
#endif
	bpf_printk(WORD ": pid %d, 100%% of 0x%08x\n", pid, 255);
	bpf_printk(WORD " too, \"%s\" as text", "\033[31mred");
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
