#include <errno.h>
#include <string.h>

#include "elf/elf-handle.h"
#include "elf/elf-names.h"
#include "host/open-in-root.h"

/* The type of a note that describes a USDT probe; its owner is "stapsdt". */
enum { NOTE_PROBE = 3 };

static int
open_elf_path(struct elf_handle *h, const char *path)
{
	int fd = open_in_root_own(path);

	*h = (struct elf_handle){ 0 };
	if (fd == -1)
		return -1;
	if (elf_handle_open(h, fd) == 0)
		return 0;
	errno = ENOEXEC;
	return -1;
}

/* Finds the offset of the symbol's code in the file.  Returns false if the file
 * does not contain it. */
static bool
find_code_offset(Elf *elf, const GElf_Sym *sym, uint64_t *offset)
{
	Elf_Scn *section;
	GElf_Shdr h;

	if ((GELF_ST_TYPE(sym->st_info) != STT_FUNC &&
		GELF_ST_TYPE(sym->st_info) != STT_GNU_IFUNC) ||
	    sym->st_shndx == SHN_UNDEF || sym->st_shndx >= SHN_LORESERVE)
		return false;
	section = elf_getscn(elf, sym->st_shndx);
	if (section == NULL || gelf_getshdr(section, &h) == NULL ||
	    h.sh_type == SHT_NOBITS || sym->st_value < h.sh_addr ||
	    sym->st_value - h.sh_addr >= h.sh_size)
		return false;
	*offset = sym->st_value - h.sh_addr + h.sh_offset;
	return true;
}

/* Reads the functions of one symbol table.  Returns false if fn did. */
static bool
read_symbol_table(Elf *elf, Elf_Scn *table, const GElf_Shdr *h,
    elf_function_fn *fn, void *ctx)
{
	Elf_Data *data = elf_getdata(table, NULL);
	size_t n = h->sh_entsize > 0 ? h->sh_size / h->sh_entsize : 0;
	struct elf_function f;
	GElf_Sym sym;

	for (size_t i = 0; data != NULL && i < n; i++) {
		if (gelf_getsym(data, (int)i, &sym) == NULL)
			break;
		f.name = elf_strptr(elf, h->sh_link, sym.st_name);
		f.local = GELF_ST_BIND(sym.st_info) == STB_LOCAL;
		f.indirect = GELF_ST_TYPE(sym.st_info) == STT_GNU_IFUNC;
		if (f.name != NULL && f.name[0] != '\0' &&
		    find_code_offset(elf, &sym, &f.offset) && !fn(ctx, &f))
			return false;
	}
	return true;
}

int
elf_names_read_functions(const char *path, elf_function_fn *fn, void *ctx)
{
	Elf_Scn *section = NULL;
	struct elf_handle f = { 0 };
	GElf_Shdr h;

	if (open_elf_path(&f, path) == -1)
		return -1;
	while ((section = elf_nextscn(f.elf, section)) != NULL)
		if (gelf_getshdr(section, &h) != NULL &&
		    (h.sh_type == SHT_SYMTAB || h.sh_type == SHT_DYNSYM) &&
		    !read_symbol_table(f.elf, section, &h, fn, ctx))
			break;
	elf_handle_close(&f);
	return 0;
}

/* The description of a probe has three addresses, the name of its provider and
 * its own name.  Returns false if fn did. */
static bool
read_probe(
    const char *desc, size_t size, size_t address, elf_probe_fn *fn, void *ctx)
{
	const char *provider = desc + 3 * address, *end = desc + size, *name;

	if (size < 3 * address)
		return true;
	name = memchr(provider, '\0', (size_t)(end - provider));
	if (name == NULL)
		return true;
	name++;
	return memchr(name, '\0', (size_t)(end - name)) == NULL ||
	       fn(ctx, provider, name);
}

/* Reads the probes of one section of notes.  Returns false if fn did. */
static bool
read_probe_notes(Elf *elf, Elf_Data *data, elf_probe_fn *fn, void *ctx)
{
	size_t address = gelf_getclass(elf) == ELFCLASS32 ? 4 : 8;
	size_t at = 0, next, name, desc;
	GElf_Nhdr h;

	while ((next = gelf_getnote(data, at, &h, &name, &desc)) > 0) {
		const char *bytes = data->d_buf;

		if (h.n_type == NOTE_PROBE && h.n_namesz == 8 &&
		    memcmp(bytes + name, "stapsdt", 8) == 0 &&
		    !read_probe(bytes + desc, h.n_descsz, address, fn, ctx))
			return false;
		at = next;
	}
	return true;
}

int
elf_names_read_probes(const char *path, elf_probe_fn *fn, void *ctx)
{
	Elf_Scn *section = NULL;
	Elf_Data *data;
	struct elf_handle f = { 0 };
	GElf_Shdr h;

	if (open_elf_path(&f, path) == -1)
		return -1;
	while ((section = elf_nextscn(f.elf, section)) != NULL) {
		if (gelf_getshdr(section, &h) == NULL || h.sh_type != SHT_NOTE)
			continue;
		data = elf_getdata(section, NULL);
		if (data != NULL && !read_probe_notes(f.elf, data, fn, ctx))
			break;
	}
	elf_handle_close(&f);
	return 0;
}
