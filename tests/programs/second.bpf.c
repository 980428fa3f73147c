// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* Both programs load; the second has nowhere to go. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("tp/sched/sched_process_exec")
int
first(void *ctx)
{
	return 0;
}

SEC("tp/sched/no_such_tracepoint")
int
second(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
