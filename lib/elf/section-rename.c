#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "elf/section-rename.h"
#include "types/types.h"

enum { RENAMED_MAX = 256 << 20 }; /* bytes of a changed object */

/* An object that is being changed.  Sections that grow move to the end of the
 * file, and their headers follow them there. */
struct section_rename {
	const struct bpf_elf *elf; /* borrowed */
	struct buf *out;           /* borrowed: the changed file */
	Elf64_Ehdr head;
	struct buf names; /* section names; new ones are added at the end */
	bool ops_link;    /* OPS_LINK_SECTION is renamed */
};

static bool
lies_inside(const struct section_rename *r, uint64_t offset, uint64_t len)
{
	return offset <= r->out->len && len <= r->out->len - offset;
}

static Elf64_Shdr
get_header(const struct section_rename *r, unsigned int i)
{
	Elf64_Shdr s;

	memcpy(&s, r->out->data + r->head.e_shoff + i * sizeof(s), sizeof(s));
	return s;
}

static void
set_header(struct section_rename *r, unsigned int i, const Elf64_Shdr *s)
{
	memcpy(r->out->data + r->head.e_shoff + i * sizeof(*s), s, sizeof(*s));
}

static bool
is_custom_bss(const char *name, uint32_t type, uint64_t size)
{
	return type == SHT_NOBITS && size <= TYPES_SIZE_MAX &&
	       strncmp(name, BSS_PREFIX, strlen(BSS_PREFIX)) == 0;
}

/* Whether libbpf reads the section of structs that are attached by links. */
static bool
libbpf_reads_ops_link(void)
{
	return libbpf_major_version() > 1 || libbpf_minor_version() >= 2;
}

/* Finds what there is to rename.  Returns whether there is anything. */
static bool
find_names(struct section_rename *r)
{
	Elf *elf = r->elf->elf;
	bool ops = false, ops_link = false, bss = false;
	Elf_Scn *section = NULL;
	const char *name;
	size_t strings;
	GElf_Shdr h;

	if (elf_getshdrstrndx(elf, &strings) != 0)
		return false;
	while ((section = elf_nextscn(elf, section)) != NULL) {
		if (gelf_getshdr(section, &h) == NULL ||
		    (name = elf_strptr(elf, strings, h.sh_name)) == NULL)
			continue;
		bss |= is_custom_bss(name, h.sh_type, h.sh_size);
		ops |= strcmp(name, OPS_SECTION) == 0;
		ops_link |= strcmp(name, OPS_LINK_SECTION) == 0;
	}
	r->ops_link = ops_link && !ops && !libbpf_reads_ops_link();
	if (ops_link && ops && !libbpf_reads_ops_link())
		report_notice(
		    "the structs in section " OPS_LINK_SECTION
		    " are ignored, because the object has a "
		    "section " OPS_SECTION " too; libbpf 1.2 reads both");
	return bss || r->ops_link;
}

/* Reads the ELF header and the section names of r->out.  Returns whether the
 * section headers are where this file expects them. */
static bool
read_headers(struct section_rename *r)
{
	Elf64_Shdr names;

	memcpy(&r->head, r->out->data, sizeof(r->head));
	if (r->head.e_shentsize != sizeof(Elf64_Shdr) ||
	    r->head.e_shstrndx >= r->head.e_shnum ||
	    !lies_inside(r, r->head.e_shoff,
		(uint64_t)r->head.e_shnum * sizeof(Elf64_Shdr)))
		return false;
	names = get_header(r, r->head.e_shstrndx);
	if (names.sh_type != SHT_STRTAB || names.sh_size == 0 ||
	    !lies_inside(r, names.sh_offset, names.sh_size) ||
	    r->out->data[names.sh_offset + names.sh_size - 1] != '\0')
		return false;
	buf_add(&r->names, r->out->data + names.sh_offset, names.sh_size);
	return !r->names.failed;
}

/* Appends data, or zeros if data is NULL, as the new content of section s. */
static void
append_content(
    struct section_rename *r, Elf64_Shdr *s, const void *data, size_t len)
{
	size_t pad = -r->out->len & 7;
	char *room;

	if (len > RENAMED_MAX || r->out->len > RENAMED_MAX)
		r->out->failed = true;
	if ((room = buf_room(r->out, len + 8)) == NULL)
		return;
	memset(room, 0, len + 8);
	if (data != NULL)
		memcpy(room + pad, data, len);
	s->sh_offset = r->out->len + pad;
	s->sh_size = len;
	r->out->len += pad + len;
}

/* Gives the section a new name. */
static void
rename_section(struct section_rename *r, Elf64_Shdr *s, const char *name)
{
	s->sh_name = (Elf64_Word)r->names.len;
	buf_add(&r->names, name, strlen(name) + 1);
}

/* Gives a custom .bss its new name and zeros for content. */
static void
rename_bss(struct section_rename *r, Elf64_Shdr *s, const char *old)
{
	char name[128];

	snprintf(name, sizeof(name), BSS_RENAMED "%s", old);
	rename_section(r, s, name);
	s->sh_type = SHT_PROGBITS;
	append_content(r, s, NULL, s->sh_size);
}

/* Writes the new name of the data section old to name.  Returns whether it has
 * one. */
static bool
new_datasec_name(
    const struct section_rename *r, const char *old, char name[128])
{
	if (strncmp(old, BSS_PREFIX, strlen(BSS_PREFIX)) == 0)
		snprintf(name, 128, BSS_RENAMED "%s", old);
	else if (r->ops_link && strcmp(old, OPS_LINK_SECTION) == 0)
		snprintf(name, 128, OPS_SECTION);
	else
		return false;
	return true;
}

/* Gives the data sections of the BTF their new names.  Returns 0, or -1 if
 * memory ran out. */
static int
rename_datasecs(const struct section_rename *r, struct btf *btf)
{
	unsigned int n = btf__type_cnt(btf);

	for (unsigned int id = 1; id < n; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *old = btf__name_by_offset(btf, t->name_off);
		char name[128];
		int offset;

		if (!btf_is_datasec(t) || !new_datasec_name(r, old, name))
			continue;
		offset = btf__add_str(btf, name);
		if (offset < 0)
			return -1;
		/* btf__add_str() made the BTF writable and moved its types. */
		((struct btf_type *)btf__type_by_id(btf, id))->name_off =
		    (uint32_t)offset;
	}
	return 0;
}

/* Makes a renamed copy of the BTF the new content of section s. */
static void
rename_btf(struct section_rename *r, Elf64_Shdr *s)
{
	const void *raw;
	struct btf *btf;
	uint32_t len;

	/* Another section may have the name and no BTF. */
	if (r->elf->btf == NULL)
		return;
	raw = btf__raw_data(r->elf->btf, &len);
	if (raw == NULL || (btf = btf__new(raw, len)) == NULL) {
		r->out->failed = true;
		return;
	}
	if (rename_datasecs(r, btf) == 0 &&
	    (raw = btf__raw_data(btf, &len)) != NULL)
		append_content(r, s, raw, len);
	else
		r->out->failed = true;
	btf__free(btf);
}

static void
rename_all(struct section_rename *r)
{
	const char *name;
	Elf64_Shdr s;

	for (unsigned int i = 0; i < r->head.e_shnum; i++) {
		s = get_header(r, i);
		name =
		    s.sh_name < r->names.len ? r->names.data + s.sh_name : "";
		if (is_custom_bss(name, s.sh_type, s.sh_size)) {
			rename_bss(r, &s, name);
		} else if (strcmp(name, BTF_ELF_SEC) == 0) {
			rename_btf(r, &s);
		} else if (r->ops_link && strcmp(name, OPS_LINK_SECTION) == 0) {
			rename_section(r, &s, OPS_SECTION);
		} else if (r->ops_link &&
			   strcmp(name, ".rel" OPS_LINK_SECTION) == 0) {
			rename_section(r, &s, ".rel" OPS_SECTION);
		}
		set_header(r, i, &s);
	}
	s = get_header(r, r->head.e_shstrndx);
	append_content(r, &s, r->names.data, r->names.len);
	set_header(r, r->head.e_shstrndx, &s);
}

int
section_rename(const struct bpf_elf *elf, struct buf *out)
{
	struct section_rename r = { .elf = elf, .out = out };
	bool failed;

	if (!find_names(&r))
		return 0;
	buf_add(out, elf->bytes, elf->size);
	if (!out->failed && read_headers(&r))
		rename_all(&r);
	else
		out->len = 0;
	failed = out->failed || r.names.failed;
	buf_free(&r.names);
	if (!failed)
		return 0;
	buf_free(out);
	return report_nomem();
}
