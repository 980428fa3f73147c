// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * For export.bats: buffers whose records have several types.  Each system call
 * of the process targ_pid writes one record of each type.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "skel.bpf.h"

enum kind { STARTED = 1, ENDED, FAILED = -1 };

struct started {
	enum kind kind;
	int pid;
	char args[32];
};

struct ended {
	enum kind kind;
	int code;
	unsigned long long ns;
};

/* As long as the one before. */
struct failed {
	enum kind kind;
	int error;
	unsigned long long at;
};

const volatile unsigned int targ_pid = 0;

/* Types that no map refers to stay in the BTF if something does. */
struct started *use_started;
struct ended *use_ended;
struct failed *use_failed;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} by_size SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} by_kind SEC(".maps");
SKEL_COUNT_LOST(by_kind);

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} perf SEC(".maps");

SEC("raw_tp/sys_enter")
int
write_types(void *ctx)
{
	struct started s = { STARTED, 7, "echo hi" };
	struct ended e = { ENDED, 3, 1000 };
	struct failed f = { FAILED, -2, 2000 };

	if (bpf_get_current_pid_tgid() >> 32 != targ_pid)
		return 0;
	bpf_ringbuf_output(&by_size, &s, sizeof(s), 0);
	bpf_ringbuf_output(&by_size, &e, sizeof(e), 0);
	/* It ends within the text; the next two are none of the types. */
	bpf_ringbuf_output(&by_size, &s, 8 + 3, 0);
	bpf_ringbuf_output(&by_size, &s, 6, 0);
	bpf_ringbuf_output(&by_size, &s, 5, 0);
	bpf_ringbuf_output(&by_kind, &s, 8 + 4, 0);
	bpf_ringbuf_output(&by_kind, &e, sizeof(e), 0);
	bpf_ringbuf_output(&by_kind, &f, sizeof(f), 0);
	e.kind = 9;
	bpf_ringbuf_output(&by_kind, &e, sizeof(e), 0);
	bpf_perf_event_output(ctx, &perf, BPF_F_CURRENT_CPU, &s, sizeof(s));
	bpf_perf_event_output(ctx, &perf, BPF_F_CURRENT_CPU, &f, sizeof(f));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
