/*
 * Changes ELF objects where their readers look: headers, sections, symbols,
 * relocations, instructions and BTF.  Sections grow and shrink, and what lies
 * behind them moves along.  An input that begins as BTF is taken as that.
 */
#include <elf.h>
#include <linux/btf.h>

#include "mutate.h"

enum {
	MOVED_MAX = 64,  /* bytes that a section grows or shrinks by */
	WINDOW_MAX = 64, /* bytes of a section that libFuzzer changes at once */
};

/* A field of a structure of the file. */
struct field {
	size_t offset, bytes;
};

#define FIELD(type, member)                                                    \
	{                                                                      \
		offsetof(type, member), sizeof(((type *)0)->member)            \
	}

static const struct field in_header[] = { FIELD(Elf64_Ehdr, e_type),
	FIELD(Elf64_Ehdr, e_machine), FIELD(Elf64_Ehdr, e_phoff),
	FIELD(Elf64_Ehdr, e_shoff), FIELD(Elf64_Ehdr, e_phentsize),
	FIELD(Elf64_Ehdr, e_phnum), FIELD(Elf64_Ehdr, e_shentsize),
	FIELD(Elf64_Ehdr, e_shnum), FIELD(Elf64_Ehdr, e_shstrndx) };
static const struct field in_section[] = { FIELD(Elf64_Shdr, sh_name),
	FIELD(Elf64_Shdr, sh_type), FIELD(Elf64_Shdr, sh_flags),
	FIELD(Elf64_Shdr, sh_addr), FIELD(Elf64_Shdr, sh_offset),
	FIELD(Elf64_Shdr, sh_size), FIELD(Elf64_Shdr, sh_link),
	FIELD(Elf64_Shdr, sh_info), FIELD(Elf64_Shdr, sh_addralign),
	FIELD(Elf64_Shdr, sh_entsize) };
static const struct field in_segment[] = { FIELD(Elf64_Phdr, p_type),
	FIELD(Elf64_Phdr, p_flags), FIELD(Elf64_Phdr, p_offset),
	FIELD(Elf64_Phdr, p_vaddr), FIELD(Elf64_Phdr, p_filesz) };
static const struct field in_symbol[] = { FIELD(Elf64_Sym, st_name),
	FIELD(Elf64_Sym, st_info), FIELD(Elf64_Sym, st_other),
	FIELD(Elf64_Sym, st_shndx), FIELD(Elf64_Sym, st_value),
	FIELD(Elf64_Sym, st_size) };
/* The symbol of a relocation is the upper half of its r_info. */
static const struct field in_relocation[] = { FIELD(Elf64_Rel, r_offset),
	{ offsetof(Elf64_Rel, r_info), 4 },
	{ offsetof(Elf64_Rel, r_info) + 4, 4 } };
/* Of an instruction of BPF: the code, the registers, the offset, the number. */
static const struct field in_code[] = { { 0, 1 }, { 1, 1 }, { 2, 2 },
	{ 4, 4 } };
static const struct field in_btf[] = { FIELD(struct btf_header, hdr_len),
	FIELD(struct btf_header, type_off), FIELD(struct btf_header, type_len),
	FIELD(struct btf_header, str_off), FIELD(struct btf_header, str_len) };

#define CHANGE(m, offset, fields)                                              \
	change_field(m, offset, fields, sizeof(fields) / sizeof((fields)[0]))

static void
change_field(
    struct mutation *m, uint64_t offset, const struct field *v, size_t n)
{
	const struct field *f = &v[mutate_random(m, n)];

	mutate_number(m, offset + f->offset, f->bytes);
}

static bool
is_inside(const struct mutation *m, uint64_t offset, uint64_t bytes)
{
	return offset <= m->size && bytes <= m->size - offset;
}

/* Reads the header of section i.  Returns its offset, or 0 if there is none. */
static uint64_t
get_section(const struct mutation *m, size_t i, Elf64_Shdr *s)
{
	Elf64_Ehdr e;
	uint64_t at;

	memcpy(&e, m->data, sizeof(e));
	at = e.e_shoff + i * sizeof(*s);
	if (i >= e.e_shnum || e.e_shoff > m->size ||
	    !is_inside(m, at, sizeof(*s)))
		return 0;
	memcpy(s, m->data + at, sizeof(*s));
	return at;
}

/* Reads the header of a section by chance. */
static uint64_t
choose_section(struct mutation *m, Elf64_Shdr *s)
{
	Elf64_Ehdr e;

	memcpy(&e, m->data, sizeof(e));
	return get_section(m, mutate_random(m, (size_t)e.e_shnum + 1), s);
}

/* Whether the section holds BTF of either kind; both begin with the same mark.
 */
static bool
is_btf(const struct mutation *m, const Elf64_Shdr *s)
{
	return s->sh_type == SHT_PROGBITS &&
	       is_inside(m, s->sh_offset, s->sh_size) &&
	       s->sh_size >= sizeof(struct btf_header) &&
	       mutate_get(m->data + s->sh_offset, 2) == BTF_MAGIC;
}

/* The bytes that follow a type. */
static size_t
get_type_tail(uint32_t info)
{
	size_t n = BTF_INFO_VLEN(info);

	switch (BTF_INFO_KIND(info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return n * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
	case BTF_KIND_FUNC_PROTO:
		return n * 8;
	case BTF_KIND_DATASEC:
	case BTF_KIND_ENUM64:
		return n * 12;
	default:
		return 0;
	}
}

/* Makes the type at the offset another kind of the same length if it can, or
 * changes one of its numbers: name, kind and count, size or type, members. */
static void
change_type(struct mutation *m, uint64_t at, size_t tail)
{
	uint32_t info = (uint32_t)mutate_get(m->data + at + 4, 4);
	uint32_t kind = (uint32_t)mutate_random(m, BTF_KIND_ENUM64 + 1);
	size_t word = mutate_random(m, 3 + tail / 4);

	if (word != 1) {
		mutate_number(m, at + word * 4, 4);
		return;
	}
	switch (mutate_random(m, 4)) {
	case 0:
		info += 1;
		break;
	case 1:
		info -= 1;
		break;
	case 2:
		info ^= 1U << 31; /* the flag of the kind */
		break;
	default:
		info = (info & ~(0x1fU << 24)) | kind << 24;
		break;
	}
	mutate_put(m->data + at + 4, 4, info);
}

/* Changes a type of the BTF by chance, or sets it to the type or the name of
 * another, as circles need. */
static void
change_types(struct mutation *m, uint64_t start, uint64_t end)
{
	size_t skip = mutate_random(m, 1 + (size_t)(end - start) / 16), tail;

	for (uint64_t at = start; is_inside(m, at, 12) && at + 12 <= end;
	     at += 12 + tail) {
		tail = get_type_tail((uint32_t)mutate_get(m->data + at + 4, 4));
		if (!is_inside(m, at, 12 + tail))
			return;
		if (skip-- > 0)
			continue;
		if (mutate_random(m, 3) == 0)
			mutate_put(m->data + at + 8, 4, mutate_random(m, 64));
		else
			change_type(m, at, tail);
		return;
	}
}

/* Changes the BTF at the offset: its header, a type, or a byte of its strings.
 */
static void
change_btf(struct mutation *m, uint64_t at, uint64_t size)
{
	struct btf_header h;
	uint64_t types, strings;

	memcpy(&h, m->data + at, sizeof(h));
	types = at + h.hdr_len + h.type_off;
	strings = at + h.hdr_len + h.str_off;
	switch (mutate_random(m, 8)) {
	case 0:
		CHANGE(m, at, in_btf);
		break;
	case 1:
		if (h.str_len > 0)
			mutate_number(
			    m, strings + mutate_random(m, h.str_len), 1);
		break;
	case 2:
		/* Words of either, as those of .BTF.ext are. */
		mutate_number(m, at + mutate_random(m, size / 4 + 1) * 4, 4);
		break;
	default:
		if (is_inside(m, types, h.type_len))
			change_types(m, types, types + h.type_len);
		break;
	}
}

/* Lets libFuzzer change a few bytes, and not their number. */
static void
change_bytes(struct mutation *m, uint64_t at, uint64_t size)
{
	uint8_t window[WINDOW_MAX] = { 0 };
	size_t n = size < WINDOW_MAX ? (size_t)size : WINDOW_MAX;

	if (n == 0)
		return;
	at += mutate_random(m, (size_t)size - n + 1);
	memcpy(window, m->data + at, n);
	LLVMFuzzerMutate(window, n, n);
	memcpy(m->data + at, window, n);
}

static void
change_content(struct mutation *m, const Elf64_Shdr *s)
{
	uint64_t at = s->sh_offset, size = s->sh_size;

	if (s->sh_type == SHT_NOBITS || size == 0 || !is_inside(m, at, size))
		return;
	if (is_btf(m, s) && mutate_random(m, 8) != 0)
		change_btf(m, at, size);
	else if (s->sh_type == SHT_SYMTAB || s->sh_type == SHT_DYNSYM)
		CHANGE(m, at + mutate_random(m, size / 24 + 1) * 24, in_symbol);
	else if (s->sh_type == SHT_REL)
		CHANGE(m, at + mutate_random(m, size / 16 + 1) * 16,
		    in_relocation);
	else if (s->sh_flags & SHF_EXECINSTR && mutate_random(m, 4) != 0)
		CHANGE(m, at + mutate_random(m, size / 8 + 1) * 8, in_code);
	else
		change_bytes(m, at, size);
}

/* Moves the offsets of what lies behind a place that so many bytes were added
 * to; a negative number was removed. */
static void
move_offsets(struct mutation *m, uint64_t place, int64_t by)
{
	Elf64_Ehdr e;
	Elf64_Shdr s;
	uint64_t at;

	memcpy(&e, m->data, sizeof(e));
	if (e.e_shoff >= place)
		e.e_shoff += (uint64_t)by;
	memcpy(m->data, &e, sizeof(e));
	for (size_t i = 0; (at = get_section(m, i, &s)) != 0; i++)
		if (s.sh_offset >= place && s.sh_size > 0)
			mutate_put(
			    m->data + at + offsetof(Elf64_Shdr, sh_offset), 8,
			    s.sh_offset + (uint64_t)by);
}

/* Adds bytes at the end of a section, which are those before them, or removes
 * some; keeps the alignment of what follows. */
static void
resize_section(struct mutation *m, uint64_t header, const Elf64_Shdr *s)
{
	uint64_t end = s->sh_offset + s->sh_size, size = s->sh_size;
	size_t n = 8 * (1 + mutate_random(m, MOVED_MAX / 8));
	bool grows = mutate_random(m, 2) == 0;

	if (s->sh_type == SHT_NOBITS || !is_inside(m, s->sh_offset, size) ||
	    n > size || header < end || (grows && n > m->max - m->size))
		return;
	mutate_put(m->data + header + offsetof(Elf64_Shdr, sh_size), 8,
	    grows ? size + n : size - n);
	memmove(m->data + (grows ? end + n : end - n), m->data + end,
	    m->size - end);
	if (grows)
		memcpy(m->data + end, m->data + end - n, n);
	m->size = grows ? m->size + n : m->size - n;
	move_offsets(m, end, grows ? (int64_t)n : -(int64_t)n);
}

/* Gives the section the type, flags, links and size of another. */
static void
copy_section(struct mutation *m, uint64_t header, const Elf64_Shdr *s)
{
	const struct field *f = &in_section[mutate_random(
	    m, sizeof(in_section) / sizeof(in_section[0]))];

	memcpy(m->data + header + f->offset, (const uint8_t *)s + f->offset,
	    f->bytes);
}

static void
change_segment(struct mutation *m)
{
	Elf64_Ehdr e;

	memcpy(&e, m->data, sizeof(e));
	if (e.e_phnum > 0 && e.e_phoff < m->size)
		CHANGE(m,
		    e.e_phoff +
			mutate_random(m, e.e_phnum) * sizeof(Elf64_Phdr),
		    in_segment);
}

static void
change_elf(struct mutation *m)
{
	Elf64_Shdr s, other;
	uint64_t at = choose_section(m, &s);
	size_t what = mutate_random(m, 32);

	if (what == 0)
		CHANGE(m, 0, in_header);
	else if (what == 1)
		change_segment(m);
	else if (at == 0)
		return;
	else if (what <= 4)
		CHANGE(m, at, in_section);
	else if (what == 5 && choose_section(m, &other) != 0)
		copy_section(m, at, &other);
	else if (what <= 8)
		resize_section(m, at, &s);
	else
		change_content(m, &s);
}

static bool
is_elf(const struct mutation *m)
{
	return m->size >= sizeof(Elf64_Ehdr) &&
	       memcmp(m->data, ELFMAG, SELFMAG) == 0 &&
	       m->data[EI_CLASS] == ELFCLASS64;
}

size_t
LLVMFuzzerCustomMutator(
    uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	struct mutation m = {
		.data = data, .size = size, .max = max_size, .random = seed
	};
	bool btf = size >= sizeof(struct btf_header) &&
		   mutate_get(data, 2) == BTF_MAGIC;

	if ((!btf && !is_elf(&m)) || mutate_random(&m, 8) == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	for (size_t n = 1 + mutate_random(&m, 3); n > 0; n--)
		if (btf)
			change_btf(&m, 0, m.size);
		else if (is_elf(&m))
			change_elf(&m);
	return m.size;
}
