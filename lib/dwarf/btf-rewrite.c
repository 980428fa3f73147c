#include <elf.h>
#include <inttypes.h>
#include <string.h>

#include "base/report.h"
#include "dwarf/btf-rewrite.h"

enum { ALIGNMENT = 64 /* bytes; no section of an object needs more */ };

/* The section that is replaced. */
struct btf_section {
	uint64_t start, end; /* bytes of the file */
	uint64_t grown;      /* by how many what follows moves */
	size_t index;        /* among the sections */
};

/* Finds the section that the BTF was read from.  bpf_elf_open() reads the last
 * one of the name. */
static bool
find_btf_section(const struct bpf_elf *elf, struct btf_section *s)
{
	Elf_Scn *scn = NULL;
	const char *name;
	size_t strings;
	GElf_Shdr h;

	if (elf_getshdrstrndx(elf->elf, &strings) != 0)
		return false;
	while ((scn = elf_nextscn(elf->elf, scn)) != NULL) {
		if (gelf_getshdr(scn, &h) == NULL ||
		    h.sh_type != SHT_PROGBITS ||
		    (name = elf_strptr(elf->elf, strings, h.sh_name)) == NULL ||
		    strcmp(name, BTF_ELF_SEC) != 0)
			continue;
		s->index = elf_ndxscn(scn);
		s->start = h.sh_offset;
		s->end = h.sh_offset + h.sh_size;
	}
	return s->index != 0 && s->end <= elf->size;
}

/* Whether len bytes at the offset lie before or after the section. */
static bool
lies_outside(const struct btf_section *s, uint64_t offset, uint64_t len)
{
	return len == 0 || offset >= s->end ||
	       (offset <= s->start && len <= s->start - offset);
}

/* Whether nothing else of the file lies where the section does. */
static bool
is_separate(const struct bpf_elf *elf, const struct btf_section *s)
{
	const Elf64_Ehdr *head = elf64_getehdr(elf->elf);
	Elf_Scn *scn = NULL;
	GElf_Shdr h;
	size_t n;

	if (head == NULL || elf_getshdrnum(elf->elf, &n) != 0 ||
	    head->e_shentsize != sizeof(Elf64_Shdr) ||
	    !lies_outside(s, 0, sizeof(*head)) ||
	    !lies_outside(s, head->e_shoff, n * sizeof(Elf64_Shdr)))
		return false;
	while ((scn = elf_nextscn(elf->elf, scn)) != NULL)
		if (gelf_getshdr(scn, &h) == NULL ||
		    (elf_ndxscn(scn) != s->index && h.sh_type != SHT_NOBITS &&
			!lies_outside(s, h.sh_offset, h.sh_size)))
			return false;
	return true;
}

/* Whether the types and strings of the BTF begin as the section does, so that
 * its relocations are still for the same bytes, and are all that is in it. */
static bool
only_grew(const struct bpf_elf *elf, const struct btf_section *s,
    const unsigned char *raw, uint32_t len)
{
	const unsigned char *old = elf->bytes + s->start;
	uint64_t size = s->end - s->start;
	struct btf_header before, after;

	if (size < sizeof(before) || len < size || len < sizeof(after))
		return false;
	memcpy(&before, old, sizeof(before));
	memcpy(&after, raw, sizeof(after));
	return before.hdr_len == after.hdr_len && before.type_off == 0 &&
	       after.type_off == 0 && before.type_len <= after.type_len &&
	       /* libbpf takes the strings to follow the types. */
	       before.str_off == before.type_len && before.hdr_len <= size &&
	       before.type_len <= size - before.hdr_len &&
	       memcmp(old + before.hdr_len, raw + after.hdr_len,
		   before.type_len) == 0;
}

/* The offset in the file after the section has grown. */
static uint64_t
move_offset(const struct btf_section *s, uint64_t offset)
{
	return offset >= s->end ? offset + s->grown : offset;
}

/* Corrects the offsets in the copied headers. */
static void
move_headers(const struct btf_section *s, struct buf *out, uint32_t len)
{
	Elf64_Ehdr head;
	Elf64_Shdr h;
	uint64_t at, n;

	memcpy(&head, out->data, sizeof(head));
	head.e_shoff = move_offset(s, head.e_shoff);
	memcpy(out->data, &head, sizeof(head));
	n = head.e_shnum;
	if (n == 0) {
		/* There are so many that the first header has the number. */
		memcpy(&h, out->data + head.e_shoff, sizeof(h));
		n = h.sh_size;
	}
	for (uint64_t i = 0; i < n; i++) {
		at = head.e_shoff + i * sizeof(h);
		memcpy(&h, out->data + at, sizeof(h));
		if (i == s->index)
			h.sh_size = len;
		else
			h.sh_offset = move_offset(s, h.sh_offset);
		memcpy(out->data + at, &h, sizeof(h));
	}
}

/* Copies the file with raw in place of the section. */
static void
copy_file(const struct bpf_elf *elf, struct btf_section *s,
    const unsigned char *raw, uint32_t len, struct buf *out)
{
	uint64_t size = s->end - s->start, pad;
	char *zeros;

	s->grown = (len - size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	pad = s->grown - (len - size);
	buf_add(out, elf->bytes, (size_t)s->start);
	buf_add(out, raw, len);
	if ((zeros = buf_room(out, (size_t)pad)) != NULL) {
		memset(zeros, 0, (size_t)pad);
		out->len += (size_t)pad;
	}
	buf_add(out, elf->bytes + s->end, (size_t)(elf->size - s->end));
	if (!out->failed)
		move_headers(s, out, len);
}

int
btf_rewrite(const struct bpf_elf *elf, const struct btf *btf, struct buf *out,
    const char *where)
{
	const unsigned char *raw;
	struct btf_section s = { 0 };
	uint32_t len;

	if ((raw = btf__raw_data(btf, &len)) == NULL)
		return report_nomem();
	if (!find_btf_section(elf, &s) || !is_separate(elf, &s) ||
	    !only_grew(elf, &s, raw, len)) {
		report_error("%s: types cannot be added to the section .BTF: "
			     "its layout is not that of a compiler",
		    where);
		return -1;
	}
	copy_file(elf, &s, raw, len, out);
	if (!out->failed)
		return 0;
	buf_free(out);
	return report_nomem();
}
