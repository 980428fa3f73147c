#include <gelf.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "elf/elf-section.h"
#include "load/core-relos.h"

/* The kinds of relocation, by the kernel's enum bpf_core_relo_kind. */
enum {
	FIELD_LAST = BPF_CORE_FIELD_RSHIFT_U64,
	RECORD_MIN = 16, /* bytes of a struct bpf_core_relo */
};

/* What is left of a run of 32-bit numbers. */
struct reader {
	const unsigned char *p;
	size_t left;
};

static bool
read_u32(struct reader *r, uint32_t *n)
{
	if (r->left < sizeof(*n))
		return false;
	memcpy(n, r->p, sizeof(*n));
	r->p += sizeof(*n);
	r->left -= sizeof(*n);
	return true;
}

/* Take len bytes out of r, as a reader of their own. */
static bool
take(struct reader *r, size_t len, struct reader *part)
{
	if (len > r->left)
		return false;
	*part = (struct reader){ r->p, len };
	r->p += len;
	r->left -= len;
	return true;
}

/* The name's length up to its flavour, as libbpf counts it. */
static size_t
essential_len(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = n; i-- > 0;)
		if (name[i] != '_' && strncmp(name + i + 1, "___", 3) == 0 &&
		    name[i + 4] != '_' && name[i + 4] != '\0')
			return i + 1;
	return n;
}

uint16_t
core_kind(const struct btf_type *t)
{
	return btf_kind(t) == BTF_KIND_ENUM64 ? BTF_KIND_ENUM : btf_kind(t);
}

static bool
is_root(const struct core_root *r, const char *name, size_t len, uint16_t kind)
{
	return r->kind == kind && r->len == len &&
	       memcmp(r->name, name, len) == 0;
}

static bool
add_root(struct core_relos *c, const char *name, uint16_t kind)
{
	size_t len = essential_len(name);

	for (size_t i = 0; i < c->n; i++)
		if (is_root(&c->v[i], name, len, kind))
			return true;
	if (!array_room(c->v, c->n, c->cap))
		return false;
	c->v[c->n++] =
	    (struct core_root){ .name = name, .len = len, .kind = kind };
	return true;
}

/* Whether a relocation of this kind, of a type of that kind, can be told from
 * the type and what it holds by value. */
static bool
is_by_value(uint32_t relocation, uint16_t kind)
{
	bool is_whole = kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION ||
			kind == BTF_KIND_ENUM;

	if (relocation <= FIELD_LAST)
		return is_whole || kind == BTF_KIND_TYPEDEF;
	switch (relocation) {
	case BPF_CORE_TYPE_EXISTS:
	case BPF_CORE_TYPE_SIZE:
		return is_whole;
	case BPF_CORE_ENUMVAL_EXISTS:
	case BPF_CORE_ENUMVAL_VALUE:
		return is_whole || kind == BTF_KIND_TYPEDEF;
	default:
		return false;
	}
}

static bool
take_relocation(struct core_relos *c, struct reader record)
{
	uint32_t insn, type, access, relocation;
	const struct btf_type *t;
	const char *name;

	if (!read_u32(&record, &insn) || !read_u32(&record, &type) ||
	    !read_u32(&record, &access) || !read_u32(&record, &relocation))
		return false;
	/* A number of the object's own needs no kernel. */
	if (relocation == BPF_CORE_TYPE_ID_LOCAL)
		return true;
	t = btf__type_by_id(c->btf, type);
	if (t == NULL || !is_by_value(relocation, core_kind(t)))
		return false;
	name = btf__name_by_offset(c->btf, t->name_off);
	return name != NULL && name[0] != '\0' &&
	       add_root(c, name, core_kind(t));
}

/* The relocations of every section of the object. */
static bool
take_relocations(struct core_relos *c, struct reader all)
{
	uint32_t size, section, n;
	struct reader record;

	if (!read_u32(&all, &size) || size < RECORD_MIN)
		return false;
	while (all.left > 0) {
		if (!read_u32(&all, &section) || !read_u32(&all, &n))
			return false;
		for (uint32_t i = 0; i < n; i++)
			if (!take(&all, size, &record) ||
			    !take_relocation(c, record))
				return false;
	}
	return c->n > 0;
}

/* Find them behind the header of .BTF.ext. */
static bool
take_ext(struct core_relos *c, const Elf_Data *ext)
{
	struct {
		uint16_t magic;
		uint8_t version, flags;
		uint32_t head_len, func_off, func_len, line_off, line_len,
		    core_off, core_len;
	} head;
	struct reader all, skipped, core;

	if (ext->d_size < sizeof(head))
		return false;
	memcpy(&head, ext->d_buf, sizeof(head));
	all = (struct reader){ ext->d_buf, ext->d_size };
	if (head.magic != BTF_MAGIC || head.version != BTF_VERSION ||
	    head.head_len < sizeof(head))
		return false;
	return take(&all, head.head_len, &skipped) &&
	       take(&all, head.core_off, &skipped) &&
	       take(&all, head.core_len, &core) && take_relocations(c, core);
}

static Elf_Data *
find_data(Elf *elf, const char *name)
{
	return elf_rawdata(elf_section_find(elf, name, SHT_PROGBITS), NULL);
}

static bool
take_all(struct core_relos *c, Elf *elf)
{
	const Elf_Data *btf = find_data(elf, ".BTF");
	const Elf_Data *ext = find_data(elf, ".BTF.ext");

	if (btf == NULL || btf->d_buf == NULL || ext == NULL ||
	    ext->d_buf == NULL)
		return false;
	c->btf = btf__new(btf->d_buf, (uint32_t)btf->d_size);
	return c->btf != NULL && take_ext(c, ext);
}

bool
core_relos_open(struct core_relos *c, const unsigned char *elf, size_t size)
{
	Elf *e;
	bool ok;

	*c = (struct core_relos){ 0 };
	if (elf_version(EV_CURRENT) == EV_NONE)
		return false;
	/* libelf does not write to it. */
	e = elf_memory((char *)(uintptr_t)elf, size);
	ok = e != NULL && take_all(c, e);
	elf_end(e);
	if (!ok)
		core_relos_close(c);
	return ok;
}

void
core_relos_close(struct core_relos *c)
{
	btf__free(c->btf);
	free(c->v);
	*c = (struct core_relos){ 0 };
}
