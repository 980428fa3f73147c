#include <linux/bpf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "elf/elf-edit.h"
#include "infer/code-flow.h"
#include "infer/wakeup-flags.h"

enum { INSN = sizeof(struct bpf_insn) };

/* The code of one section. */
struct section_code {
	const unsigned char *bytes; /* borrowed */
	size_t n;                   /* instructions */
	/* Owned: by instruction, and one more: some jump leads there. */
	bool *is_target;
};

static struct bpf_insn
get_insn(const struct section_code *c, size_t at)
{
	struct bpf_insn insn;

	memcpy(&insn, c->bytes + at * INSN, sizeof(insn));
	return insn;
}

static bool
is_jump(const struct bpf_insn *insn)
{
	int class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);

	return (class == BPF_JMP || class == BPF_JMP32) && op != BPF_CALL &&
	       op != BPF_EXIT;
}

static void
note_targets(struct section_code *c)
{
	for (size_t at = 0; at < c->n; at++) {
		struct bpf_insn insn = get_insn(c, at);
		int64_t to;

		if (code_flow_is_wide(&insn)) {
			at++;
			continue;
		}
		if (!is_jump(&insn))
			continue;
		/* A long jump, whose distance is in imm. */
		to = insn.code == (BPF_JMP32 | BPF_JA) ? insn.imm : insn.off;
		to += (int64_t)at + 1;
		if (to >= 0 && to < (int64_t)c->n)
			c->is_target[to] = true;
	}
}

/* The register of the flags of a helper that ends a record; 0: it does not. */
static unsigned int
flags_register(const struct bpf_insn *insn)
{
	if (insn->code != (BPF_JMP | BPF_CALL) || insn->src_reg != 0)
		return 0;
	switch (insn->imm) {
	case BPF_FUNC_ringbuf_output:
		return BPF_REG_4;
	case BPF_FUNC_ringbuf_submit:
	case BPF_FUNC_ringbuf_discard:
	case BPF_FUNC_ringbuf_submit_dynptr:
	case BPF_FUNC_ringbuf_discard_dynptr:
		return BPF_REG_2;
	default:
		return 0;
	}
}

/* Whether a register may be changed by an instruction that is no jump. */
static bool
may_write(const struct bpf_insn *insn, unsigned int reg)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
	case BPF_LDX:
		return insn->dst_reg == reg;
	case BPF_ST:
		return false;
	case BPF_STX:
		/* Atomic operations can fetch the value that was there. */
		return BPF_MODE(insn->code) != BPF_MEM && insn->src_reg == reg;
	default:
		return true;
	}
}

/* Whether the call at this place is reached, with flags that wake, from
 * instructions right before it only. */
static bool
is_plain_call(const struct section_code *c, size_t call, unsigned int reg)
{
	for (size_t at = call; at > 0 && !c->is_target[at]; at--) {
		struct bpf_insn insn = get_insn(c, at - 1), before;

		/* The second half of an instruction, or of none. */
		if (insn.code == 0 && at > 1) {
			before = get_insn(c, at - 2);
			if (!code_flow_is_wide(&before) ||
			    before.dst_reg == reg)
				return false;
			at--;
			continue;
		}
		if (insn.code == (BPF_ALU64 | BPF_MOV | BPF_K) ||
		    insn.code == (BPF_ALU | BPF_MOV | BPF_K)) {
			if (insn.dst_reg == reg)
				return !(insn.imm & BPF_RB_NO_WAKEUP);
			continue;
		}
		/* A branch that is not taken changes nothing. */
		if (is_jump(&insn) && BPF_OP(insn.code) != BPF_JA)
			continue;
		if (may_write(&insn, reg))
			return false;
	}
	return false;
}

static bool
is_plain_code(struct section_code *c)
{
	note_targets(c);
	for (size_t at = 0; at < c->n; at++) {
		struct bpf_insn insn = get_insn(c, at);
		unsigned int reg = flags_register(&insn);

		if (code_flow_is_wide(&insn))
			at++;
		else if (reg != 0 && !is_plain_call(c, at, reg))
			return false;
	}
	return true;
}

static bool
is_plain_section(struct elf_edit *e, size_t i)
{
	const Elf64_Shdr *h = &e->sections[i].header;
	struct section_code c = { 0 };
	size_t size;
	bool plain;

	if (h->sh_type != SHT_PROGBITS || !(h->sh_flags & SHF_EXECINSTR))
		return true;
	c.bytes = elf_edit_content(e, i, &size);
	c.n = size / INSN;
	c.is_target = calloc(c.n + 1, sizeof(*c.is_target));
	plain = c.is_target != NULL && is_plain_code(&c);
	free(c.is_target);
	return plain;
}

bool
wakeup_flags_are_plain(const struct bpf_elf *elf)
{
	struct elf_edit e;
	bool plain = true;

	if (!elf_edit_open(&e, elf->bytes, elf->size))
		return false;
	for (size_t i = 1; i < e.n && plain; i++)
		plain = is_plain_section(&e, i);
	elf_edit_close(&e);
	return plain;
}
