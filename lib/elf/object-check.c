#include <bpf/btf.h>
#include <errno.h>
#include <gelf.h>
#include <inttypes.h>
#include <linux/btf.h>
#include <string.h>

#include "base/report.h"
#include "elf/libbpf-log.h"
#include "elf/object-check.h"
#include "package/object-text.h"
#include "package/package.h"

enum { CHAIN_MAX = 64 }; /* types that qualify or point to one another */

struct gate {
	const char *name; /* borrowed, as all here */
	Elf *elf;
	size_t nsections, strings;
	Elf_Data *btf; /* of .BTF, or NULL */
};

static const char *
section_name(const struct gate *g, const GElf_Shdr *sh)
{
	return elf_strptr(g->elf, g->strings, sh->sh_name);
}

/* A symbol must lie within its section: libbpf takes programs out by them. */
static int
check_symbol(const struct gate *g, const GElf_Sym *sym, size_t i)
{
	GElf_Shdr sh;

	if (sym->st_shndx == SHN_UNDEF || sym->st_shndx == SHN_ABS ||
	    sym->st_shndx == SHN_COMMON)
		return 0;
	if (sym->st_shndx >= g->nsections ||
	    gelf_getshdr(elf_getscn(g->elf, sym->st_shndx), &sh) == NULL) {
		report_error(
		    "%s: corrupted: symbol %zu is in section %u of %zu",
		    g->name, i, sym->st_shndx, g->nsections);
		return -1;
	}
	if (sym->st_value > sh.sh_size ||
	    sym->st_size > sh.sh_size - sym->st_value) {
		report_error(
		    "%s: corrupted: symbol %zu ends behind its section",
		    g->name, i);
		return -1;
	}
	return 0;
}

static int
check_symbols(const struct gate *g, Elf_Data *data)
{
	size_t n = data->d_size / sizeof(Elf64_Sym);
	GElf_Sym sym;

	for (size_t i = 0; i < n; i++) {
		if (gelf_getsym(data, (int)i, &sym) == NULL) {
			report_error(
			    "%s: corrupted: no symbol %zu", g->name, i);
			return -1;
		}
		if (check_symbol(g, &sym, i) == -1)
			return -1;
	}
	return 0;
}

/* Zeros that take no room in the file: libbpf expects the bytes of any other
 * section to be there, whatever the section's header says. */
static int
check_bss(const struct gate *g, const GElf_Shdr *sh, const char *name)
{
	if (strncmp(name, ".bss", strlen(".bss")) != 0) {
		report_error("%s: corrupted: section %s has no bytes in the "
			     "file",
		    g->name, name);
		return -1;
	}
	if (sh->sh_size > PACKAGE_OBJECT_MAX) {
		report_error("%s: section %s is larger than %d MiB", g->name,
		    name, PACKAGE_OBJECT_MAX >> 20);
		return -1;
	}
	return 0;
}

static int
check_section(struct gate *g, Elf_Scn *scn)
{
	size_t i = elf_ndxscn(scn);
	const char *name;
	Elf_Data *data;
	GElf_Shdr sh;

	if (gelf_getshdr(scn, &sh) == NULL ||
	    (name = section_name(g, &sh)) == NULL) {
		report_error(
		    "%s: corrupted: section %zu has no name", g->name, i);
		return -1;
	}
	if (sh.sh_type == SHT_NOBITS)
		return check_bss(g, &sh, name);
	data = elf_getdata(scn, NULL);
	if (data == NULL || data->d_size != sh.sh_size ||
	    (data->d_buf == NULL && data->d_size != 0)) {
		report_error("%s: corrupted: section %s does not lie in the "
			     "file",
		    g->name, name);
		return -1;
	}
	if (strcmp(name, ".BTF") == 0) {
		/* libbpf passes over a table of strings, whatever its name. */
		if (sh.sh_type != SHT_PROGBITS) {
			report_error("%s: corrupted: section .BTF is of "
				     "another type",
			    g->name);
			return -1;
		}
		g->btf = data;
	}
	return sh.sh_type == SHT_SYMTAB ? check_symbols(g, data) : 0;
}

static int
check_elf(struct gate *g)
{
	Elf_Scn *scn = NULL;

	if (elf_getshdrnum(g->elf, &g->nsections) != 0 ||
	    elf_getshdrstrndx(g->elf, &g->strings) != 0) {
		report_error("%s: corrupted: no table of sections: %s", g->name,
		    elf_errmsg(-1));
		return -1;
	}
	while ((scn = elf_nextscn(g->elf, scn)) != NULL)
		if (check_section(g, scn) == -1)
			return -1;
	return 0;
}

static bool
is_name(const struct btf *btf, uint32_t offset)
{
	return btf__name_by_offset(btf, offset) != NULL;
}

static bool
is_type(const struct btf *btf, uint32_t id)
{
	return id < btf__type_cnt(btf);
}

static bool
members_fit(const struct btf *btf, const struct btf_type *t)
{
	const struct btf_member *m = btf_members(t);

	for (unsigned int i = 0; i < btf_vlen(t); i++)
		if (!is_name(btf, m[i].name_off) || !is_type(btf, m[i].type))
			return false;
	return true;
}

static bool
params_fit(const struct btf *btf, const struct btf_type *t)
{
	const struct btf_param *p = btf_params(t);

	for (unsigned int i = 0; i < btf_vlen(t); i++)
		if (!is_name(btf, p[i].name_off) || !is_type(btf, p[i].type))
			return false;
	return is_type(btf, t->type);
}

static bool
constants_fit(const struct btf *btf, const struct btf_type *t)
{
	for (unsigned int i = 0; i < btf_vlen(t); i++) {
		uint32_t off = btf_is_enum(t) ? btf_enum(t)[i].name_off
					      : btf_enum64(t)[i].name_off;

		if (!is_name(btf, off))
			return false;
	}
	return true;
}

/* What is in a data section is a variable, or a function of the kernel's. */
static bool
variables_fit(const struct btf *btf, const struct btf_type *t)
{
	const struct btf_var_secinfo *v = btf_var_secinfos(t);
	const struct btf_type *var;

	for (unsigned int i = 0; i < btf_vlen(t); i++) {
		if (!is_type(btf, v[i].type))
			return false;
		var = btf__type_by_id(btf, v[i].type);
		if (!btf_is_var(var) && !btf_is_func(var))
			return false;
	}
	return true;
}

/* Whether all that t itself refers to is there. */
static bool
type_fits(const struct btf *btf, const struct btf_type *t)
{
	if (!is_name(btf, t->name_off))
		return false;
	switch (btf_kind(t)) {
	case BTF_KIND_PTR:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
	case BTF_KIND_FUNC:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return is_type(btf, t->type);
	case BTF_KIND_ARRAY:
		return is_type(btf, btf_array(t)->type) &&
		       is_type(btf, btf_array(t)->index_type);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return members_fit(btf, t);
	case BTF_KIND_FUNC_PROTO:
		return params_fit(btf, t);
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return constants_fit(btf, t);
	case BTF_KIND_DATASEC:
		return variables_fit(btf, t);
	default:
		return true;
	}
}

/* Whether typedefs, qualifiers, pointers and arrays come to an end.  In C they
 * can only be tied into a ring by way of a struct. */
static bool
chain_ends(const struct btf *btf, const struct btf_type *t)
{
	for (int i = 0; i < CHAIN_MAX; i++) {
		if (btf_is_array(t))
			t = btf__type_by_id(btf, btf_array(t)->type);
		else if (btf_is_mod(t) || btf_is_typedef(t) || btf_is_ptr(t))
			t = btf__type_by_id(btf, t->type);
		else
			return true;
	}
	return false;
}

static int
check_types(const struct btf *btf, const char *name)
{
	uint32_t n = btf__type_cnt(btf);

	for (uint32_t id = 1; id < n; id++) {
		if (type_fits(btf, btf__type_by_id(btf, id)))
			continue;
		report_error("%s: corrupted: BTF type %" PRIu32
			     " refers to a type or name that is not there",
		    name, id);
		return -1;
	}
	for (uint32_t id = 1; id < n; id++) {
		if (chain_ends(btf, btf__type_by_id(btf, id)))
			continue;
		report_error("%s: corrupted: BTF type %" PRIu32
			     " refers to itself",
		    name, id);
		return -1;
	}
	return 0;
}

/* libbpf does not look whether types are where a type may be in memory. */
static bool
is_aligned(const Elf_Data *data)
{
	struct btf_header h;

	if (data->d_size < sizeof(h))
		return false;
	memcpy(&h, data->d_buf, sizeof(h));
	return h.hdr_len % sizeof(uint32_t) == 0;
}

static int
check_btf(const struct gate *g)
{
	struct btf *btf = NULL;
	int ret;

	if (g->btf == NULL)
		return 0;
	errno = 0;
	if (is_aligned(g->btf))
		btf = btf__new(g->btf->d_buf, (uint32_t)g->btf->d_size);
	if (btf == NULL) {
		if (errno == ENOMEM)
			return report_nomem();
		report_error(
		    "%s: corrupted: section .BTF cannot be read", g->name);
		return -1;
	}
	ret = check_types(btf, g->name);
	btf__free(btf);
	return ret;
}

int
gate_check(
    const unsigned char *elf, size_t size, const char *name, bool *has_btf)
{
	struct gate g = { .name = name };
	int ret = -1;

	if (package_object_check(elf, size, name) == -1)
		return -1;
	libbpf_log_capture();
	elf_version(EV_CURRENT);
	/* libelf only reads, but its interface is older than const. */
	g.elf = elf_memory((char *)(uintptr_t)elf, size);
	if (g.elf == NULL) {
		report_error("%s: %s", name, elf_errmsg(-1));
		return -1;
	}
	if (check_elf(&g) == 0 && check_btf(&g) == 0)
		ret = 0;
	if (has_btf != NULL)
		*has_btf = g.btf != NULL;
	elf_end(g.elf);
	return ret;
}
