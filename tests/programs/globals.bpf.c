// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * A global in each kind of section, sent as the program sees it whenever the
 * process targ_pid makes a system call.  BSS_X: with one in .bss.x, which
 * skel-pack cannot open with libbpf 1.1.  SHORT: the text and what is
 * before it are not sent.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct seen {
	unsigned long long ro, ro_x;
	unsigned int da, da_x, bs;
	signed char small;
	_Bool yes, no;
	char text[16];
};

const volatile unsigned int targ_pid = 0;
const volatile unsigned long long ro = 1;
const volatile unsigned long long ro_x SEC(".rodata.x") = 2;
const volatile _Bool yes = 1;
const volatile _Bool no = 0;
const volatile char text[16] = "as it was";
volatile unsigned int da = 3;
volatile unsigned int da_x SEC(".data.x") = 4;
#ifdef BSS_X
volatile unsigned int bs SEC(".bss.x");
#else
volatile unsigned int bs;
#endif
volatile signed char small = -5;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
	__type(value, struct seen);
} rb SEC(".maps");

SEC("raw_tp/sys_enter")
int
report_globals(void *ctx)
{
	struct seen s = {};

	if (bpf_get_current_pid_tgid() >> 32 != targ_pid)
		return 0;
	s.ro = ro;
	s.ro_x = ro_x;
	s.da = da;
	s.da_x = da_x;
	s.bs = bs;
	s.small = small;
	s.yes = yes;
	s.no = no;
	for (int i = 0; i < 16; i++)
		s.text[i] = text[i];
#ifdef SHORT
	bpf_ringbuf_output(&rb, &s, sizeof(s) - 24, 0);
#else
	bpf_ringbuf_output(&rb, &s, sizeof(s), 0);
#endif
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
