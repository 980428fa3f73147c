#include <elf.h>
#include <linux/bpf.h>
#include <stddef.h>

#include "infer/count-calls.h"
#include "infer/count-code.h"

#ifndef BPF_ATOMIC
#define BPF_ATOMIC 0xc0
#endif

enum {
	R_BPF_DATA = 1, /* R_BPF_64_64: the 64 bits of a BPF_LD_IMM64 */
	/* Instructions of add_count(). */
	COUNT_INSNS = 4,
};

static void
add_insn(
    struct buf *code, uint8_t op, int dst, int src, int16_t off, int32_t imm)
{
	const struct bpf_insn insn = {
		.code = op,
		.dst_reg = (uint8_t)dst & 0xf,
		.src_reg = (uint8_t)src & 0xf,
		.off = off,
		.imm = imm,
	};

	buf_add(code, &insn, sizeof(insn));
}

/* Loads the address of the symbol, which the loader fills in. */
static void
add_load(struct buf *code, struct buf *relocations, int dst, uint32_t symbol)
{
	const Elf64_Rel rel = {
		.r_offset = code->len,
		.r_info = ELF64_R_INFO((uint64_t)symbol, R_BPF_DATA),
	};

	buf_add(relocations, &rel, sizeof(rel));
	add_insn(code, BPF_LD | BPF_IMM | BPF_DW, dst, 0, 0, 0);
	add_insn(code, 0, 0, 0, 0, 0);
}

/* Adds one to a count.  r0, which may be a reservation, is not touched. */
static void
add_count(
    struct buf *code, struct buf *relocations, const struct count_target *t)
{
	int16_t at = t->every_call ? offsetof(struct call_counts, calls)
				   : offsetof(struct call_counts, failed);

	add_load(code, relocations, BPF_REG_1, t->counts);
	add_insn(code, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, 1);
	add_insn(code, BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_1, BPF_REG_2, at,
	    BPF_ADD);
}

/* Counts for the target if the helper failed, or always, and returns. */
static void
add_end(struct buf *code, struct buf *relocations, uint32_t helper,
    const struct count_target *t)
{
	uint8_t worked =
	    helper == BPF_FUNC_ringbuf_reserve ? BPF_JNE : BPF_JSGE;

	if (!t->every_call)
		add_insn(code, BPF_JMP | worked | BPF_K, BPF_REG_0, 0,
		    COUNT_INSNS, 0);
	add_count(code, relocations, t);
	add_insn(code, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

void
count_code_add(struct buf *code, struct buf *relocations, uint32_t helper,
    const struct count_target *target)
{
	add_insn(code, BPF_JMP | BPF_CALL, 0, 0, 0, (int32_t)helper);
	add_end(code, relocations, helper, target);
}

void
count_code_add_choice(struct buf *code, struct buf *relocations,
    uint32_t helper, const struct count_target *targets, size_t n)
{
	add_insn(code, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_6, BPF_REG_1, 0, 0);
	add_insn(code, BPF_JMP | BPF_CALL, 0, 0, 0, (int32_t)helper);
	for (size_t i = 0; i < n; i++) {
		const struct count_target *t = &targets[i];

		add_load(code, relocations, BPF_REG_1, t->map);
		/* Past what add_end() adds. */
		add_insn(code, BPF_JMP | BPF_JNE | BPF_X, BPF_REG_6, BPF_REG_1,
		    (int16_t)(COUNT_INSNS + (t->every_call ? 1 : 2)), 0);
		add_end(code, relocations, helper, t);
	}
	/* Another map: an inner one, which nobody reads by its name. */
	add_insn(code, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}
