#include <bpf/btf.h>
#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "elf/bss-rename.h"
#include "types/types.h"

enum { IMAGE_MAX = 256 << 20 };

/* An object that is being changed.  What grows goes to the end of the image
 * and its header follows it there. */
struct image {
	struct buf *bytes; /* borrowed */
	Elf64_Ehdr head;
	struct buf names; /* section names, new ones at the end */
};

static bool
is_inside(const struct image *m, uint64_t offset, uint64_t len)
{
	return offset <= m->bytes->len && len <= m->bytes->len - offset;
}

static Elf64_Shdr
get_section(const struct image *m, unsigned int i)
{
	Elf64_Shdr s;

	memcpy(&s, m->bytes->data + m->head.e_shoff + i * sizeof(s), sizeof(s));
	return s;
}

static void
set_section(struct image *m, unsigned int i, const Elf64_Shdr *s)
{
	memcpy(
	    m->bytes->data + m->head.e_shoff + i * sizeof(*s), s, sizeof(*s));
}

/* The section's name, "" if it has none. */
static const char *
section_name(const struct image *m, const Elf64_Shdr *s)
{
	return s->sh_name < m->names.len ? m->names.data + s->sh_name : "";
}

/* Whether the image is a little-endian 64-bit ELF whose section headers and
 * their names can be read; then m is set. */
static bool
open_image(struct image *m)
{
	Elf64_Shdr names;

	if (!is_inside(m, 0, sizeof(m->head)))
		return false;
	memcpy(&m->head, m->bytes->data, sizeof(m->head));
	if (memcmp(m->head.e_ident, ELFMAG, SELFMAG) != 0 ||
	    m->head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    m->head.e_ident[EI_DATA] != ELFDATA2LSB ||
	    m->head.e_shentsize != sizeof(Elf64_Shdr) ||
	    m->head.e_shstrndx >= m->head.e_shnum ||
	    !is_inside(m, m->head.e_shoff,
		(uint64_t)m->head.e_shnum * sizeof(Elf64_Shdr)))
		return false;
	names = get_section(m, m->head.e_shstrndx);
	if (names.sh_type != SHT_STRTAB || names.sh_size == 0 ||
	    !is_inside(m, names.sh_offset, names.sh_size) ||
	    m->bytes->data[names.sh_offset + names.sh_size - 1] != '\0')
		return false;
	buf_add(&m->names, m->bytes->data + names.sh_offset, names.sh_size);
	return !m->names.failed;
}

static bool
is_custom_bss(const struct image *m, const Elf64_Shdr *s)
{
	return s->sh_type == SHT_NOBITS && s->sh_size <= TYPES_SIZE_MAX &&
	       strncmp(section_name(m, s), BSS_PREFIX, strlen(BSS_PREFIX)) == 0;
}

/* Append data, or zeros if NULL, as the section's content. */
static void
append(struct image *m, Elf64_Shdr *s, const void *data, size_t len)
{
	size_t pad = -m->bytes->len & 7;
	char *room;

	if (len > IMAGE_MAX || m->bytes->len > IMAGE_MAX)
		m->bytes->failed = true;
	if ((room = buf_room(m->bytes, len + 8)) == NULL)
		return;
	memset(room, 0, len + 8);
	if (data != NULL)
		memcpy(room + pad, data, len);
	s->sh_offset = m->bytes->len + pad;
	s->sh_size = len;
	m->bytes->len += pad + len;
}

/* Make the section one of zeros under its new name. */
static void
rename_section(struct image *m, unsigned int i, Elf64_Shdr *s)
{
	size_t at = m->names.len;
	char name[128];

	snprintf(name, sizeof(name), BSS_RENAMED "%s", section_name(m, s));
	buf_add(&m->names, name, strlen(name) + 1);
	s->sh_name = (Elf64_Word)at;
	s->sh_type = SHT_PROGBITS;
	append(m, s, NULL, s->sh_size);
	set_section(m, i, s);
}

/* Give the BTF's data sections their new names.  Returns 0, or -1. */
static int
rename_types(struct btf *btf)
{
	unsigned int n = btf__type_cnt(btf);

	for (unsigned int id = 1; id < n; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *old = btf__name_by_offset(btf, t->name_off);
		char name[128];
		int at;

		if (!btf_is_datasec(t) || old == NULL ||
		    strncmp(old, BSS_PREFIX, strlen(BSS_PREFIX)) != 0)
			continue;
		snprintf(name, sizeof(name), BSS_RENAMED "%s", old);
		at = btf__add_str(btf, name);
		if (at < 0)
			return -1;
		/* btf__add_str() has made btf one that may be written to, and
		 * moved it. */
		((struct btf_type *)btf__type_by_id(btf, id))->name_off =
		    (uint32_t)at;
	}
	return 0;
}

static void
rename_btf(struct image *m, unsigned int i, Elf64_Shdr *s)
{
	struct btf *btf;
	const void *raw;
	uint32_t len;

	if (!is_inside(m, s->sh_offset, s->sh_size))
		return;
	btf = btf__new(m->bytes->data + s->sh_offset, (uint32_t)s->sh_size);
	if (btf == NULL)
		return;
	if (rename_types(btf) == 0 &&
	    (raw = btf__raw_data(btf, &len)) != NULL) {
		append(m, s, raw, len);
		set_section(m, i, s);
	}
	btf__free(btf);
}

static void
rename_all(struct image *m)
{
	Elf64_Shdr s;

	for (unsigned int i = 0; i < m->head.e_shnum; i++) {
		s = get_section(m, i);
		if (is_custom_bss(m, &s))
			rename_section(m, i, &s);
		else if (strcmp(section_name(m, &s), ".BTF") == 0)
			rename_btf(m, i, &s);
	}
	s = get_section(m, m->head.e_shstrndx);
	append(m, &s, m->names.data, m->names.len);
	set_section(m, m->head.e_shstrndx, &s);
}

static bool
has_custom_bss(const struct image *m)
{
	for (unsigned int i = 0; i < m->head.e_shnum; i++) {
		Elf64_Shdr s = get_section(m, i);

		if (is_custom_bss(m, &s))
			return true;
	}
	return false;
}

int
bss_rename(const unsigned char *elf, size_t size, struct buf *out)
{
	struct image m = { .bytes = out };
	bool failed;

	buf_add(out, elf, size);
	if (!out->failed && open_image(&m) && has_custom_bss(&m))
		rename_all(&m);
	else
		out->len = 0;
	failed = out->failed || m.names.failed;
	buf_free(&m.names);
	if (!failed)
		return 0;
	buf_free(out);
	return report_nomem();
}
