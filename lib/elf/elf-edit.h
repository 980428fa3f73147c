/*
 * Changes an object file in memory: bytes of sections, what is appended to
 * them, and new sections.  Section and symbol numbers, and the ids of BTF
 * types, stay as they are.
 *
 * When memory runs out, failed is set and the other functions do nothing, so
 * that the caller checks it once, with elf_edit_finish().
 */
#ifndef SKEL_ELF_ELF_EDIT_H
#define SKEL_ELF_ELF_EDIT_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct elf_edit_section {
	Elf64_Shdr header; /* sh_offset and sh_size: as in the file before */
	struct buf data;   /* owned: the content, once it is asked for */
	bool changed;      /* data is the content */
};

struct elf_edit {
	const unsigned char *bytes; /* borrowed: the file before */
	size_t size;
	Elf64_Ehdr header;
	struct elf_edit_section *sections; /* owned */
	size_t n, cap;
	bool failed;
};

/*
 * Opens the object file of size bytes, which has passed bpf_elf_open() and must
 * outlive e.  Returns false, with e closed, if its section headers are not laid
 * out as a compiler does it, or memory ran out.
 */
bool elf_edit_open(struct elf_edit *e, const unsigned char *bytes, size_t size);
void elf_edit_close(struct elf_edit *e);

/* The content of section i, to be read: *size bytes.  NULL if it has none. */
const unsigned char *elf_edit_content(
    const struct elf_edit *e, size_t i, size_t *size);

/* The content of section i, to be changed and appended to; NULL if memory ran
 * out. */
struct buf *elf_edit_change(struct elf_edit *e, size_t i);

/* Makes section i empty. */
void elf_edit_clear(struct elf_edit *e, size_t i);

/* The name of section i, "" if it has none.  Borrowed until the next change. */
const char *elf_edit_name(const struct elf_edit *e, size_t i);

/* The first section of that name and type, or 0. */
size_t elf_edit_find(const struct elf_edit *e, const char *name, uint32_t type);

/* Adds an empty section of that type and those flags, aligned to 8 bytes.
 * Returns its number, or 0 if memory ran out. */
size_t elf_edit_add(
    struct elf_edit *e, const char *name, uint32_t type, uint64_t flags);

/* Appends text and its NUL to the string table i.  Returns its offset there. */
uint32_t elf_edit_add_string(struct elf_edit *e, size_t i, const char *text);

/* Appends the changed file to out.  Returns 0, or -1 after reporting that
 * memory ran out. */
int elf_edit_finish(struct elf_edit *e, struct buf *out);

#endif
