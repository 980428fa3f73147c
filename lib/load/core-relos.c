#include <gelf.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "elf/elf-section.h"
#include "load/core-relos.h"

enum {
	FIELD_LAST = BPF_CORE_FIELD_RSHIFT_U64, /* kinds up to it: a field */
	RECORD_MIN = 16, /* bytes of the first struct bpf_core_relo */
};

/* The rest of a section that is being parsed. */
struct relo_reader {
	const unsigned char *p;
	size_t left;
};

static bool
parse_relo_u32(struct relo_reader *r, uint32_t *n)
{
	if (r->left < sizeof(*n))
		return false;
	memcpy(n, r->p, sizeof(*n));
	r->p += sizeof(*n);
	r->left -= sizeof(*n);
	return true;
}

/* Splits the next len bytes off r as a reader of their own. */
static bool
split_reader(struct relo_reader *r, size_t len, struct relo_reader *part)
{
	if (len > r->left)
		return false;
	*part = (struct relo_reader){ r->p, len };
	r->p += len;
	r->left -= len;
	return true;
}

/* The length of the name up to its flavor, by the same rule as in libbpf. */
static size_t
get_essential_len(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = n; i-- > 0;)
		if (name[i] != '_' && strncmp(name + i + 1, "___", 3) == 0 &&
		    name[i + 4] != '_' && name[i + 4] != '\0')
			return i + 1;
	return n;
}

uint16_t
core_relos_kind(const struct btf_type *t)
{
	return btf_kind(t) == BTF_KIND_ENUM64 ? BTF_KIND_ENUM : btf_kind(t);
}

static bool
is_same_root(
    const struct core_root *r, const char *name, size_t len, uint16_t kind)
{
	return r->kind == kind && r->len == len &&
	       memcmp(r->name, name, len) == 0;
}

static bool
add_core_root(struct core_relos *c, const char *name, uint16_t kind)
{
	size_t len = get_essential_len(name);

	for (size_t i = 0; i < c->n; i++)
		if (is_same_root(&c->v[i], name, len, kind))
			return true;
	if (!array_room(c->v, c->n, c->cap))
		return false;
	c->v[c->n++] =
	    (struct core_root){ .name = name, .len = len, .kind = kind };
	return true;
}

/* Whether libbpf can resolve this kind of relocation, for a type of that kind,
 * from the type and the types that it holds by value. */
static bool
is_resolved_by_value(uint32_t relocation, uint16_t kind)
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
parse_relocation(struct core_relos *c, struct relo_reader record)
{
	uint32_t insn, type, access, relocation;
	const struct btf_type *t;
	const char *name;

	if (!parse_relo_u32(&record, &insn) ||
	    !parse_relo_u32(&record, &type) ||
	    !parse_relo_u32(&record, &access) ||
	    !parse_relo_u32(&record, &relocation))
		return false;
	/* The id of a type in the object's own BTF. */
	if (relocation == BPF_CORE_TYPE_ID_LOCAL)
		return true;
	t = btf__type_by_id(c->btf, type);
	if (t == NULL || !is_resolved_by_value(relocation, core_relos_kind(t)))
		return false;
	name = btf__name_by_offset(c->btf, t->name_off);
	return name != NULL && name[0] != '\0' &&
	       add_core_root(c, name, core_relos_kind(t));
}

/* Parses the relocations of all sections of the object. */
static bool
parse_relocations(struct core_relos *c, struct relo_reader all)
{
	uint32_t size, section, n;
	struct relo_reader record;

	if (!parse_relo_u32(&all, &size) || size < RECORD_MIN)
		return false;
	while (all.left > 0) {
		if (!parse_relo_u32(&all, &section) ||
		    !parse_relo_u32(&all, &n))
			return false;
		for (uint32_t i = 0; i < n; i++)
			if (!split_reader(&all, size, &record) ||
			    !parse_relocation(c, record))
				return false;
	}
	return c->n > 0;
}

/* Parses the relocations that the header of .BTF.ext points to. */
static bool
read_ext_header(struct core_relos *c, const Elf_Data *ext)
{
	struct {
		uint16_t magic;
		uint8_t version, flags;
		uint32_t head_len, func_off, func_len, line_off, line_len,
		    core_off, core_len;
	} head;
	struct relo_reader all, skipped, core;

	if (ext->d_size < sizeof(head))
		return false;
	memcpy(&head, ext->d_buf, sizeof(head));
	all = (struct relo_reader){ ext->d_buf, ext->d_size };
	if (head.magic != BTF_MAGIC || head.version != BTF_VERSION ||
	    head.head_len < sizeof(head))
		return false;
	return split_reader(&all, head.head_len, &skipped) &&
	       split_reader(&all, head.core_off, &skipped) &&
	       split_reader(&all, head.core_len, &core) &&
	       parse_relocations(c, core);
}

void
core_relos_close(struct core_relos *c)
{
	free(c->v);
	*c = (struct core_relos){ 0 };
}

bool
core_relos_open(struct core_relos *c, const struct bpf_elf *elf)
{
	const Elf_Data *ext = elf_getdata(
	    elf_section_find(elf->elf, BTF_EXT_ELF_SEC, SHT_PROGBITS), NULL);

	*c = (struct core_relos){ .btf = elf->btf };
	if (elf->btf != NULL && ext != NULL && ext->d_buf != NULL &&
	    read_ext_header(c, ext))
		return true;
	core_relos_close(c);
	return false;
}
