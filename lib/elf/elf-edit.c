#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "elf/elf-edit.h"

enum { EDIT_ALIGN = 8 };

static bool
lies_in_file(const struct elf_edit *e, uint64_t offset, uint64_t len)
{
	return offset <= e->size && len <= e->size - offset;
}

/* Whether every section header is where a compiler puts it. */
static bool
read_edit_headers(struct elf_edit *e)
{
	size_t n = e->header.e_shnum;

	if (e->header.e_shentsize != sizeof(Elf64_Shdr) || n == 0 ||
	    e->header.e_shstrndx == 0 || e->header.e_shstrndx >= n ||
	    !lies_in_file(e, e->header.e_shoff, n * sizeof(Elf64_Shdr)))
		return false;
	if ((e->sections = calloc(n, sizeof(*e->sections))) == NULL)
		return false;
	e->n = e->cap = n;
	for (size_t i = 0; i < n; i++) {
		Elf64_Shdr *h = &e->sections[i].header;

		memcpy(h, e->bytes + e->header.e_shoff + i * sizeof(*h),
		    sizeof(*h));
		if (h->sh_type != SHT_NOBITS && i != 0 &&
		    !lies_in_file(e, h->sh_offset, h->sh_size))
			return false;
	}
	return true;
}

bool
elf_edit_open(struct elf_edit *e, const unsigned char *bytes, size_t size)
{
	*e = (struct elf_edit){ .bytes = bytes, .size = size };
	if (size < sizeof(e->header))
		return false;
	memcpy(&e->header, bytes, sizeof(e->header));
	if (read_edit_headers(e))
		return true;
	elf_edit_close(e);
	return false;
}

void
elf_edit_close(struct elf_edit *e)
{
	for (size_t i = 0; i < e->n; i++)
		buf_free(&e->sections[i].data);
	free(e->sections);
	*e = (struct elf_edit){ 0 };
}

const unsigned char *
elf_edit_content(const struct elf_edit *e, size_t i, size_t *size)
{
	const struct elf_edit_section *s = &e->sections[i];

	*size = 0;
	if (s->changed) {
		*size = s->data.len;
		return (const unsigned char *)s->data.data;
	}
	if (s->header.sh_type == SHT_NOBITS || i == 0)
		return NULL;
	*size = s->header.sh_size;
	return e->bytes + s->header.sh_offset;
}

struct buf *
elf_edit_change(struct elf_edit *e, size_t i)
{
	struct elf_edit_section *s = &e->sections[i];
	const unsigned char *content;
	size_t size;

	if (!s->changed) {
		content = elf_edit_content(e, i, &size);
		if (size > 0)
			buf_add(&s->data, content, size);
		s->changed = true;
	}
	if (s->data.failed)
		e->failed = true;
	return e->failed ? NULL : &s->data;
}

void
elf_edit_clear(struct elf_edit *e, size_t i)
{
	e->sections[i].data.len = 0;
	e->sections[i].changed = true;
}

const char *
elf_edit_name(const struct elf_edit *e, size_t i)
{
	uint32_t at = e->sections[i].header.sh_name;
	const unsigned char *names;
	size_t size;

	names = elf_edit_content(e, e->header.e_shstrndx, &size);
	if (names == NULL || at >= size ||
	    memchr(names + at, '\0', size - at) == NULL)
		return "";
	return (const char *)names + at;
}

size_t
elf_edit_find(const struct elf_edit *e, const char *name, uint32_t type)
{
	for (size_t i = 1; i < e->n; i++)
		if (e->sections[i].header.sh_type == type &&
		    strcmp(elf_edit_name(e, i), name) == 0)
			return i;
	return 0;
}

size_t
elf_edit_add(
    struct elf_edit *e, const char *name, uint32_t type, uint64_t flags)
{
	struct elf_edit_section *s;

	if (e->failed || e->n >= SHN_LORESERVE - 1 ||
	    !array_room(e->sections, e->n, e->cap)) {
		e->failed = true;
		return 0;
	}
	s = &e->sections[e->n];
	*s = (struct elf_edit_section){ .changed = true };
	s->header = (Elf64_Shdr){
		.sh_type = type,
		.sh_flags = flags,
		.sh_addralign = EDIT_ALIGN,
	};
	e->n++;
	s->header.sh_name = elf_edit_add_string(e, e->header.e_shstrndx, name);
	return e->n - 1;
}

uint32_t
elf_edit_add_string(struct elf_edit *e, size_t i, const char *text)
{
	struct buf *b = elf_edit_change(e, i);
	uint32_t at;

	if (b == NULL)
		return 0;
	at = (uint32_t)b->len;
	buf_add(b, text, strlen(text) + 1);
	e->failed |= b->failed;
	return at;
}

/* Appends zeros until the length is a multiple of EDIT_ALIGN. */
static void
align_edit(struct buf *out, size_t start)
{
	static const char zeros[EDIT_ALIGN];

	buf_add(out, zeros, -(out->len - start) & (EDIT_ALIGN - 1));
}

int
elf_edit_finish(struct elf_edit *e, struct buf *out)
{
	Elf64_Ehdr header = e->header;
	size_t start = out->len;

	buf_add(out, &header, sizeof(header));
	for (size_t i = 0; i < e->n; i++) {
		struct elf_edit_section *s = &e->sections[i];
		size_t size;
		const unsigned char *content = elf_edit_content(e, i, &size);

		if (content == NULL && !s->changed)
			continue;
		align_edit(out, start);
		e->failed |= s->data.failed;
		s->header.sh_offset = out->len - start;
		s->header.sh_size = size;
		buf_add(out, content, size);
	}
	align_edit(out, start);
	header.e_shoff = out->len - start;
	header.e_shnum = (Elf64_Half)e->n;
	header.e_phoff = 0;
	header.e_phnum = 0;
	for (size_t i = 0; i < e->n; i++)
		buf_add(out, &e->sections[i].header, sizeof(Elf64_Shdr));
	if (e->failed || out->failed)
		return report_nomem();
	memcpy(out->data + start, &header, sizeof(header));
	return 0;
}
