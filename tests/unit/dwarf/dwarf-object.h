/*
 * Builds a BPF object with DWARF, entry by entry.
 */
#ifndef SKEL_DWARF_OBJECT_H
#define SKEL_DWARF_OBJECT_H

#include <dwarf.h>
#include <elf.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdint.h>

#include "base/buf.h"
#include "check.h"

enum { SECTIONS = 9 };

enum section {
	NONE,
	CODE,
	ABBREV,
	INFO,
	INFO_RELOCS,
	LINES,
	BTF,
	SYMBOLS,
	STRINGS,
};

static const char *const section_names[SECTIONS] = { "", "tp", ".debug_abbrev",
	".debug_info", ".rel.debug_info", ".debug_line", ".BTF", ".symtab",
	".strtab" };

/* The abbreviations: the number of each is that of its line in abbrev_text. */
enum abbrev {
	UNIT = 1,
	BASE,
	STRUCT,
	MEMBER,
	POINTER,
	FUNCTION,
	VARIABLE,
	TYPEDEF,
	NAMELESS,
	ARRAY,
	DIMENSION,
	CONST,
	BITS,
	ENUM,
	CONSTANT,
	DECLARED,
	LONG,
};

/* Tag, whether there are children, pairs of attribute and form. */
static const unsigned int abbrev_text[][12] = {
	{ DW_TAG_compile_unit, 1, DW_AT_stmt_list, DW_FORM_sec_offset },
	{ DW_TAG_base_type, 0, DW_AT_name, DW_FORM_string, DW_AT_encoding,
	    DW_FORM_data1, DW_AT_byte_size, DW_FORM_data1 },
	{ DW_TAG_structure_type, 1, DW_AT_name, DW_FORM_string, DW_AT_byte_size,
	    DW_FORM_data8, DW_AT_decl_file, DW_FORM_data1 },
	{ DW_TAG_member, 0, DW_AT_name, DW_FORM_string, DW_AT_type,
	    DW_FORM_ref4, DW_AT_data_member_location, DW_FORM_udata },
	{ DW_TAG_pointer_type, 0, DW_AT_type, DW_FORM_ref4 },
	{ DW_TAG_subprogram, 1, DW_AT_low_pc, DW_FORM_addr, DW_AT_high_pc,
	    DW_FORM_data4, DW_AT_frame_base, DW_FORM_exprloc },
	{ DW_TAG_variable, 0, DW_AT_type, DW_FORM_ref4, DW_AT_location,
	    DW_FORM_exprloc },
	{ DW_TAG_typedef, 0, DW_AT_name, DW_FORM_string, DW_AT_type,
	    DW_FORM_ref4, DW_AT_decl_file, DW_FORM_data1 },
	{ DW_TAG_structure_type, 1, DW_AT_byte_size, DW_FORM_data1,
	    DW_AT_decl_file, DW_FORM_data1 },
	{ DW_TAG_array_type, 1, DW_AT_type, DW_FORM_ref4 },
	{ DW_TAG_subrange_type, 0, DW_AT_count, DW_FORM_data8 },
	{ DW_TAG_const_type, 0, DW_AT_type, DW_FORM_ref4 },
	{ DW_TAG_member, 0, DW_AT_name, DW_FORM_string, DW_AT_type,
	    DW_FORM_ref4, DW_AT_bit_size, DW_FORM_data1, DW_AT_data_bit_offset,
	    DW_FORM_data1 },
	{ DW_TAG_enumeration_type, 1, DW_AT_name, DW_FORM_string,
	    DW_AT_byte_size, DW_FORM_data1 },
	{ DW_TAG_enumerator, 0, DW_AT_name, DW_FORM_string, DW_AT_const_value,
	    DW_FORM_sdata },
	{ DW_TAG_structure_type, 0, DW_AT_name, DW_FORM_string,
	    DW_AT_declaration, DW_FORM_flag_present },
};

struct dwarf_object {
	struct buf section[SECTIONS];
	uint64_t flags[SECTIONS];
	struct buf file; /* after object_build() */
};

static inline void
put(struct buf *b, uint64_t number, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		buf_chr(b, (char)(number >> 8 * i));
}

static inline void
put_leb(struct buf *b, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		buf_chr(b, (char)(number | 0x80));
	buf_chr(b, (char)number);
}

static inline void
put_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text) + 1);
}

/* Replaces the number at an offset. */
static inline void
patch(struct buf *b, size_t offset, uint64_t number, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		b->data[offset + i] = (char)(number >> 8 * i);
}

static inline void
put_abbrevs(struct buf *b)
{
	for (size_t i = 0; i < sizeof(abbrev_text) / sizeof(*abbrev_text);
	     i++) {
		put_leb(b, i + 1);
		put_leb(b, abbrev_text[i][0]);
		put(b, abbrev_text[i][1], 1);
		for (size_t k = 2; k < 12 && abbrev_text[i][k] != 0; k++)
			put_leb(b, abbrev_text[i][k]);
		put(b, 0, 2);
	}
}

/* File 1 is the program's, file 2 the kernel's, file 3 libbpf's. */
static inline void
put_lines(struct buf *b)
{
	size_t start, files;

	put(b, 0, 4);
	start = b->len;
	put(b, 4, 2);
	put(b, 0, 4);
	files = b->len;
	put(b, 0x010101010101, 5); /* ..., is_stmt, line base */
	put(b, 1, 1);              /* line range */
	put(b, 1, 1);              /* no lengths of opcodes */
	put_text(b, "/home/author");
	put_text(b, "/usr/include/bpf");
	put(b, 0, 1);
	put_text(b, "own.h");
	put(b, 1, 3);
	put_text(b, "vmlinux.h");
	put(b, 1, 3);
	put_text(b, "bpf_helper_defs.h");
	put(b, 2, 3);
	put(b, 0, 1);
	patch(b, start + 2, b->len - files, 4);
	patch(b, start - 4, b->len - start, 4);
}

static inline void
put_instruction(struct buf *b, struct bpf_insn in)
{
	buf_add(b, &in, sizeof(in));
}

/* Begins an object: its first unit is open, and its code uses 40 bytes of
 * stack. */
static inline void
object_begin(struct dwarf_object *o)
{
	const Elf64_Sym none = { 0 };
	const Elf64_Sym code = { .st_info =
				     ELF64_ST_INFO(STB_LOCAL, STT_SECTION),
		.st_shndx = CODE };
	const struct btf_header btf = { .magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(btf),
		.str_len = 1 };
	struct buf *info = &o->section[INFO];

	*o = (struct dwarf_object){ 0 };
	o->flags[CODE] = SHF_ALLOC | SHF_EXECINSTR;
	put_instruction(&o->section[CODE],
	    (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X,
		.dst_reg = 2,
		.src_reg = 10 });
	put_instruction(&o->section[CODE],
	    (struct bpf_insn){ .code = BPF_ALU64 | BPF_ADD | BPF_K,
		.dst_reg = 2,
		.imm = -40 });
	for (int i = 0; i < 5; i++)
		put_instruction(&o->section[CODE],
		    (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K });
	put_instruction(
	    &o->section[CODE], (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
	buf_add(&o->section[BTF], &btf, sizeof(btf));
	put(&o->section[BTF], 0, 1);
	put_abbrevs(&o->section[ABBREV]);
	put_lines(&o->section[LINES]);
	buf_add(&o->section[SYMBOLS], &none, sizeof(none));
	buf_add(&o->section[SYMBOLS], &code, sizeof(code));
	put(info, 0, 4); /* length */
	put(info, 4, 2); /* version */
	put(info, 0, 4); /* abbreviations */
	put(info, 8, 1); /* bytes of an address */
	put_leb(info, UNIT);
	put(info, 0, 4);
}

/* Begins an entry, whose attributes follow.  Returns its offset. */
static inline uint32_t
entry(struct dwarf_object *o, enum abbrev abbrev)
{
	uint32_t offset = (uint32_t)o->section[INFO].len;

	put_leb(&o->section[INFO], abbrev);
	return offset;
}

static inline void
end_children(struct dwarf_object *o)
{
	put(&o->section[INFO], 0, 1);
}

static inline uint32_t
put_base(struct dwarf_object *o, const char *name, int encoding, int size)
{
	uint32_t e = entry(o, BASE);

	put_text(&o->section[INFO], name);
	put(&o->section[INFO], (uint64_t)encoding, 1);
	put(&o->section[INFO], (uint64_t)size, 1);
	return e;
}

static inline uint32_t
put_reference(struct dwarf_object *o, enum abbrev abbrev, uint32_t type)
{
	uint32_t e = entry(o, abbrev);

	put(&o->section[INFO], type, 4);
	return e;
}

/* Begins a struct in a file. */
static inline uint32_t
put_struct(struct dwarf_object *o, const char *name, uint64_t size, int file)
{
	uint32_t e = entry(o, STRUCT);

	put_text(&o->section[INFO], name);
	put(&o->section[INFO], size, 8);
	put(&o->section[INFO], (uint64_t)file, 1);
	return e;
}

static inline void
put_member(
    struct dwarf_object *o, const char *name, uint32_t type, uint64_t offset)
{
	entry(o, MEMBER);
	put_text(&o->section[INFO], name);
	put(&o->section[INFO], type, 4);
	put_leb(&o->section[INFO], offset);
}

static inline void
put_bits(struct dwarf_object *o, const char *name, uint32_t type, int bits,
    int offset)
{
	entry(o, BITS);
	put_text(&o->section[INFO], name);
	put(&o->section[INFO], type, 4);
	put(&o->section[INFO], (uint64_t)bits, 1);
	put(&o->section[INFO], (uint64_t)offset, 1);
}

/* A struct with one member at offset 0. */
static inline uint32_t
put_box(struct dwarf_object *o, const char *name, uint64_t size, int file,
    uint32_t type)
{
	uint32_t e = put_struct(o, name, size, file);

	put_member(o, "inside", type, 0);
	end_children(o);
	return e;
}

static inline uint32_t
put_typedef(struct dwarf_object *o, const char *name, uint32_t type)
{
	uint32_t e = entry(o, TYPEDEF);

	put_text(&o->section[INFO], name);
	put(&o->section[INFO], type, 4);
	put(&o->section[INFO], 1, 1);
	return e;
}

static inline uint32_t
put_array(struct dwarf_object *o, uint32_t type, uint64_t n)
{
	uint32_t e = put_reference(o, ARRAY, type);

	entry(o, DIMENSION);
	put(&o->section[INFO], n, 8);
	end_children(o);
	return e;
}

/* Begins a function that is all of the code. */
static inline void
put_function(struct dwarf_object *o)
{
	Elf64_Rel rel;

	entry(o, FUNCTION);
	rel = (Elf64_Rel){ .r_offset = o->section[INFO].len,
		.r_info = ELF64_R_INFO(1ULL, 2) };
	buf_add(&o->section[INFO_RELOCS], &rel, sizeof(rel));
	put(&o->section[INFO], 0, 8);
	put(&o->section[INFO], o->section[CODE].len, 4);
	put(&o->section[INFO], 1, 1);
	put(&o->section[INFO], DW_OP_reg10, 1);
}

/* A variable at the place that two bytes of an expression give, or one. */
static inline void
put_variable(struct dwarf_object *o, uint32_t type, int op, int operand)
{
	put_reference(o, VARIABLE, type);
	put(&o->section[INFO], operand >= 0 ? 2 : 1, 1);
	put(&o->section[INFO], (uint64_t)op, 1);
	if (operand >= 0)
		put(&o->section[INFO], (uint64_t)operand, 1);
}

/* A variable that lies in two places, each an offset from r10 with its size. */
static inline void
put_parted_variable(struct dwarf_object *o, uint32_t type, int first,
    int first_size, int second, int second_size)
{
	put_reference(o, VARIABLE, type);
	put(&o->section[INFO], 8, 1);
	put(&o->section[INFO], DW_OP_breg10, 1);
	put(&o->section[INFO], (uint64_t)first, 1);
	put(&o->section[INFO], DW_OP_piece, 1);
	put(&o->section[INFO], (uint64_t)first_size, 1);
	put(&o->section[INFO], DW_OP_breg10, 1);
	put(&o->section[INFO], (uint64_t)second, 1);
	put(&o->section[INFO], DW_OP_piece, 1);
	put(&o->section[INFO], (uint64_t)second_size, 1);
}

static inline void
put_header(struct buf *b, const Elf64_Shdr *h)
{
	buf_add(b, h, sizeof(*h));
}

/* The header of a section whose content is at the offset. */
static inline Elf64_Shdr
make_header(const struct dwarf_object *o, int i, size_t name, size_t offset)
{
	Elf64_Shdr h = { .sh_name = (Elf64_Word)name,
		.sh_type = SHT_PROGBITS,
		.sh_flags = o->flags[i],
		.sh_offset = offset,
		.sh_size = o->section[i].len,
		.sh_addralign = 1 };

	switch (i) {
	case NONE:
		h.sh_type = SHT_NULL;
		break;
	case INFO_RELOCS:
		h.sh_type = SHT_REL;
		h.sh_link = SYMBOLS;
		h.sh_info = INFO;
		h.sh_entsize = sizeof(Elf64_Rel);
		break;
	case SYMBOLS:
		h.sh_type = SHT_SYMTAB;
		h.sh_link = STRINGS;
		h.sh_info = 2;
		h.sh_entsize = sizeof(Elf64_Sym);
		break;
	case STRINGS:
		h.sh_type = SHT_STRTAB;
		break;
	}
	return h;
}

/* Ends the unit and writes the object to o->file. */
static inline void
object_build(struct dwarf_object *o)
{
	Elf64_Ehdr head = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64,
				ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_REL,
		.e_machine = EM_BPF,
		.e_version = EV_CURRENT,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = SECTIONS,
		.e_shstrndx = STRINGS };
	size_t name[SECTIONS], offset[SECTIONS];
	Elf64_Shdr h;

	end_children(o);
	if (o->section[ABBREV].len > 0)
		put(&o->section[ABBREV], 0, 1);
	patch(&o->section[INFO], 0, o->section[INFO].len - 4, 4);
	for (int i = 0; i < SECTIONS; i++) {
		name[i] = o->section[STRINGS].len;
		put_text(&o->section[STRINGS], section_names[i]);
	}
	buf_add(&o->file, &head, sizeof(head));
	for (int i = 0; i < SECTIONS; i++) {
		put(&o->file, 0, -o->file.len & 7);
		offset[i] = o->file.len;
		if (o->section[i].len > 0)
			buf_add(
			    &o->file, o->section[i].data, o->section[i].len);
	}
	put(&o->file, 0, -o->file.len & 7);
	head.e_shoff = o->file.len;
	for (int i = 0; i < SECTIONS; i++) {
		h = make_header(o, i, name[i], offset[i]);
		put_header(&o->file, &h);
	}
	memcpy(o->file.data, &head, sizeof(head));
}

static inline void
object_free(struct dwarf_object *o)
{
	for (int i = 0; i < SECTIONS; i++)
		buf_free(&o->section[i]);
	buf_free(&o->file);
}

#endif
