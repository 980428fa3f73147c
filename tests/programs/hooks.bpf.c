// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * The removal of a file, seen from every kind of hook that the kernel's own
 * functions can have.  Only what the process called targ_comm does is seen.
 */
#include <linux/bpf.h>
#include <linux/ptrace.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define EPERM 1

enum hook { KPROBE, KRETPROBE, MULTI, FENTRY, FEXIT, FMOD_RET, LSM };

struct hit {
	enum hook hook;
	int ret;
};

const volatile char targ_comm[16] = "nobody";
/* What the LSM program and fmod_ret answer in place of the kernel. */
const volatile int refuse = 0;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
	__type(value, struct hit);
} hits SEC(".maps");

/* Whether the process is the one. */
static __always_inline int
report(enum hook hook, long ret)
{
	struct hit h = { hook, (int)ret };
	char comm[16];

	bpf_get_current_comm(comm, sizeof(comm));
	for (int i = 0; i < 16; i++) {
		if (comm[i] != targ_comm[i])
			return 0;
		if (comm[i] == '\0')
			break;
	}
	bpf_ringbuf_output(&hits, &h, sizeof(h), 0);
	return 1;
}

SEC("kprobe/do_unlinkat")
int
on_kprobe(struct pt_regs *ctx)
{
	report(KPROBE, 0);
	return 0;
}

SEC("kretprobe/do_unlinkat")
int
on_kretprobe(struct pt_regs *ctx)
{
	report(KRETPROBE, PT_REGS_RC(ctx));
	return 0;
}

SEC("kprobe.multi/do_unlink*")
int
on_multi(struct pt_regs *ctx)
{
	report(MULTI, 0);
	return 0;
}

SEC("fentry/do_unlinkat")
int
on_fentry(unsigned long long *ctx)
{
	report(FENTRY, 0);
	return 0;
}

/* Two arguments, then what it returned. */
SEC("fexit/do_unlinkat")
int
on_fexit(unsigned long long *ctx)
{
	report(FEXIT, ctx[2]);
	return 0;
}

/* Of the functions whose answer may be changed: all security hooks are. */
SEC("fmod_ret/security_inode_unlink")
int
on_fmod_ret(unsigned long long *ctx)
{
	return report(FMOD_RET, ctx[2]) && refuse ? -EPERM : 0;
}

SEC("lsm/inode_unlink")
int
on_lsm(unsigned long long *ctx)
{
	return report(LSM, 0) && refuse ? -EPERM : 0;
}

char LICENSE[] SEC("license") = "GPL";
