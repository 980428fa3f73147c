/* The DWARF of a BPF object: every question is asked of it, its structs are
 * added to the object's BTF, and the object is written with that. */
#include "dwarf/btf-rewrite.h"
#include "dwarf/dwarf-records.h"
#include "fuzz.h"

enum {
	SIZES = 8192,  /* of structs, in bytes */
	PLACES = 4096, /* instructions that are asked about */
	REGISTERS = 11,
	STACK = 512,
};

static void
add_types(const struct dwarf_records *r, const dwarf_type *types, size_t n,
    struct btf *btf)
{
	struct buf name = { 0 };
	int64_t size;
	int id;

	for (size_t i = 0; i < n; i++) {
		dwarf_type_name(r, types[i], &name);
		if (!dwarf_types_equal(r, types[i], types[i]))
			fuzz_wrong("a type that is not itself");
		if ((id = dwarf_type_add(r, types[i], btf, "x.bpf.o")) == -1) {
			fuzz_refused();
			continue;
		}
		size = btf__resolve_size(btf, (uint32_t)id);
		if (size < 0 || (uint64_t)size != dwarf_type_size(r, types[i]))
			fuzz_wrong("another size in BTF than in DWARF");
		if (dwarf_type_add(r, types[i], btf, "x.bpf.o") < 0)
			fuzz_wrong("added once, but not twice");
	}
	buf_free(&name);
}

static void
ask_places(const struct dwarf_records *r, uint32_t section, uint64_t size)
{
	dwarf_type types[DWARF_TYPES_MAX];

	for (uint64_t at = 0; at < size && at < 8 * PLACES; at += 8) {
		for (int n = 0; n < REGISTERS; n++)
			dwarf_records_at(
			    r, section, at, DWARF_REGISTER, n, types);
		for (int n = -STACK; n <= 0; n += 8)
			dwarf_records_at(r, section, at, DWARF_STACK, n, types);
	}
}

static void
ask_all_places(const struct dwarf_records *r, Elf *elf)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr h;
	int asked = 0;

	while ((scn = elf_nextscn(elf, scn)) != NULL && asked < 4)
		if (gelf_getshdr(scn, &h) != NULL &&
		    h.sh_flags & SHF_EXECINSTR) {
			ask_places(r, (uint32_t)elf_ndxscn(scn), h.sh_size);
			asked++;
		}
}

static void
rewrite(const struct bpf_elf *elf)
{
	struct buf out = { 0 };
	struct bpf_elf again;

	if (btf_rewrite(elf, elf->btf, &out, "x.bpf.o") == -1) {
		fuzz_refused();
		return;
	}
	if (bpf_elf_open(&again, (unsigned char *)out.data, out.len, "y") == -1)
		fuzz_wrong("what was written cannot be opened");
	if (btf__type_cnt(again.btf) != btf__type_cnt(elf->btf))
		fuzz_wrong("another number of types was written");
	bpf_elf_close(&again);
	buf_free(&out);
}

static void
ask(const struct bpf_elf *elf)
{
	dwarf_type types[DWARF_TYPES_MAX], named;
	enum dwarf_state state;
	struct dwarf_records *r = dwarf_records_open(elf, &state);

	if ((r == NULL) == (state == DWARF_READ))
		fuzz_wrong("a reader and a state that do not agree");
	if (r == NULL)
		return;
	ask_all_places(r, elf->elf);
	for (uint64_t size = 0; size < SIZES; size++)
		add_types(
		    r, types, dwarf_records_of_size(r, size, types), elf->btf);
	named = dwarf_records_find(r, "struct event");
	if (named != DWARF_NO_TYPE)
		dwarf_type_size(r, named);
	dwarf_records_close(r);
	rewrite(elf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bpf_elf elf;

	fuzz_start();
	if (bpf_elf_open(&elf, data, size, "x.bpf.o") == -1) {
		fuzz_refused();
		return 0;
	}
	if (elf.btf != NULL)
		ask(&elf);
	bpf_elf_close(&elf);
	return 0;
}
