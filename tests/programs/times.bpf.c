// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * A program that writes a record for each program that is started, with the
 * time of a minute before by each clock.  That of the monotonic clock is the
 * time of the record; with BOOT, that of the boottime clock.  NEVER: they are
 * 0. JIFFIES: there is another, of 32 bits.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "skel.bpf.h"

#define MINUTE 60000000000ULL

#ifdef BOOT
#define OF_MONO
#define OF_BOOT SKEL_TIME
#else
#define OF_MONO SKEL_TIME
#define OF_BOOT
#endif

struct event {
	unsigned int pid;
	struct {
		unsigned long long mono OF_MONO;
		unsigned long long boot SKEL_AS(boottime) OF_BOOT;
	} at;
#ifdef JIFFIES
	unsigned int jiffies SKEL_TIME;
#endif
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} rb SEC(".maps");
SKEL_EVENTS(rb, struct event);

SEC("tp/sched/sched_process_exec")
int
started(void *ctx)
{
	struct event e = { .pid = bpf_get_current_pid_tgid() >> 32 };

	(void)ctx;
#ifndef NEVER
	e.at.mono = bpf_ktime_get_ns() - MINUTE;
	e.at.boot = bpf_ktime_get_boot_ns() - MINUTE;
#endif
	bpf_ringbuf_output(&rb, &e, sizeof(e), 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
