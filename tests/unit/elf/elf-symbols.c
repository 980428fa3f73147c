/* lib/elf/elf-symbols: which of several names an address has. */
#include "elf/elf-symbols.h"
#include "base/buf.h"
#include "check.h"
#include "elf-file.h"

enum { TEXT = 2, DATA = 3, BASE = 0x1000, DATA_BASE = 0x9000 };

struct symbol {
	const char *name;
	uint64_t addr, size;
	unsigned char bind, type;
	uint16_t section;
};

static const struct symbol symbols[] = {
	/* At each address, the best name is the first. */
	{ "global", 0x1000, 16, STB_GLOBAL, STT_FUNC, TEXT },
	{ "a_weak", 0x1000, 16, STB_WEAK, STT_FUNC, TEXT },
	{ "a_local", 0x1000, 16, STB_LOCAL, STT_FUNC, TEXT },
	{ "weak", 0x1010, 16, STB_WEAK, STT_FUNC, TEXT },
	{ "a_local_one", 0x1010, 16, STB_LOCAL, STT_FUNC, TEXT },
	{ "sized", 0x1020, 16, STB_LOCAL, STT_FUNC, TEXT },
	{ "a_label", 0x1020, 0, STB_GLOBAL, STT_FUNC, TEXT },
	{ "name", 0x1030, 16, STB_GLOBAL, STT_FUNC, TEXT },
	{ "_name", 0x1030, 16, STB_GLOBAL, STT_FUNC, TEXT },
	{ "__name", 0x1030, 16, STB_GLOBAL, STT_FUNC, TEXT },
	/* These are names of functions, too. */
	{ "resolved", 0x1040, 16, STB_GLOBAL, STT_GNU_IFUNC, TEXT },
	{ "assembly", 0x1050, 0, STB_GLOBAL, STT_NOTYPE, TEXT },
	/* One that others start within. */
	{ "outer", 0x1100, 0x100, STB_GLOBAL, STT_FUNC, TEXT },
	{ "inner", 0x1110, 0x10, STB_LOCAL, STT_FUNC, TEXT },
	{ "inner2", 0x1120, 0x10, STB_LOCAL, STT_FUNC, TEXT },
	/* These are none. */
	{ "variable", 0x9000, 16, STB_GLOBAL, STT_OBJECT, DATA },
	{ "mark", 0x9010, 16, STB_GLOBAL, STT_NOTYPE, DATA },
	{ "table", 0x10c0, 16, STB_GLOBAL, STT_OBJECT, TEXT },
	{ "needed", 0x10d0, 16, STB_GLOBAL, STT_FUNC, SHN_UNDEF },
	{ "absolute", 0x10e0, 16, STB_GLOBAL, STT_FUNC, SHN_ABS },
	{ "$x", 0x10f0, 16, STB_LOCAL, STT_FUNC, TEXT },
	{ "", 0x10f0, 16, STB_LOCAL, STT_FUNC, TEXT },
};

static void
make_program(struct buf *out)
{
	struct elf_file f;
	Elf64_Sym table[1 + sizeof(symbols) / sizeof(symbols[0])] = { 0 };

	elf_file_begin(&f, EM_X86_64, ET_EXEC);
	elf_file_add(
	    &f, ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, NULL, 0x300);
	f.sections[TEXT].sh_addr = BASE;
	elf_file_add(
	    &f, ".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, NULL, 0x100);
	f.sections[DATA].sh_addr = DATA_BASE;
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		const struct symbol *s = &symbols[i];

		table[1 + i] =
		    (Elf64_Sym){ .st_name = elf_file_name(&f, s->name),
			    .st_info = ELF64_ST_INFO(s->bind, s->type),
			    .st_shndx = s->section,
			    .st_value = s->addr,
			    .st_size = s->size };
	}
	elf_file_add(&f, ".symtab", SHT_SYMTAB, 0, table, sizeof(table));
	elf_file_end(&f, out);
}

static void
check_found(const struct elf_symbols *s, uint64_t addr, const char *want)
{
	const struct elf_symbol *f = elf_symbols_find(s, addr);

	CHECK_STR(f != NULL ? f->name : "nothing", want);
}

int
main(void)
{
	struct buf program = { 0 };
	struct elf_symbols s = { 0 };
	Elf *elf;

	make_program(&program);
	elf_version(EV_CURRENT);
	elf = elf_memory(program.data, program.len);
	CHECK_NUM(elf_symbols_read(&s, elf, SHT_SYMTAB), 9);
	check_found(&s, 0x0fff, "nothing");
	check_found(&s, 0x1000, "global");
	check_found(&s, 0x100f, "global");
	check_found(&s, 0x1010, "weak");
	check_found(&s, 0x1020, "sized");
	check_found(&s, 0x1030, "name");
	check_found(&s, 0x1040, "resolved");
	check_found(&s, 0x1050, "assembly");
	/* Without a size it ends with its section. */
	check_found(&s, 0x10c8, "assembly");
	check_found(&s, 0x10d8, "assembly");
	check_found(&s, 0x10f0, "assembly");
	check_found(&s, 0x1105, "outer");
	check_found(&s, 0x1115, "inner");
	check_found(&s, 0x1125, "inner2");
	check_found(&s, 0x1130, "outer");
	check_found(&s, 0x11ff, "outer");
	check_found(&s, 0x1300, "nothing");
	check_found(&s, 0x9000, "nothing");
	check_found(&s, 0x9010, "nothing");
	CHECK_NUM(elf_symbols_read(&s, elf, SHT_DYNSYM), 0);
	check_found(&s, 0x1000, "nothing");
	elf_symbols_free(&s);
	elf_end(elf);
	buf_free(&program);
	return check_done();
}
