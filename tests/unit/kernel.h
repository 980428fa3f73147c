/*
 * Makes BPF maps, and small programs that fill them, for the unit programs.
 * run() runs a program a number of times.
 */
#ifndef SKEL_KERNEL_H
#define SKEL_KERNEL_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/util.h"

#define INSN(c, d, s, o, i)                                                    \
	((struct bpf_insn){ .code = (c),                                       \
	    .dst_reg = (d),                                                    \
	    .src_reg = (s),                                                    \
	    .off = (o),                                                        \
	    .imm = (i) })
#define MOVE(dst, src) INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define SET(dst, imm) INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm)
#define SET32(dst, imm) INSN(BPF_ALU | BPF_MOV | BPF_K, dst, 0, 0, imm)
#define ADD(dst, imm) INSN(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, imm)
#define PUT(dst, off, src) INSN(BPF_STX | BPF_MEM | BPF_DW, dst, src, off, 0)
#define PUT_IMM(dst, off, imm) INSN(BPF_ST | BPF_MEM | BPF_W, dst, 0, off, imm)
#define MAP_FD(dst, fd)                                                        \
	INSN(BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_FD, 0, fd),        \
	    INSN(0, 0, 0, 0, 0)
#define CALL(helper) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, helper)
#define SKIP_IF_ZERO(reg, n) INSN(BPF_JMP | BPF_JEQ | BPF_K, reg, 0, n, 0)
#define EXIT() INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define ATOMIC_ADD(dst, src)                                                   \
	INSN(BPF_STX | BPF_ATOMIC | BPF_DW, dst, src, 0, BPF_ADD)

/* Ends the program if the set-up of a test fails, which is not what is tested.
 */
static inline int
must(int fd, const char *what)
{
	if (fd < 0) {
		fprintf(stderr, "%s: %s\n", what, strerror(errno));
		exit(1);
	}
	return fd;
}

enum { SKIPPED = 77 }; /* tests/run counts this status as skipped */

/* Skips the program's tests if BPF cannot be loaded. */
static inline void
need_kernel(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "t", 0, 0, 4096, NULL);

	if (fd < 0)
		exit(SKIPPED);
	close(fd);
}

static inline int
new_map(enum bpf_map_type type, uint32_t key_size, uint32_t value_size,
    uint32_t max_entries)
{
	return must(bpf_map_create(type, "skel_unit", key_size, value_size,
			max_entries, NULL),
	    "bpf_map_create");
}

static inline int
load(const struct bpf_insn *code, size_t n)
{
	return must(bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "skel_unit",
			"GPL", code, n, NULL),
	    "bpf_prog_load");
}

/* Each run of the program writes the time, 8 bytes, to the ring buffer. */
static inline int
load_ring_writer(int map, int flags)
{
	const struct bpf_insn code[] = {
		CALL(BPF_FUNC_ktime_get_ns),
		PUT(BPF_REG_10, -8, BPF_REG_0),
		MAP_FD(BPF_REG_1, map),
		MOVE(BPF_REG_2, BPF_REG_10),
		ADD(BPF_REG_2, -8),
		SET(BPF_REG_3, 8),
		SET(BPF_REG_4, flags),
		CALL(BPF_FUNC_ringbuf_output),
		SET(BPF_REG_0, 0),
		EXIT(),
	};

	return load(code, nitems(code));
}

/* The same for the perf buffer of the CPU. */
static inline int
load_perf_writer(int map)
{
	const struct bpf_insn code[] = {
		MOVE(BPF_REG_6, BPF_REG_1),
		CALL(BPF_FUNC_ktime_get_ns),
		PUT(BPF_REG_10, -8, BPF_REG_0),
		MOVE(BPF_REG_1, BPF_REG_6),
		MAP_FD(BPF_REG_2, map),
		SET32(BPF_REG_3, -1), /* BPF_F_CURRENT_CPU */
		MOVE(BPF_REG_4, BPF_REG_10),
		ADD(BPF_REG_4, -8),
		SET(BPF_REG_5, 8),
		CALL(BPF_FUNC_perf_event_output),
		SET(BPF_REG_0, 0),
		EXIT(),
	};

	return load(code, nitems(code));
}

/* Each run adds one to the u64 value of key 0, a u32, if the map has the key.
 */
static inline int
load_counter(int map)
{
	const struct bpf_insn code[] = {
		PUT_IMM(BPF_REG_10, -4, 0),
		MAP_FD(BPF_REG_1, map),
		MOVE(BPF_REG_2, BPF_REG_10),
		ADD(BPF_REG_2, -4),
		CALL(BPF_FUNC_map_lookup_elem),
		SKIP_IF_ZERO(BPF_REG_0, 2),
		SET(BPF_REG_1, 1),
		ATOMIC_ADD(BPF_REG_0, BPF_REG_1),
		SET(BPF_REG_0, 0),
		EXIT(),
	};

	return load(code, nitems(code));
}

static inline void
run(int prog, int times)
{
	unsigned char packet[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = packet,
	    .data_size_in = sizeof(packet), .repeat = times);

	must(bpf_prog_test_run_opts(prog, &o), "bpf_prog_test_run_opts");
}

static inline void
stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	must(sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity");
}

#endif
