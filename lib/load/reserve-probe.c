#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <unistd.h>

#include "base/util.h"
#include "load/reserve-probe.h"

#define INSN(op, dst, src, offset, number)                                     \
	{                                                                      \
		.code = (op), .dst_reg = (dst), .src_reg = (src),              \
		.off = (offset), .imm = (number)                               \
	}

/* Loads a program that reserves in a function.  Returns whether the kernel took
 * it. */
static bool
takes_tested_reserve(int ring)
{
	const struct bpf_insn insns[] = {
		INSN(BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0,
		    ring),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, 8),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, 0, 0, 0),
		INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 6),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 3, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_0, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, 0),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ringbuf_submit),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
		/* The function. */
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ringbuf_reserve),
		INSN(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 1, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, 1),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "skel_reserve",
	    "Dual BSD/GPL", insns, nitems(insns), NULL);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

bool
reserve_probe_tested(void)
{
	int ring = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "skel_reserve", 0, 0,
	    (uint32_t)sysconf(_SC_PAGESIZE), NULL);
	bool takes;

	if (ring < 0)
		return false;
	takes = takes_tested_reserve(ring);
	close(ring);
	return takes;
}
