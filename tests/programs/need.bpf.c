// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* The least program of a kind, loaded to ask whether the kernel takes it; KIND
 * is its section's name. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC(KIND)
int
need(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
