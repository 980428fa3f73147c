#include <elf.h>
#include <gelf.h>
#include <inttypes.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <string.h>

#include "base/report.h"
#include "elf/object-check.h"

enum {
	CHAIN_MAX = 64,        /* types that refer to one another in a row */
	NAME_BYTES_MAX = 4096, /* the kernel takes 512 */
	MAPS_MAX = 4096,       /* libbpf compares each with every symbol */
};

/* What a wrong ELF header says instead; NULL if it is right. */
static const char *
find_header_fault(const Elf64_Ehdr *h)
{
	if (h->e_ident[EI_CLASS] != ELFCLASS64)
		return "this is a 32-bit ELF file";
	if (h->e_ident[EI_DATA] != ELFDATA2LSB)
		return "this is a big-endian ELF file";
	if (h->e_machine != EM_BPF)
		return "this is an ELF file for another machine";
	if (h->e_type != ET_REL)
		return "this ELF file is linked already";
	return NULL;
}

int
object_check_header(const unsigned char *bytes, size_t size, const char *name)
{
	const char *fault;
	Elf64_Ehdr h;

	if (size < sizeof(h) || memcmp(bytes, ELFMAG, SELFMAG) != 0) {
		report_error("%s: not an ELF object; make one with "
			     "clang --target=bpf -g -O2 -c",
		    name);
		return -1;
	}
	if (size > OBJECT_SIZE_MAX) {
		report_error("%s: the object has %zu bytes, more than the "
			     "%d MiB that are allowed",
		    name, size, OBJECT_SIZE_MAX >> 20);
		return -1;
	}
	memcpy(&h, bytes, sizeof(h));
	if ((fault = find_header_fault(&h)) == NULL)
		return 0;
	report_error("%s: %s; expected a 64-bit little-endian BPF object, "
		     "as clang --target=bpf -c makes it",
	    name, fault);
	return -1;
}

/* The ELF file that is being checked. */
struct object_sections {
	const char *name; /* borrowed, as all here */
	Elf *elf;
	size_t n, strings; /* sections; the one that has their names */
	size_t left;       /* bytes of the file that are in no section yet */
	Elf_Data *btf;     /* of .BTF, or NULL */
	size_t symbols;    /* of all tables so far */
};

/* n sections or variables, each of which is looked for in all symbols. */
static int
check_work(size_t symbols, size_t n, const char *what, const char *name)
{
	if (n == 0 || symbols <= OBJECT_WORK_MAX / n)
		return 0;
	report_error("%s: the object has %zu symbols and %zu %s; the product "
		     "may be %d",
	    name, symbols, n, what, OBJECT_WORK_MAX);
	return -1;
}

/* libbpf finds programs by their symbols, so each symbol must lie within its
 * section. */
static int
check_symbol(const struct object_sections *s, const GElf_Sym *sym, size_t i)
{
	GElf_Shdr sh;

	if (sym->st_shndx == SHN_UNDEF || sym->st_shndx == SHN_ABS ||
	    sym->st_shndx == SHN_COMMON)
		return 0;
	if (sym->st_shndx >= s->n ||
	    gelf_getshdr(elf_getscn(s->elf, sym->st_shndx), &sh) == NULL) {
		report_error("%s: corrupted: symbol %zu refers to section %u, "
			     "but there are only %zu",
		    s->name, i, sym->st_shndx, s->n);
		return -1;
	}
	if (sym->st_value > sh.sh_size ||
	    sym->st_size > sh.sh_size - sym->st_value) {
		report_error("%s: corrupted: symbol %zu ends past the end of "
			     "its section",
		    s->name, i);
		return -1;
	}
	return 0;
}

static int
check_symbol_table(const struct object_sections *s, Elf_Data *data)
{
	size_t n = data->d_size / sizeof(Elf64_Sym);
	GElf_Sym sym;

	for (size_t i = 0; i < n; i++) {
		if (gelf_getsym(data, (int)i, &sym) == NULL) {
			report_error("%s: corrupted: symbol %zu cannot be read",
			    s->name, i);
			return -1;
		}
		if (check_symbol(s, &sym, i) == -1)
			return -1;
	}
	return 0;
}

/* Sections of zeros have no bytes in the file.  libbpf expects the bytes of
 * every section but .bss, whatever type its header gives. */
static int
check_zeros(
    const struct object_sections *s, const GElf_Shdr *sh, const char *section)
{
	if (strncmp(section, ".bss", strlen(".bss")) != 0) {
		report_error("%s: corrupted: section %s has no bytes in the "
			     "file",
		    s->name, section);
		return -1;
	}
	if (sh->sh_size > OBJECT_SIZE_MAX) {
		report_error("%s: section %s is larger than %d MiB", s->name,
		    section, OBJECT_SIZE_MAX >> 20);
		return -1;
	}
	return 0;
}

/* Sections that share bytes would make the work many times that of the file. */
static int
check_overlap(struct object_sections *s, size_t size)
{
	if (size > s->left) {
		report_error("%s: corrupted: its sections overlap", s->name);
		return -1;
	}
	s->left -= size;
	return 0;
}

/* Whoever reads a name looks for its end. */
static int
check_strings(
    const struct object_sections *s, const Elf_Data *data, const char *section)
{
	const char *p = data->d_buf, *nul;
	size_t n = data->d_size;

	while (n > 0) {
		nul = memchr(p, '\0', n < NAME_BYTES_MAX ? n : NAME_BYTES_MAX);
		if (nul == NULL) {
			report_error("%s: corrupted: section %s has a name "
				     "without an end, or of more than %d bytes",
			    s->name, section, NAME_BYTES_MAX - 1);
			return -1;
		}
		n -= (size_t)(nul + 1 - p);
		p = nul + 1;
	}
	return 0;
}

/* libbpf reads .BTF.ext in place, behind a header whose length it does not
 * check for alignment. */
static int
check_ext_header(const struct object_sections *s, const Elf_Data *data)
{
	const size_t at = offsetof(struct btf_header, hdr_len);
	uint32_t len;

	if (data->d_size < at + sizeof(len))
		return 0;
	memcpy(&len, (const char *)data->d_buf + at, sizeof(len));
	if (len % sizeof(uint32_t) == 0)
		return 0;
	report_error(
	    "%s: corrupted: section .BTF.ext has no valid header", s->name);
	return -1;
}

/* Checks what a section of this type consists of. */
static int
check_content(struct object_sections *s, uint32_t type, Elf_Data *data,
    const char *section)
{
	if (type == SHT_SYMTAB) {
		s->symbols += data->d_size / sizeof(Elf64_Sym);
		return check_symbol_table(s, data);
	}
	return type == SHT_STRTAB ? check_strings(s, data, section) : 0;
}

static int
check_section(struct object_sections *s, Elf_Scn *scn)
{
	const char *section;
	Elf_Data *data;
	GElf_Shdr sh;

	if (gelf_getshdr(scn, &sh) == NULL ||
	    (section = elf_strptr(s->elf, s->strings, sh.sh_name)) == NULL) {
		report_error("%s: corrupted: section %zu has no name", s->name,
		    elf_ndxscn(scn));
		return -1;
	}
	if (sh.sh_type == SHT_NOBITS)
		return check_zeros(s, &sh, section);
	data = elf_getdata(scn, NULL);
	if (data == NULL || data->d_size != sh.sh_size ||
	    (data->d_buf == NULL && data->d_size != 0)) {
		report_error("%s: corrupted: section %s does not lie within "
			     "the file",
		    s->name, section);
		return -1;
	}
	if (check_overlap(s, data->d_size) == -1)
		return -1;
	if (strcmp(section, BTF_ELF_SEC) == 0) {
		/* libbpf skips a string table, whatever its name is, and would
		 * open the object without its BTF. */
		if (sh.sh_type != SHT_PROGBITS) {
			report_error("%s: corrupted: section .BTF has type "
				     "%u, expected SHT_PROGBITS",
			    s->name, sh.sh_type);
			return -1;
		}
		s->btf = data;
	}
	if (strcmp(section, ".BTF.ext") == 0 && check_ext_header(s, data) == -1)
		return -1;
	return check_content(s, sh.sh_type, data, section);
}

int
object_check_sections(
    Elf *elf, const char *name, Elf_Data **btf, size_t *symbols)
{
	struct object_sections s = { .name = name, .elf = elf };
	Elf_Scn *scn = NULL;

	if (elf_getshdrnum(elf, &s.n) != 0 ||
	    elf_getshdrstrndx(elf, &s.strings) != 0) {
		report_error(
		    "%s: corrupted: the section headers cannot be read: %s",
		    name, elf_errmsg(-1));
		return -1;
	}
	elf_rawfile(elf, &s.left);
	while ((scn = elf_nextscn(elf, scn)) != NULL)
		if (check_section(&s, scn) == -1)
			return -1;
	*btf = s.btf;
	*symbols = s.symbols;
	return check_work(s.symbols, s.n, "sections", name);
}

int
object_check_btf_header(const Elf_Data *data, const char *name)
{
	struct btf_header h;

	if (data->d_size >= sizeof(h) && data->d_size <= UINT32_MAX) {
		memcpy(&h, data->d_buf, sizeof(h));
		if (h.hdr_len % sizeof(uint32_t) == 0)
			return 0;
	}
	report_error("%s: corrupted: section .BTF has no valid header", name);
	return -1;
}

/* Whether there is a name, and none that is too long. */
static bool
has_btf_name(const struct btf *btf, uint32_t offset)
{
	const char *name = btf__name_by_offset(btf, offset);

	return name != NULL && strnlen(name, NAME_BYTES_MAX) < NAME_BYTES_MAX;
}

static bool
has_btf_type(const struct btf *btf, uint32_t id)
{
	return id < btf__type_cnt(btf);
}

/* Whether the name and the type of each of n members or parameters exist.  Both
 * are structs of size bytes that begin with these two. */
static bool
fields_exist(const struct btf *btf, const void *fields, size_t n, size_t size)
{
	struct btf_param f;

	for (size_t i = 0; i < n; i++) {
		memcpy(&f, (const char *)fields + i * size, sizeof(f));
		if (!has_btf_name(btf, f.name_off) ||
		    !has_btf_type(btf, f.type))
			return false;
	}
	return true;
}

static bool
constants_exist(const struct btf *btf, const struct btf_type *t)
{
	for (unsigned int i = 0; i < btf_vlen(t); i++) {
		uint32_t off = btf_is_enum(t) ? btf_enum(t)[i].name_off
					      : btf_enum64(t)[i].name_off;

		if (!has_btf_name(btf, off))
			return false;
	}
	return true;
}

/* A data section lists variables; .ksyms lists functions of the kernel too. */
static bool
variables_exist(const struct btf *btf, const struct btf_type *t)
{
	const struct btf_var_secinfo *v = btf_var_secinfos(t);
	const struct btf_type *var;

	for (unsigned int i = 0; i < btf_vlen(t); i++) {
		if (!has_btf_type(btf, v[i].type))
			return false;
		var = btf__type_by_id(btf, v[i].type);
		if (!btf_is_var(var) && !btf_is_func(var))
			return false;
	}
	return true;
}

/* Whether all types and names that t refers to exist. */
static bool
references_exist(const struct btf *btf, const struct btf_type *t)
{
	if (!has_btf_name(btf, t->name_off))
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
		return has_btf_type(btf, t->type);
	case BTF_KIND_ARRAY:
		return has_btf_type(btf, btf_array(t)->type) &&
		       has_btf_type(btf, btf_array(t)->index_type);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return fields_exist(btf, btf_members(t), btf_vlen(t),
		    sizeof(struct btf_member));
	case BTF_KIND_FUNC_PROTO:
		return has_btf_type(btf, t->type) &&
		       fields_exist(btf, btf_params(t), btf_vlen(t),
			   sizeof(struct btf_param));
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return constants_exist(btf, t);
	case BTF_KIND_DATASEC:
		return variables_exist(btf, t);
	default:
		return true;
	}
}

/* Whether the chain of typedefs, qualifiers, pointers and arrays that starts at
 * t ends.  In C only a struct can close a circle. */
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
check_number_of_maps(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, ".maps", BTF_KIND_DATASEC);
	unsigned int n =
	    id > 0 ? btf_vlen(btf__type_by_id(btf, (uint32_t)id)) : 0;

	if (n <= MAPS_MAX)
		return 0;
	report_error(
	    "%s: the object has %u maps; there may be %d", name, n, MAPS_MAX);
	return -1;
}

int
object_check_btf(const struct btf *btf, size_t symbols, const char *name)
{
	uint32_t n = btf__type_cnt(btf);
	size_t variables = 0;

	for (uint32_t id = 1; id < n; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		variables += btf_is_datasec(t) ? btf_vlen(t) : 0;
		if (references_exist(btf, t))
			continue;
		report_error("%s: corrupted: BTF type %" PRIu32
			     " refers to a type or name that does not exist, "
			     "or has a name of more than %d bytes",
		    name, id, NAME_BYTES_MAX - 1);
		return -1;
	}
	for (uint32_t id = 1; id < n; id++) {
		if (chain_ends(btf, btf__type_by_id(btf, id)))
			continue;
		report_error("%s: corrupted: BTF type %" PRIu32
			     " refers to itself through others",
		    name, id);
		return -1;
	}
	if (check_number_of_maps(btf, name) == -1)
		return -1;
	return check_work(symbols, variables, "variables", name);
}
