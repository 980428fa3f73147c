/*
 * Small ELF files, which tests make section by section, and may damage.
 */
#ifndef SKEL_UNIT_ELF_FILE_H
#define SKEL_UNIT_ELF_FILE_H

#include <elf.h>
#include <string.h>

#include "base/buf.h"

enum { ELF_FILE_SECTIONS = 16 };

struct elf_file {
	Elf64_Ehdr header;
	Elf64_Shdr
	    sections[ELF_FILE_SECTIONS]; /* sh_offset is set at the end */
	struct buf content[ELF_FILE_SECTIONS];
	size_t n;
	struct buf names; /* of sections and symbols: the content of .strtab */
};

static inline uint32_t
elf_file_name(struct elf_file *f, const char *name)
{
	size_t at = f->names.len;

	buf_add(&f->names, name, strlen(name) + 1);
	return (uint32_t)at;
}

/* Adds a section with size bytes of content, NULL for zeros.  Returns its
 * number. */
static inline size_t
elf_file_add(struct elf_file *f, const char *name, uint32_t type,
    uint64_t flags, const void *content, size_t size)
{
	Elf64_Shdr *h = &f->sections[f->n];

	*h = (Elf64_Shdr){ .sh_name = elf_file_name(f, name),
		.sh_type = type,
		.sh_flags = flags,
		.sh_size = size,
		.sh_addralign = 1 };
	if (type == SHT_SYMTAB || type == SHT_DYNSYM) {
		h->sh_entsize = sizeof(Elf64_Sym);
		h->sh_link = 1;
		h->sh_addralign = 8;
	}
	for (size_t i = 0; type != SHT_NOBITS && i < size; i++)
		buf_chr(&f->content[f->n],
		    content != NULL ? ((const char *)content)[i] : '\0');
	return f->n++;
}

/* Begins a file for the machine, with its null section and .strtab. */
static inline void
elf_file_begin(struct elf_file *f, uint16_t machine, uint16_t type)
{
	*f = (struct elf_file){ .header = { .e_type = type,
				    .e_machine = machine,
				    .e_version = EV_CURRENT,
				    .e_ehsize = sizeof(Elf64_Ehdr),
				    .e_shentsize = sizeof(Elf64_Shdr),
				    .e_shstrndx = 1 } };
	memcpy(f->header.e_ident, ELFMAG, SELFMAG);
	f->header.e_ident[EI_CLASS] = ELFCLASS64;
	f->header.e_ident[EI_DATA] = ELFDATA2LSB;
	f->header.e_ident[EI_VERSION] = EV_CURRENT;
	elf_file_add(f, "", SHT_NULL, 0, NULL, 0);
	elf_file_add(f, ".strtab", SHT_STRTAB, 0, NULL, 0);
}

/* Writes the file to out and frees f. */
static inline void
elf_file_end(struct elf_file *f, struct buf *out)
{
	size_t at = sizeof(f->header), pad;

	buf_add(&f->content[1], f->names.data, f->names.len);
	f->sections[1].sh_size = f->names.len;
	for (size_t i = 1; i < f->n; i++) {
		at = (at + 7) & ~(size_t)7;
		f->sections[i].sh_offset = at;
		at += f->content[i].len;
	}
	f->header.e_shoff = (at + 7) & ~(size_t)7;
	f->header.e_shnum = (uint16_t)f->n;
	buf_add(out, &f->header, sizeof(f->header));
	for (size_t i = 1; i <= f->n; i++) {
		for (pad = -out->len & 7; pad > 0; pad--)
			buf_chr(out, '\0');
		if (i < f->n)
			buf_add(out, f->content[i].data, f->content[i].len);
	}
	buf_add(out, f->sections, f->n * sizeof(f->sections[0]));
	for (size_t i = 0; i < f->n; i++)
		buf_free(&f->content[i]);
	buf_free(&f->names);
}

#endif
