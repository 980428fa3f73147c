#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "elf/elf-section.h"
#include "infer/code.h"

enum {
	INSTRUCTIONS_MAX = 4 << 20, /* that are read */
	INSTRUCTION_SIZE = sizeof(struct bpf_insn),
};

static int
add_code_section(struct code *c, Elf_Scn *scn, const GElf_Shdr *sh)
{
	Elf_Data *data;
	struct code_section *s;

	if (sh->sh_type != SHT_PROGBITS || !(sh->sh_flags & SHF_EXECINSTR) ||
	    (data = elf_getdata(scn, NULL)) == NULL || data->d_buf == NULL)
		return 0;
	if (!array_room(c->sections, c->nsections, c->sections_cap))
		return report_nomem();
	s = &c->sections[c->nsections++];
	s->index = (uint32_t)elf_ndxscn(scn);
	s->bytes = data->d_buf;
	s->first = c->n;
	s->n = data->d_size / INSTRUCTION_SIZE;
	if (s->n > INSTRUCTIONS_MAX - c->n) {
		s->n = INSTRUCTIONS_MAX - c->n;
		c->incomplete = true;
	}
	c->n += s->n;
	return 0;
}

static int
read_code_sections(struct code *c)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(c->elf->elf, scn)) != NULL)
		if (gelf_getshdr(scn, &sh) != NULL &&
		    add_code_section(c, scn, &sh) == -1)
			return -1;
	if ((scn = elf_section_find(c->elf->elf, ".maps", SHT_PROGBITS)) !=
	    NULL)
		c->maps = (uint32_t)elf_ndxscn(scn);
	return 0;
}

/* The code section with this index in the file, or NULL. */
static const struct code_section *
find_code_section(const struct code *c, uint64_t index)
{
	size_t low;

	array_partition(low, c->nsections, c->sections[low].index < index);
	return low < c->nsections && c->sections[low].index == index
		   ? &c->sections[low]
		   : NULL;
}

/* The code section of instruction i. */
static const struct code_section *
find_section_of(const struct code *c, size_t i)
{
	size_t n;

	array_partition(n, c->nsections, c->sections[n].first <= i);
	return &c->sections[n > 0 ? n - 1 : 0];
}

const char *
code_symbol_name(const struct code *c, size_t symbol)
{
	const char *name = NULL;
	GElf_Sym sym;

	if (c->symbols != NULL && symbol < c->nsymbols &&
	    gelf_getsym(c->symbols, (int)symbol, &sym) != NULL)
		name = elf_strptr(c->elf->elf, c->names, sym.st_name);
	return name != NULL ? name : "";
}

static int
add_function(struct code *c, const char *name, size_t first)
{
	if (!array_room(c->functions, c->nfunctions, c->functions_cap))
		return report_nomem();
	c->functions[c->nfunctions++] =
	    (struct code_function){ .name = name, .first = first };
	return 0;
}

static int
read_function_symbols(struct code *c)
{
	const struct code_section *s;
	GElf_Sym sym;

	for (size_t i = 0; i < c->nsymbols; i++) {
		if (gelf_getsym(c->symbols, (int)i, &sym) == NULL ||
		    GELF_ST_TYPE(sym.st_info) != STT_FUNC ||
		    (s = find_code_section(c, sym.st_shndx)) == NULL ||
		    sym.st_value / INSTRUCTION_SIZE >= s->n)
			continue;
		if (add_function(c, code_symbol_name(c, i),
			s->first + sym.st_value / INSTRUCTION_SIZE) == -1)
			return -1;
	}
	return 0;
}

static int
compare_functions(const void *a, const void *b)
{
	const struct code_function *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	/* What has no name of its own stands last. */
	if ((x->name[0] == '\0') != (y->name[0] == '\0'))
		return x->name[0] == '\0' ? 1 : -1;
	return strcmp(x->name, y->name);
}

/* Finds the functions: each section of code is divided by its symbols. */
static int
read_functions(struct code *c)
{
	size_t n = 0;

	if (read_function_symbols(c) == -1)
		return -1;
	for (size_t i = 0; i < c->nsections; i++)
		if (c->sections[i].n != 0 &&
		    add_function(c, "", c->sections[i].first) == -1)
			return -1;
	if (c->nfunctions == 0)
		return 0;
	qsort(c->functions, c->nfunctions, sizeof(*c->functions),
	    compare_functions);
	for (size_t i = 0; i < c->nfunctions; i++)
		if (n == 0 ||
		    c->functions[n - 1].first != c->functions[i].first)
			c->functions[n++] = c->functions[i];
	c->nfunctions = n;
	for (size_t i = 0; i < n; i++)
		c->functions[i].n =
		    (i + 1 < n ? c->functions[i + 1].first : c->n) -
		    c->functions[i].first;
	return 0;
}

/* Stores which symbol each relocation of code refers to. */
static void
read_relocations(struct code *c, Elf_Scn *scn, const GElf_Shdr *sh)
{
	const struct code_section *s = find_code_section(c, sh->sh_info);
	Elf_Data *data;
	GElf_Rel rel;
	size_t n;

	if (sh->sh_type != SHT_REL || s == NULL ||
	    (data = elf_getdata(scn, NULL)) == NULL)
		return;
	n = data->d_size / sizeof(Elf64_Rel);
	for (size_t i = 0; i < n; i++) {
		if (gelf_getrel(data, (int)i, &rel) == NULL ||
		    rel.r_offset / INSTRUCTION_SIZE >= s->n ||
		    GELF_R_SYM(rel.r_info) >= c->nsymbols)
			continue;
		c->symbol[s->first + rel.r_offset / INSTRUCTION_SIZE] =
		    (uint32_t)GELF_R_SYM(rel.r_info);
	}
}

static int
open_code(struct code *c)
{
	Elf_Scn *scn;
	GElf_Shdr sh;

	scn = elf_section_find_type(c->elf->elf, SHT_SYMTAB, &sh);
	if (scn != NULL && (c->symbols = elf_getdata(scn, NULL)) != NULL) {
		c->nsymbols = c->symbols->d_size / sizeof(Elf64_Sym);
		c->names = sh.sh_link;
	}
	if (read_code_sections(c) == -1 || read_functions(c) == -1)
		return -1;
	if ((c->symbol = calloc(c->n + 1, sizeof(*c->symbol))) == NULL)
		return report_nomem();
	scn = NULL;
	while ((scn = elf_nextscn(c->elf->elf, scn)) != NULL)
		if (gelf_getshdr(scn, &sh) != NULL)
			read_relocations(c, scn, &sh);
	return 0;
}

int
code_open(struct code *c, const struct bpf_elf *elf)
{
	*c = (struct code){ .elf = elf };
	if (open_code(c) == 0)
		return 0;
	code_close(c);
	return -1;
}

void
code_close(struct code *c)
{
	free(c->sections);
	free(c->functions);
	free(c->symbol);
	*c = (struct code){ 0 };
}

const unsigned char *
code_bytes(const struct code *c, size_t i)
{
	const struct code_section *s = find_section_of(c, i);

	return s->bytes + (i - s->first) * INSTRUCTION_SIZE;
}

struct bpf_insn
code_instruction(const struct code *c, size_t i)
{
	struct bpf_insn insn;

	memcpy(&insn, code_bytes(c, i), sizeof(insn));
	return insn;
}

struct code_place
code_place(const struct code *c, size_t i)
{
	const struct code_section *s = find_section_of(c, i);

	return (struct code_place){ .section = s->index,
		.offset = (uint64_t)(i - s->first) * INSTRUCTION_SIZE };
}

size_t
code_number(const struct code *c, struct code_place place)
{
	const struct code_section *s = find_code_section(c, place.section);

	return s->first + place.offset / INSTRUCTION_SIZE;
}

int
code_place_compare(struct code_place a, struct code_place b)
{
	if (a.section != b.section)
		return a.section < b.section ? -1 : 1;
	return a.offset < b.offset ? -1 : a.offset > b.offset;
}

const struct code_function *
code_function(const struct code *c, size_t i)
{
	size_t n;

	array_partition(n, c->nfunctions, c->functions[n].first <= i);
	return &c->functions[n > 0 ? n - 1 : 0];
}

static struct code_reference
refer_to_code(const struct code_section *s, int64_t i)
{
	struct code_reference r = { .kind = REFERS_TO_NOTHING };

	if (s == NULL || i < 0 || (uint64_t)i >= s->n)
		return r;
	r.kind = REFERS_TO_CODE;
	r.number = s->first + (size_t)i;
	return r;
}

/* A call without a relocation stays in its section. */
static struct code_reference
refer_relatively(const struct code *c, size_t i, int32_t distance)
{
	const struct code_section *s = find_section_of(c, i);

	return refer_to_code(s, (int64_t)(i - s->first) + distance + 1);
}

struct code_reference
code_reference(const struct code *c, size_t i)
{
	struct code_reference r = { .kind = REFERS_TO_NOTHING };
	struct bpf_insn insn = code_instruction(c, i);
	bool call = insn.code == (BPF_JMP | BPF_CALL);
	const struct code_section *s;
	GElf_Sym sym;

	if (c->symbol[i] == 0)
		return call ? refer_relatively(c, i, insn.imm) : r;
	if (gelf_getsym(c->symbols, (int)c->symbol[i], &sym) == NULL ||
	    sym.st_shndx == SHN_UNDEF || sym.st_shndx >= SHN_LORESERVE)
		return r;
	if ((s = find_code_section(c, sym.st_shndx)) != NULL)
		return refer_to_code(
		    s, (int64_t)(sym.st_value / INSTRUCTION_SIZE) +
			   (call ? (int64_t)insn.imm + 1
				 : insn.imm / INSTRUCTION_SIZE));
	if (call)
		return r;
	/* libbpf knows a map by its symbol alone. */
	r.kind = sym.st_shndx == c->maps ? REFERS_TO_MAP : REFERS_TO_DATA;
	r.number =
	    r.kind == REFERS_TO_MAP ? c->symbol[i] : (size_t)sym.st_shndx;
	r.offset = (int64_t)sym.st_value + insn.imm;
	return r;
}
