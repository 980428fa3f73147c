#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "base/util.h"
#include "elf/btf-ext.h"
#include "elf/elf-edit.h"
#include "infer/code-flow.h"
#include "infer/count-calls.h"
#include "infer/count-code.h"
#include "infer/helper-calls.h"
#include "infer/ring-maps.h"

enum {
	HELPER_OUTPUT = 130,
	HELPER_RESERVE = 131,
	HELPER_RESERVE_DYNPTR = 198,
	RELOC_CALL = 10, /* R_BPF_64_32: the immediate of a call */
	ANY_RING = -1,   /* which one is known only when the call is made */
	NO_RING = -2,    /* another map */
	INSN = sizeof(struct bpf_insn),
};

/* A call of one of the helpers. */
struct ring_call {
	uint32_t section;
	uint64_t offset; /* bytes in it */
	uint32_t helper;
	int ring; /* index in rings, or ANY_RING */
};

/* A function that was appended to .text. */
struct hidden_function {
	int ring;
	uint32_t helper, offset, symbol;
};

/* The calls that are to be counted, and the object that is being changed. */
struct call_counter {
	const struct bpf_elf *elf; /* borrowed */
	const char *name;          /* borrowed */
	bool tested;               /* see count_calls() */
	struct ring_map *rings;    /* owned */
	size_t nrings;
	struct helper_calls code; /* owned: what is known of the calls */
	struct ring_call *calls;  /* owned */
	size_t ncalls, calls_cap;
	struct count_target targets[RING_MAPS_MAX]; /* by ring */
	bool used[RING_MAPS_MAX];          /* some call may be for it */
	struct hidden_function *functions; /* owned */
	size_t nfunctions, functions_cap;
	struct elf_edit edit;
	size_t text, symbols, strings, maps; /* sections */
	struct buf relocations;              /* owned: those of .text */
	/* The last section that relocations were added for, and theirs. */
	size_t relocated, relocated_by;
};

static bool
is_ring_helper(int32_t helper)
{
	return helper == HELPER_OUTPUT || helper == HELPER_RESERVE ||
	       helper == HELPER_RESERVE_DYNPTR;
}

static const char *
ring_helper_name(uint32_t helper)
{
	if (helper == HELPER_OUTPUT)
		return "bpf_ringbuf_output";
	return helper == HELPER_RESERVE ? "bpf_ringbuf_reserve"
					: "bpf_ringbuf_reserve_dynptr";
}

static struct bpf_insn
get_insn(const unsigned char *code, size_t at)
{
	struct bpf_insn insn;

	memcpy(&insn, code + at, sizeof(insn));
	return insn;
}

/* Whether the instruction calls one of the helpers. */
static bool
is_ring_call(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == 0 &&
	       is_ring_helper(insn->imm);
}

static bool
is_code(const Elf64_Shdr *h)
{
	return h->sh_type == SHT_PROGBITS && (h->sh_flags & SHF_EXECINSTR) &&
	       h->sh_size % INSN == 0;
}

bool
count_calls_is_needed(const struct bpf_elf *elf)
{
	struct elf_edit e;
	bool found = false;

	/* Who then works on the object finds out if memory is still short. */
	errno = 0;
	if (!elf_edit_open(&e, elf->bytes, elf->size))
		return errno == ENOMEM;
	for (size_t i = 1; i < e.n && !found; i++) {
		size_t size;
		const unsigned char *code = elf_edit_content(&e, i, &size);

		if (!is_code(&e.sections[i].header))
			continue;
		for (size_t at = 0; at < size && !found; at += INSN) {
			struct bpf_insn insn = get_insn(code, at);

			found = is_ring_call(&insn);
			if (code_flow_is_wide(&insn))
				at += INSN;
		}
	}
	elf_edit_close(&e);
	return found;
}

static int
add_ring_call(struct call_counter *c, const struct ring_call *call)
{
	if (!array_room(c->calls, c->ncalls, c->calls_cap))
		return report_nomem();
	c->calls[c->ncalls++] = *call;
	return 0;
}

/* The call at that place with its arguments, or NULL. */
static const struct helper_call *
find_known_call(const struct call_counter *c, uint32_t section, uint64_t offset)
{
	const struct code_place at = { .section = section, .offset = offset };
	const struct helper_call *v = c->code.v;
	size_t i;

	array_partition(i, c->code.n, code_place_compare(v[i].place, at) < 0);
	return i < c->code.n && code_place_compare(v[i].place, at) == 0 ? &v[i]
									: NULL;
}

/* The ring buffer that the call is for, or ANY_RING or NO_RING. */
static int
find_ring_of_call(
    const struct call_counter *c, uint32_t section, uint64_t offset)
{
	const struct helper_call *h = find_known_call(c, section, offset);

	if (h == NULL || h->argument[0].kind != CODE_MAP)
		return ANY_RING;
	for (size_t k = 0; k < c->nrings; k++)
		if (strcmp(c->rings[k].name, h->argument[0].map) == 0)
			return (int)k;
	return NO_RING;
}

static int
find_ring_calls(struct call_counter *c)
{
	for (size_t i = 1; i < c->edit.n; i++) {
		size_t size;
		const unsigned char *code =
		    elf_edit_content(&c->edit, i, &size);

		if (!is_code(&c->edit.sections[i].header))
			continue;
		for (size_t at = 0; at < size; at += INSN) {
			struct bpf_insn insn = get_insn(code, at);
			struct ring_call call = {
				.section = (uint32_t)i,
				.offset = at,
				.helper = (uint32_t)insn.imm,
			};

			if (is_ring_call(&insn)) {
				call.ring =
				    find_ring_of_call(c, call.section, at);
				if (call.ring != NO_RING &&
				    add_ring_call(c, &call) == -1)
					return -1;
			}
			if (code_flow_is_wide(&insn))
				at += INSN;
		}
	}
	return 0;
}

/* Finds out for which ring buffers there are calls, and how they are counted.
 */
static void
choose_counts(struct call_counter *c)
{
	for (size_t i = 0; i < c->ncalls; i++) {
		const struct ring_call *call = &c->calls[i];

		for (size_t k = 0; k < c->nrings; k++) {
			if (c->rings[k].counted ||
			    (call->ring != ANY_RING && call->ring != (int)k))
				continue;
			c->used[k] = true;
			c->targets[k].every_call |=
			    call->helper == HELPER_RESERVE && !c->tested;
		}
	}
}

/* Finds the sections that are changed.  Returns false if the object is not as
 * a compiler makes it, or has been changed already. */
static bool
find_edit_sections(struct call_counter *c)
{
	struct elf_edit *e = &c->edit;

	for (size_t i = 1; i < e->n; i++) {
		if (strncmp(elf_edit_name(e, i), COUNT_CALLS_SECTION,
			strlen(COUNT_CALLS_SECTION)) == 0)
			return false;
		if (e->sections[i].header.sh_type == SHT_SYMTAB)
			c->symbols = i;
	}
	if (c->symbols == 0)
		return false;
	c->strings = e->sections[c->symbols].header.sh_link;
	c->maps = elf_edit_find(e, ".maps", SHT_PROGBITS);
	c->text = elf_edit_find(e, ".text", SHT_PROGBITS);
	return c->maps != 0 && c->strings != 0 && c->strings < e->n &&
	       e->sections[c->strings].header.sh_type == SHT_STRTAB &&
	       e->sections[c->symbols].header.sh_size % sizeof(Elf64_Sym) ==
		   0 &&
	       (c->text == 0 || is_code(&e->sections[c->text].header));
}

/* Whether the string at the offset in the table is the name. */
static bool
is_symbol_name(const struct call_counter *c, uint32_t offset, const char *name)
{
	size_t size, len = strlen(name) + 1;
	const unsigned char *strings =
	    elf_edit_content(&c->edit, c->strings, &size);

	return offset <= size && len <= size - offset &&
	       memcmp(strings + offset, name, len) == 0;
}

/* Sets the symbol of each ring buffer that there are calls for.  Returns false
 * if one has none. */
static bool
find_ring_symbols(struct call_counter *c)
{
	size_t size;
	const unsigned char *bytes =
	    elf_edit_content(&c->edit, c->symbols, &size);
	Elf64_Sym sym;

	for (uint32_t i = 1; i < size / sizeof(sym); i++) {
		memcpy(&sym, bytes + i * sizeof(sym), sizeof(sym));
		if (sym.st_shndx != c->maps ||
		    ELF64_ST_TYPE(sym.st_info) != STT_OBJECT)
			continue;
		for (size_t k = 0; k < c->nrings; k++)
			if (is_symbol_name(c, sym.st_name, c->rings[k].name))
				c->targets[k].map = i;
	}
	for (size_t k = 0; k < c->nrings; k++)
		if (c->used[k] && c->targets[k].map == 0)
			return false;
	return true;
}

/* Adds a symbol, which other objects do not see.  Returns its number. */
static uint32_t
add_hidden_symbol(struct call_counter *c, const char *name, unsigned char type,
    size_t section, uint64_t value, uint64_t size)
{
	Elf64_Sym sym = {
		.st_info = ELF64_ST_INFO(STB_GLOBAL, type),
		.st_other = STV_HIDDEN,
		.st_shndx = (Elf64_Half)section,
		.st_value = value,
		.st_size = size,
	};
	struct buf *b = elf_edit_change(&c->edit, c->symbols);

	sym.st_name = elf_edit_add_string(&c->edit, c->strings, name);
	if (b == NULL)
		return 0;
	buf_add(b, &sym, sizeof(sym));
	return (uint32_t)(b->len / sizeof(sym)) - 1;
}

/* Adds a section with the counts of each ring buffer that has calls. */
static int
add_counts(struct call_counter *c)
{
	const struct call_counts zero = { 0 };
	struct buf *b;
	char *name;
	size_t section;

	for (size_t k = 0; k < c->nrings; k++) {
		if (!c->used[k])
			continue;
		if (asprintf(&name, COUNT_CALLS_SECTION "%s",
			c->rings[k].name) == -1)
			return report_nomem();
		section = elf_edit_add(
		    &c->edit, name, SHT_PROGBITS, SHF_ALLOC | SHF_WRITE);
		if (section != 0 &&
		    (b = elf_edit_change(&c->edit, section)) != NULL)
			buf_add(b, &zero, sizeof(zero));
		c->targets[k].counts =
		    add_hidden_symbol(c, name + strlen(".data."), STT_OBJECT,
			section, 0, sizeof(zero));
		free(name);
	}
	return 0;
}

/* Appends the code of a function for calls whose ring buffer is not known. */
static void
add_choice_code(struct call_counter *c, struct buf *code, uint32_t helper)
{
	struct count_target targets[RING_MAPS_MAX];
	size_t n = 0;

	for (size_t k = 0; k < c->nrings; k++)
		if (c->used[k])
			targets[n++] = c->targets[k];
	count_code_add_choice(code, &c->relocations, helper, targets, n);
}

/* Returns the function for a call, which is appended to .text if it is the
 * first of its kind; or NULL if memory ran out. */
static const struct hidden_function *
get_hidden_function(struct call_counter *c, const struct ring_call *call)
{
	struct hidden_function *f;
	struct buf *code;
	char name[64];

	for (size_t i = 0; i < c->nfunctions; i++) {
		f = &c->functions[i];
		if (f->ring == call->ring && f->helper == call->helper)
			return f;
	}
	if ((code = elf_edit_change(&c->edit, c->text)) == NULL ||
	    !array_room(c->functions, c->nfunctions, c->functions_cap))
		return NULL;
	f = &c->functions[c->nfunctions];
	*f = (struct hidden_function){ .ring = call->ring,
		.helper = call->helper,
		.offset = (uint32_t)code->len };
	if (call->ring == ANY_RING)
		add_choice_code(c, code, call->helper);
	else
		count_code_add(code, &c->relocations, call->helper,
		    &c->targets[call->ring]);
	snprintf(name, sizeof(name), "skel_counted_%zu", c->nfunctions);
	f->symbol = add_hidden_symbol(
	    c, name, STT_FUNC, c->text, f->offset, code->len - f->offset);
	c->nfunctions++;
	return f;
}

/* The section with the relocations of a section, which is added if there is
 * none yet; 0 if memory ran out. */
static size_t
get_relocation_section(struct call_counter *c, size_t section)
{
	struct elf_edit *e = &c->edit;
	Elf64_Shdr *h;
	char *name;
	size_t i;

	for (i = 1; i < e->n; i++) {
		h = &e->sections[i].header;
		if (h->sh_type == SHT_REL && h->sh_info == section)
			return i;
	}
	if (asprintf(&name, ".rel%s", elf_edit_name(e, section)) == -1)
		return 0;
	i = elf_edit_add(e, name, SHT_REL, SHF_INFO_LINK);
	free(name);
	if (i == 0)
		return 0;
	h = &e->sections[i].header;
	h->sh_link = (Elf64_Word)c->symbols;
	h->sh_info = (Elf64_Word)section;
	h->sh_entsize = sizeof(Elf64_Rel);
	return i;
}

static int
append_relocations(
    struct call_counter *c, size_t section, const void *rels, size_t size)
{
	struct buf *b = NULL;

	if (c->relocated_by == 0 || c->relocated != section)
		c->relocated_by = get_relocation_section(c, section);
	c->relocated = section;
	if (c->relocated_by != 0)
		b = elf_edit_change(&c->edit, c->relocated_by);
	if (b == NULL)
		return report_nomem();
	buf_add(b, rels, size);
	return 0;
}

/* Makes the call one of the function.  Within .text its immediate is the
 * distance in instructions, from elsewhere it is a relocation. */
static int
redirect_call(struct call_counter *c, const struct ring_call *call,
    const struct hidden_function *f)
{
	const Elf64_Rel rel = {
		.r_offset = call->offset,
		.r_info = ELF64_R_INFO((uint64_t)f->symbol, RELOC_CALL),
	};
	struct buf *code = elf_edit_change(&c->edit, call->section);
	struct bpf_insn insn;

	if (code == NULL)
		return report_nomem();
	insn = get_insn((unsigned char *)code->data, call->offset);
	insn.src_reg = BPF_PSEUDO_CALL;
	insn.imm = -1;
	if (call->section == c->text)
		insn.imm = (int32_t)((int64_t)(f->offset / INSN) -
				     (int64_t)(call->offset / INSN) - 1);
	memcpy(code->data + call->offset, &insn, sizeof(insn));
	if (call->section == c->text)
		return 0;
	return append_relocations(c, call->section, &rel, sizeof(rel));
}

static void
report_counted_call(const struct call_counter *c, const struct ring_call *call)
{
	report_info("%s: %s, instruction %llu: the call of %s() for %s is "
		    "counted",
	    c->name, elf_edit_name(&c->edit, call->section),
	    (unsigned long long)(call->offset / INSN),
	    ring_helper_name(call->helper),
	    call->ring == ANY_RING ? "a ring buffer"
				   : c->rings[call->ring].name);
}

static int
redirect_calls(struct call_counter *c)
{
	const struct hidden_function *f;

	if (c->text == 0)
		c->text = elf_edit_add(
		    &c->edit, ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR);
	if (c->text == 0)
		return report_nomem();
	for (size_t i = 0; i < c->ncalls; i++) {
		if ((f = get_hidden_function(c, &c->calls[i])) == NULL)
			return report_nomem();
		if (redirect_call(c, &c->calls[i], f) == -1)
			return -1;
		report_counted_call(c, &c->calls[i]);
	}
	return append_relocations(
	    c, c->text, c->relocations.data, c->relocations.len);
}

/* Describes the functions in the section .BTF.ext.  Returns 1, 0 if the section
 * is not laid out as it should, or -1 after reporting. */
static int
describe_in_btf_ext(
    struct call_counter *c, const struct btf *btf, struct btf_ext_functions *f)
{
	size_t section = elf_edit_find(&c->edit, ".BTF.ext", SHT_PROGBITS);
	struct buf out = { 0 }, *b;
	const unsigned char *ext;
	size_t size;
	bool done;

	if (section == 0)
		return 1;
	ext = elf_edit_content(&c->edit, section, &size);
	done = btf_ext_add_functions(ext, size, btf, f, &out);
	b = elf_edit_change(&c->edit, section);
	if (done && b != NULL) {
		b->len = 0;
		buf_add(b, out.data, out.len);
	}
	done &= !out.failed && b != NULL;
	buf_free(&out);
	return done;
}

/* Adds one type to the BTF, for all hidden functions, and describes them by it.
 * Returns as above. */
static int
describe_in_btf(struct call_counter *c, struct btf *btf)
{
	struct btf_ext_functions f = { .section = ".text" };
	size_t section = elf_edit_find(&c->edit, ".BTF", SHT_PROGBITS);
	uint32_t *offsets = calloc(c->nfunctions + 1, sizeof(*offsets));
	int name, file, text, type, done = -1;
	const void *raw;
	struct buf *b;
	uint32_t len;

	type = btf__add_func_proto(btf, 0);
	type = type < 0
		   ? type
		   : btf__add_func(btf, "skel_counted", BTF_FUNC_STATIC, type);
	name = btf__add_str(btf, ".text");
	file = btf__add_str(btf, "skel");
	text = btf__add_str(btf, "/* counts lost records */");
	if (offsets == NULL || section == 0 || type < 0 || name < 0 ||
	    file < 0 || text < 0 || (raw = btf__raw_data(btf, &len)) == NULL ||
	    (b = elf_edit_change(&c->edit, section)) == NULL)
		goto out;
	b->len = 0;
	buf_add(b, raw, len);
	for (size_t i = 0; i < c->nfunctions; i++)
		offsets[i] = c->functions[i].offset;
	f.section_name = (uint32_t)name;
	f.file = (uint32_t)file;
	f.text = (uint32_t)text;
	f.type = (uint32_t)type;
	f.offsets = offsets;
	f.n = c->nfunctions;
	done = describe_in_btf_ext(c, btf, &f);
out:
	free(offsets);
	/* BTF that cannot be extended comes from no compiler: count nothing. */
	if (done == -1 && !c->edit.failed && errno != ENOMEM)
		return 0;
	return done == -1 ? report_nomem() : done;
}

static int
describe_functions(struct call_counter *c)
{
	uint32_t len;
	const void *raw = btf__raw_data(c->elf->btf, &len);
	struct btf *btf = raw != NULL ? btf__new(raw, len) : NULL;
	int done;

	if (btf == NULL)
		return report_nomem();
	done = describe_in_btf(c, btf);
	btf__free(btf);
	return done;
}

/* Removes the calls for ring buffers that are not to be counted. */
static void
drop_unused_calls(struct call_counter *c)
{
	size_t kept = 0;
	bool any = false;

	for (size_t k = 0; k < c->nrings; k++)
		any |= c->used[k];
	for (size_t i = 0; i < c->ncalls; i++) {
		const struct ring_call *call = &c->calls[i];

		if (call->ring == ANY_RING ? any : c->used[call->ring])
			c->calls[kept++] = *call;
	}
	c->ncalls = kept;
}

/* Whether the section is one that only a debugger reads. */
static bool
is_debug_section(const struct elf_edit *e, size_t i)
{
	const char *name = elf_edit_name(e, i);

	if (strncmp(name, ".rel", strlen(".rel")) == 0)
		name += strlen(".rel");
	return strncmp(name, ".debug_", strlen(".debug_")) == 0 &&
	       !is_code(&e->sections[i].header);
}

/* Removes what only a debugger reads, unless a symbol needs it. */
static int
clear_debug_sections(struct call_counter *c)
{
	bool *needed = calloc(c->edit.n, sizeof(*needed));
	size_t size;
	const unsigned char *bytes =
	    elf_edit_content(&c->edit, c->symbols, &size);
	Elf64_Sym sym;

	if (needed == NULL)
		return report_nomem();
	for (size_t i = 0; i < size / sizeof(sym); i++) {
		memcpy(&sym, bytes + i * sizeof(sym), sizeof(sym));
		if (sym.st_shndx < c->edit.n &&
		    (sym.st_value != 0 || sym.st_size != 0))
			needed[sym.st_shndx] = true;
	}
	for (size_t i = 1; i < c->edit.n; i++)
		if (!needed[i] && is_debug_section(&c->edit, i))
			elf_edit_clear(&c->edit, i);
	free(needed);
	return 0;
}

/* Changes the object that is open in c->edit.  Returns 1 if it did, 0 if there
 * is nothing to count, or -1 after reporting. */
static int
change_object(struct call_counter *c)
{
	if (ring_maps_find(c->elf, &c->rings, &c->nrings) == -1)
		return -1;
	if (c->nrings == 0 || c->nrings > RING_MAPS_MAX ||
	    !find_edit_sections(c))
		return 0;
	if (helper_calls_open(&c->code, c->elf) == -1 ||
	    find_ring_calls(c) == -1)
		return -1;
	choose_counts(c);
	drop_unused_calls(c);
	if (c->ncalls == 0 || !find_ring_symbols(c))
		return 0;
	if (clear_debug_sections(c) == -1 || add_counts(c) == -1 ||
	    redirect_calls(c) == -1)
		return -1;
	return describe_functions(c);
}

int
count_calls(
    const struct bpf_elf *elf, const char *name, bool tested, struct buf *out)
{
	struct call_counter c = { .elf = elf, .name = name, .tested = tested };
	int ret = 0;

	if (elf->btf == NULL || !elf_edit_open(&c.edit, elf->bytes, elf->size))
		return 0;
	ret = change_object(&c);
	if (ret == 1)
		ret = elf_edit_finish(&c.edit, out);
	elf_edit_close(&c.edit);
	helper_calls_close(&c.code);
	buf_free(&c.relocations);
	free(c.rings);
	free(c.calls);
	free(c.functions);
	return ret;
}
