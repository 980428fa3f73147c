// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * A program NAME in section SECTION that writes a record with its name each
 * time it runs, and returns RESULT.  UNTYPED: so that other loaders than
 * skel-load take it.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define TEXT(name) #name
#define TEXT_OF(name) TEXT(name)

struct hit {
	char hook[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
#ifndef UNTYPED
	__type(value, struct hit);
#endif
} rb SEC(".maps");

SEC(SECTION)
int
NAME(void *ctx)
{
	struct hit h = { TEXT_OF(NAME) };

	bpf_ringbuf_output(&rb, &h, sizeof(h), 0);
	return RESULT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
