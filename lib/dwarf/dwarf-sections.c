#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/util.h"
#include "dwarf/dwarf-sections.h"

/* Relocations of BPF objects.  LLVM used the first and RELOC_32 for data too,
 * until version 13 added the others; the last two are of the GNU assembler
 * before 2.41. */
enum {
	RELOC_64 = 1,
	RELOC_ABS64 = 2,
	RELOC_ABS32 = 3,
	RELOC_NODYLD32 = 4,
	RELOC_32 = 10,
	RELOC_GNU_DATA32 = 11,
	RELOC_GNU_DATA64 = 12,
};

static const char *const dwarf_section_names[DWARF_SECTIONS] = {
	[DWARF_INFO] = "info",
	[DWARF_ABBREV] = "abbrev",
	[DWARF_STR] = "str",
	[DWARF_LINE_STR] = "line_str",
	[DWARF_STR_OFFSETS] = "str_offsets",
	[DWARF_ADDR] = "addr",
	[DWARF_LOCLISTS] = "loclists",
	[DWARF_LOC] = "loc",
	[DWARF_RNGLISTS] = "rnglists",
	[DWARF_RANGES] = "ranges",
	[DWARF_LINE] = "line",
};

/* While sections are read: the object, and which ELF sections were found. */
struct dwarf_loading {
	struct dwarf_sections *out; /* borrowed */
	Elf *elf;                   /* borrowed */
	size_t names;               /* the section with the names */
	size_t index[DWARF_SECTIONS];
	size_t budget; /* relocations that may still be read: the sections of
			  an object may overlap */
	bool compressed;
};

/* Which section of DWARF has this name; DWARF_SECTIONS if none. */
static int
find_dwarf_name(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);

	for (int i = 0; i < DWARF_SECTIONS; i++)
		if (strncmp(name, prefix, len) == 0 &&
		    strcmp(name + len, dwarf_section_names[i]) == 0)
			return i;
	return DWARF_SECTIONS;
}

static void
find_dwarf_section(struct dwarf_loading *l, Elf_Scn *scn)
{
	const char *name;
	Elf_Data *data;
	GElf_Shdr h;
	int i;

	if (gelf_getshdr(scn, &h) == NULL || h.sh_type == SHT_NOBITS ||
	    (name = elf_strptr(l->elf, l->names, h.sh_name)) == NULL)
		return;
	if (find_dwarf_name(name, ".zdebug_") != DWARF_SECTIONS)
		l->compressed = true;
	if ((i = find_dwarf_name(name, ".debug_")) == DWARF_SECTIONS ||
	    l->index[i] != 0)
		return;
	if (h.sh_flags & SHF_COMPRESSED) {
		l->compressed = true;
		return;
	}
	if ((data = elf_rawdata(scn, NULL)) == NULL || data->d_buf == NULL)
		return;
	l->index[i] = elf_ndxscn(scn);
	l->out->v[i] = (struct dwarf_span){ data->d_buf, data->d_size };
}

/* The bytes that a relocation of this type changes; 0 for none that is known.
 */
static unsigned int
get_reloc_bytes(uint64_t type)
{
	switch (type) {
	case RELOC_64:
	case RELOC_ABS64:
	case RELOC_GNU_DATA64:
		return 8;
	case RELOC_ABS32:
	case RELOC_NODYLD32:
	case RELOC_32:
	case RELOC_GNU_DATA32:
		return 4;
	default:
		return 0;
	}
}

/* The address of the symbol.  Only code has a section in it: the offsets of
 * other sections stay as they are. */
static uint64_t
get_symbol_address(Elf *elf, const GElf_Sym *sym, unsigned int bytes)
{
	Elf_Scn *scn = elf_getscn(elf, sym->st_shndx);
	GElf_Shdr h;

	if (bytes == 8 && sym->st_shndx < SHN_LORESERVE && scn != NULL &&
	    gelf_getshdr(scn, &h) != NULL && h.sh_flags & SHF_EXECINSTR)
		return DWARF_ADDRESS(sym->st_shndx, sym->st_value);
	return sym->st_value;
}

/* Adds the symbol to what the relocation gives, or else to what is there. */
static void
apply_relocation(Elf *elf, unsigned char *bytes, size_t size,
    const GElf_Rela *r, const GElf_Sym *sym, bool has_addend)
{
	unsigned int n = get_reloc_bytes(GELF_R_TYPE(r->r_info));
	uint64_t value = (uint64_t)r->r_addend;
	struct dwarf_cursor c;

	if (n == 0 || r->r_offset > size || n > size - r->r_offset)
		return;
	c = dwarf_cursor_at(&(struct dwarf_span){ bytes, size }, r->r_offset);
	if (!has_addend)
		value = dwarf_number(&c, n);
	value += get_symbol_address(elf, sym, n);
	for (unsigned int i = 0; i < n; i++)
		bytes[r->r_offset + i] = (unsigned char)(value >> 8 * i);
}

/* Applies the relocations of one section to the copy of another. */
static void
apply_section(struct dwarf_loading *l, Elf_Scn *scn, const GElf_Shdr *h,
    unsigned char *bytes, size_t size)
{
	bool has_addend = h->sh_type == SHT_RELA;
	Elf_Scn *symbol_scn = elf_getscn(l->elf, h->sh_link);
	Elf_Data *data = elf_getdata(scn, NULL), *symbols;
	GElf_Rela rela;
	GElf_Shdr symbol_header;
	GElf_Sym sym;
	GElf_Rel rel;
	size_t n;

	if (data == NULL || symbol_scn == NULL ||
	    gelf_getshdr(symbol_scn, &symbol_header) == NULL ||
	    symbol_header.sh_type != SHT_SYMTAB ||
	    (symbols = elf_getdata(symbol_scn, NULL)) == NULL)
		return;
	n = data->d_size /
	    (has_addend ? sizeof(Elf64_Rela) : sizeof(Elf64_Rel));
	for (size_t i = 0; i < n && l->budget > 0; i++, l->budget--) {
		if (has_addend && gelf_getrela(data, (int)i, &rela) == NULL)
			return;
		if (!has_addend) {
			if (gelf_getrel(data, (int)i, &rel) == NULL)
				return;
			rela = (GElf_Rela){ rel.r_offset, rel.r_info, 0 };
		}
		if (gelf_getsym(symbols, (int)GELF_R_SYM(rela.r_info), &sym) !=
		    NULL)
			apply_relocation(
			    l->elf, bytes, size, &rela, &sym, has_addend);
	}
}

/* Relocates a copy of the section that scn, if it has relocations, is for. */
static enum dwarf_state
relocate_section(struct dwarf_loading *l, Elf_Scn *scn)
{
	struct dwarf_sections *s = l->out;
	GElf_Shdr h;
	int i = 0;

	if (gelf_getshdr(scn, &h) == NULL ||
	    (h.sh_type != SHT_REL && h.sh_type != SHT_RELA) || h.sh_info == 0)
		return DWARF_READ;
	while (i < DWARF_SECTIONS && l->index[i] != h.sh_info)
		i++;
	if (i == DWARF_SECTIONS || s->v[i].n == 0)
		return DWARF_READ;
	if (s->copy[i] == NULL) {
		if ((s->copy[i] = malloc(s->v[i].n)) == NULL) {
			report_nomem();
			return DWARF_NO_MEMORY;
		}
		memcpy(s->copy[i], s->v[i].v, s->v[i].n);
		s->v[i].v = s->copy[i];
	}
	apply_section(l, scn, &h, s->copy[i], s->v[i].n);
	return DWARF_READ;
}

enum dwarf_state
dwarf_sections_open(struct dwarf_sections *s, const struct bpf_elf *elf)
{
	struct dwarf_loading l = { .out = s,
		.elf = elf->elf,
		.budget = elf->size / sizeof(Elf64_Rel) };
	enum dwarf_state state = DWARF_READ;
	Elf_Scn *scn = NULL;

	*s = (struct dwarf_sections){ 0 };
	if (elf_getshdrstrndx(elf->elf, &l.names) != 0)
		return DWARF_DAMAGED;
	while ((scn = elf_nextscn(elf->elf, scn)) != NULL)
		find_dwarf_section(&l, scn);
	if (l.compressed)
		state = DWARF_COMPRESSED;
	else if (s->v[DWARF_INFO].n == 0 || s->v[DWARF_ABBREV].n == 0)
		state = DWARF_NONE;
	while (
	    state == DWARF_READ && (scn = elf_nextscn(elf->elf, scn)) != NULL)
		state = relocate_section(&l, scn);
	if (state != DWARF_READ)
		dwarf_sections_close(s);
	return state;
}

void
dwarf_sections_close(struct dwarf_sections *s)
{
	for (int i = 0; i < DWARF_SECTIONS; i++)
		free(s->copy[i]);
	*s = (struct dwarf_sections){ 0 };
}
