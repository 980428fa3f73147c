#include <bpf/btf.h>
#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "elf/bss-rename.h"
#include "types/types.h"

enum { RENAMED_MAX = 256 << 20 }; /* bytes of a changed object */

/* An object that is being changed.  Sections that grow move to the end of the
 * file, and their headers follow them there. */
struct bss_rename {
	const struct bpf_elf *elf; /* borrowed */
	struct buf *out;           /* borrowed: the changed file */
	Elf64_Ehdr head;
	struct buf names; /* section names; new ones are added at the end */
};

static bool
lies_inside(const struct bss_rename *r, uint64_t offset, uint64_t len)
{
	return offset <= r->out->len && len <= r->out->len - offset;
}

static Elf64_Shdr
get_header(const struct bss_rename *r, unsigned int i)
{
	Elf64_Shdr s;

	memcpy(&s, r->out->data + r->head.e_shoff + i * sizeof(s), sizeof(s));
	return s;
}

static void
set_header(struct bss_rename *r, unsigned int i, const Elf64_Shdr *s)
{
	memcpy(r->out->data + r->head.e_shoff + i * sizeof(*s), s, sizeof(*s));
}

static bool
is_custom_bss(const char *name, uint32_t type, uint64_t size)
{
	return type == SHT_NOBITS && size <= TYPES_SIZE_MAX &&
	       strncmp(name, BSS_PREFIX, strlen(BSS_PREFIX)) == 0;
}

static bool
has_custom_bss(const struct bpf_elf *e)
{
	Elf_Scn *section = NULL;
	const char *name;
	size_t strings;
	GElf_Shdr h;

	if (elf_getshdrstrndx(e->elf, &strings) != 0)
		return false;
	while ((section = elf_nextscn(e->elf, section)) != NULL)
		if (gelf_getshdr(section, &h) != NULL &&
		    (name = elf_strptr(e->elf, strings, h.sh_name)) != NULL &&
		    is_custom_bss(name, h.sh_type, h.sh_size))
			return true;
	return false;
}

/* Reads the ELF header and the section names of r->out.  Returns whether the
 * section headers are where this file expects them. */
static bool
read_headers(struct bss_rename *r)
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
    struct bss_rename *r, Elf64_Shdr *s, const void *data, size_t len)
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

/* Gives the section its new name and zeros for content. */
static void
rename_section(struct bss_rename *r, Elf64_Shdr *s, const char *old)
{
	char name[128];

	snprintf(name, sizeof(name), BSS_RENAMED "%s", old);
	s->sh_name = (Elf64_Word)r->names.len;
	s->sh_type = SHT_PROGBITS;
	buf_add(&r->names, name, strlen(name) + 1);
	append_content(r, s, NULL, s->sh_size);
}

/* Gives the data sections of the BTF their new names.  Returns 0, or -1 if
 * memory ran out. */
static int
rename_datasecs(struct btf *btf)
{
	unsigned int n = btf__type_cnt(btf);

	for (unsigned int id = 1; id < n; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *old = btf__name_by_offset(btf, t->name_off);
		char name[128];
		int offset;

		if (!btf_is_datasec(t) ||
		    strncmp(old, BSS_PREFIX, strlen(BSS_PREFIX)) != 0)
			continue;
		snprintf(name, sizeof(name), BSS_RENAMED "%s", old);
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
rename_btf(struct bss_rename *r, Elf64_Shdr *s)
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
	if (rename_datasecs(btf) == 0 &&
	    (raw = btf__raw_data(btf, &len)) != NULL)
		append_content(r, s, raw, len);
	else
		r->out->failed = true;
	btf__free(btf);
}

static void
rename_all(struct bss_rename *r)
{
	const char *name;
	Elf64_Shdr s;

	for (unsigned int i = 0; i < r->head.e_shnum; i++) {
		s = get_header(r, i);
		name =
		    s.sh_name < r->names.len ? r->names.data + s.sh_name : "";
		if (is_custom_bss(name, s.sh_type, s.sh_size)) {
			rename_section(r, &s, name);
		} else if (strcmp(name, BTF_ELF_SEC) == 0) {
			rename_btf(r, &s);
		}
		set_header(r, i, &s);
	}
	s = get_header(r, r->head.e_shstrndx);
	append_content(r, &s, r->names.data, r->names.len);
	set_header(r, r->head.e_shstrndx, &s);
}

int
bss_rename(const struct bpf_elf *elf, struct buf *out)
{
	struct bss_rename r = { .elf = elf, .out = out };
	bool failed;

	if (!has_custom_bss(elf))
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
