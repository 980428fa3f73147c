#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "elf/elf-section.h"
#include "elf/map-refs.h"

#define MAPS_SECTION ".maps"

enum { CALLED_MAX = 64 }; /* functions that are read for a program */

/* The symbols of an object. */
struct ref_symbols {
	Elf *elf;        /* borrowed, as all here */
	Elf_Data *table; /* NULL: there are none */
	size_t strings;  /* the section of their names */
	size_t n;
	size_t maps, text; /* the sections of maps and functions; or 0 */
};

static size_t
section_index(Elf *elf, const char *name)
{
	Elf_Scn *section = elf_section_find(elf, name, SHT_NULL);

	return section != NULL ? elf_ndxscn(section) : 0;
}

static void
open_symbols(struct ref_symbols *s, Elf *elf)
{
	GElf_Shdr h;
	Elf_Scn *section = elf_section_find_type(elf, SHT_SYMTAB, &h);

	*s = (struct ref_symbols){ .elf = elf };
	if (section == NULL || h.sh_entsize == 0)
		return;
	s->table = elf_getdata(section, NULL);
	s->strings = h.sh_link;
	s->n = s->table != NULL ? s->table->d_size / h.sh_entsize : 0;
	s->maps = section_index(elf, MAPS_SECTION);
	s->text = section_index(elf, ".text");
}

/* The name of symbol number i, which is written to *symbol; or NULL. */
static const char *
symbol_name(const struct ref_symbols *s, size_t i, GElf_Sym *symbol)
{
	if (i >= s->n || gelf_getsym(s->table, (int)i, symbol) == NULL)
		return NULL;
	return elf_strptr(s->elf, s->strings, symbol->st_name);
}

/* The relocations of the section with this index, or NULL. */
static Elf_Data *
find_relocations(const struct ref_symbols *s, size_t of)
{
	Elf_Scn *section = NULL;
	GElf_Shdr h;

	while (of != 0 && (section = elf_nextscn(s->elf, section)) != NULL)
		if (gelf_getshdr(section, &h) != NULL && h.sh_type == SHT_REL &&
		    h.sh_info == of)
			return elf_getdata(section, NULL);
	return NULL;
}

/* A part of a section that is read, and the functions of .text that it calls.
 */
struct ref_walk {
	const struct ref_symbols *symbols; /* borrowed */
	map_refs_fn *fn;
	void *ctx;
	GElf_Sym called[CALLED_MAX];
	size_t ncalled;
};

/* Have the function at this offset of .text read too. */
static void
add_called(struct ref_walk *w, uint64_t offset)
{
	GElf_Sym symbol;

	for (size_t i = 0; i < w->ncalled; i++)
		if (w->called[i].st_value == offset)
			return;
	for (size_t i = 0; i < w->symbols->n && w->ncalled < CALLED_MAX; i++)
		if (symbol_name(w->symbols, i, &symbol) != NULL &&
		    GELF_ST_TYPE(symbol.st_info) == STT_FUNC &&
		    symbol.st_shndx == w->symbols->text &&
		    symbol.st_value == offset) {
			w->called[w->ncalled++] = symbol;
			return;
		}
}

/* The instruction at this offset of the section.  Returns false if there is
 * none. */
static bool
read_instruction(
    const Elf_Data *code, uint64_t offset, struct bpf_insn *instruction)
{
	if (code == NULL || code->d_size < sizeof(*instruction) ||
	    offset > code->d_size - sizeof(*instruction))
		return false;
	memcpy(instruction, (const char *)code->d_buf + offset,
	    sizeof(*instruction));
	return true;
}

/* Add the function of .text that an instruction calls, or loads the address of,
 * by its relocation. */
static void
add_relocated(struct ref_walk *w, const Elf_Data *code, uint64_t offset,
    const GElf_Sym *symbol)
{
	struct bpf_insn i;

	if (!read_instruction(code, offset, &i))
		return;
	if (i.code == (BPF_JMP | BPF_CALL))
		add_called(
		    w, symbol->st_value + ((uint64_t)(int64_t)i.imm + 1) * 8);
	else
		add_called(w, symbol->st_value + (uint64_t)(int64_t)i.imm);
}

/* Read the references of the function, whose section is code. */
static void
read_function(struct ref_walk *w, const GElf_Sym *function)
{
	const struct ref_symbols *s = w->symbols;
	uint64_t begin = function->st_value, end = begin + function->st_size;
	Elf_Data *relocations = find_relocations(s, function->st_shndx);
	Elf_Data *code =
	    elf_getdata(elf_getscn(s->elf, function->st_shndx), NULL);
	struct bpf_insn insn;
	const char *name;
	GElf_Sym symbol;
	GElf_Rel r;

	for (int i = 0;
	     relocations != NULL && gelf_getrel(relocations, i, &r) != NULL;
	     i++) {
		if (r.r_offset < begin || r.r_offset >= end ||
		    (name = symbol_name(s, GELF_R_SYM(r.r_info), &symbol)) ==
			NULL ||
		    symbol.st_shndx == SHN_UNDEF)
			continue;
		if (symbol.st_shndx == s->maps)
			w->fn(w->ctx, name);
		else if (symbol.st_shndx == s->text)
			add_relocated(w, code, r.r_offset, &symbol);
	}
	/* Calls inside of .text need no relocation. */
	for (uint64_t at = begin; function->st_shndx == s->text && at < end &&
				  read_instruction(code, at, &insn);
	     at += sizeof(insn))
		if (insn.code == (BPF_JMP | BPF_CALL) &&
		    insn.src_reg == BPF_PSEUDO_CALL)
			add_called(
			    w, at + ((uint64_t)(int64_t)insn.imm + 1) * 8);
}

void
map_refs_read_program(Elf *elf, const char *program, map_refs_fn *fn, void *ctx)
{
	struct ref_symbols s;
	struct ref_walk w = { .symbols = &s, .fn = fn, .ctx = ctx };
	const char *name;
	GElf_Sym symbol;

	open_symbols(&s, elf);
	for (size_t i = 0; i < s.n; i++) {
		name = symbol_name(&s, i, &symbol);
		if (name == NULL || GELF_ST_TYPE(symbol.st_info) != STT_FUNC ||
		    strcmp(name, program) != 0)
			continue;
		read_function(&w, &symbol);
		for (size_t k = 0; k < w.ncalled; k++)
			read_function(&w, &w.called[k]);
		return;
	}
}

void
map_refs_read_values(Elf *elf, map_refs_fn *fn, void *ctx)
{
	Elf_Data *relocations;
	struct ref_symbols s;
	const char *name;
	GElf_Sym symbol;
	GElf_Rel r;

	open_symbols(&s, elf);
	relocations = find_relocations(&s, s.maps);
	for (int i = 0;
	     relocations != NULL && gelf_getrel(relocations, i, &r) != NULL;
	     i++) {
		name = symbol_name(&s, GELF_R_SYM(r.r_info), &symbol);
		if (name != NULL && GELF_ST_TYPE(symbol.st_info) == STT_FUNC)
			fn(ctx, name);
	}
}
