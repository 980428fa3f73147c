#include <linux/bpf.h>
#include <stdbool.h>
#include <string.h>

#include "dwarf/stack-size.h"

enum { STACK_MAX = 512 }; /* bytes that the kernel gives a function */

/* While instructions are read: the registers that are equal to r10, as bits,
 * and the lowest offset from it. */
struct stack_scan {
	unsigned int frames;
	int64_t lowest;
};

static void
note_offset(struct stack_scan *s, int64_t offset)
{
	if (offset < s->lowest && offset >= -STACK_MAX)
		s->lowest = offset;
}

static bool
is_frame(const struct stack_scan *s, unsigned int reg)
{
	return s->frames >> reg & 1;
}

static void
scan_instruction(struct stack_scan *s, const struct bpf_insn *in)
{
	unsigned int dst = 1U << in->dst_reg;

	switch (BPF_CLASS(in->code)) {
	case BPF_LDX:
		if (is_frame(s, in->src_reg))
			note_offset(s, in->off);
		s->frames &= ~dst;
		break;
	case BPF_ST:
	case BPF_STX:
		if (is_frame(s, in->dst_reg))
			note_offset(s, in->off);
		break;
	case BPF_ALU64:
		if (in->code == (BPF_ALU64 | BPF_MOV | BPF_X) &&
		    is_frame(s, in->src_reg)) {
			s->frames |= dst;
			break;
		}
		if (in->code == (BPF_ALU64 | BPF_ADD | BPF_K) &&
		    is_frame(s, in->dst_reg))
			note_offset(s, in->imm);
		s->frames &= ~dst;
		break;
	case BPF_LD:
	case BPF_ALU:
		s->frames &= ~dst;
		break;
	default:
		break;
	}
	s->frames |= 1U << BPF_REG_10;
}

int64_t
stack_size(
    const struct bpf_elf *elf, uint32_t section, uint32_t low, uint32_t high)
{
	struct stack_scan s = { .frames = 1U << BPF_REG_10 };
	Elf_Scn *scn = elf_getscn(elf->elf, section);
	Elf_Data *data = scn != NULL ? elf_rawdata(scn, NULL) : NULL;
	struct bpf_insn in;

	if (data == NULL || data->d_buf == NULL || high > data->d_size)
		return 0;
	for (size_t i = low; i + sizeof(in) <= high; i += sizeof(in)) {
		memcpy(&in, (const char *)data->d_buf + i, sizeof(in));
		scan_instruction(&s, &in);
	}
	return (-s.lowest + 7) & ~7;
}
