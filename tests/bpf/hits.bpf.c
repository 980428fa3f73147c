// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * A program of the kind that its section's name, KIND, says; each time it runs
 * it writes a record.  With ALSO there is a second one of that kind.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct hit {
	int pid, tid;
	unsigned int cpu;
	char by[8];
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
	__type(value, struct hit);
} rb SEC(".maps");

static __always_inline int
say(const char *by)
{
	unsigned long long id = bpf_get_current_pid_tgid();
	struct hit h = { .pid = id >> 32, .tid = (int)id };

	h.cpu = bpf_get_smp_processor_id();
	__builtin_memcpy(h.by, by, sizeof(h.by));
	bpf_get_current_comm(h.comm, sizeof(h.comm));
	bpf_ringbuf_output(&rb, &h, sizeof(h), 0);
	return 0;
}

SEC(KIND)
int
hit(void *ctx)
{
	return say("hit\0\0\0\0");
}

#ifdef ALSO
SEC(ALSO)
int
also(void *ctx)
{
	return say("also\0\0\0");
}
#endif

char LICENSE[] SEC("license") = "GPL";
