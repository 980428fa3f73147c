/* lib/elf/object-check: what an object is refused for before libbpf opens it.
 */
#include <bpf/btf.h>

#include "base/buf.h"
#include "base/util.h"
#include "check.h"
#include "elf-file.h"
#include "elf/bpf-elf.h"

enum { STRTAB = 1, CODE, DATA, BSS, SYMTAB, BTF, SYMBOLS = 4 };

/* An object that is right, which each test damages before it is written. */
struct object {
	struct elf_file file;
	Elf64_Sym symbols[SYMBOLS];
	size_t more_symbols, more_sections; /* empty ones */
	struct btf *btf;
	uint32_t btf_patch, btf_value; /* the word at this offset, if not 0 */
};

static void
begin_object(struct object *o)
{
	struct elf_file *f = &o->file;

	*o = (struct object){ .btf = btf__new_empty() };
	elf_file_begin(f, EM_BPF, ET_REL);
	elf_file_add(
	    f, "xdp", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, NULL, 16);
	elf_file_add(f, ".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, NULL, 8);
	elf_file_add(f, ".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE, NULL, 32);
	o->symbols[1] = (Elf64_Sym){ .st_name = elf_file_name(f, "program"),
		.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
		.st_shndx = CODE,
		.st_size = 16 };
	o->symbols[2] = (Elf64_Sym){ .st_name = elf_file_name(f, "variable"),
		.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT),
		.st_shndx = BSS,
		.st_value = 24,
		.st_size = 8 };
	btf__add_int(o->btf, "int", 4, BTF_INT_SIGNED);
	btf__add_struct(o->btf, "s", 4);
	btf__add_field(o->btf, "member", 1, 0, 0);
}

/* Opens the object, which must be refused with this message, if there is one.
 * Since version 1.3 libbpf refuses some of the types itself. */
static void
end_object(struct object *o, const char *said)
{
	struct bpf_elf elf;
	struct buf bytes = { 0 };
	Elf64_Ehdr header;
	uint32_t size;
	const void *raw = btf__raw_data(o->btf, &size);
	char *copy = malloc(size);
	struct btf *read;

	memcpy(copy, raw, size);
	if (o->btf_patch != 0)
		memcpy(copy + o->btf_patch, &o->btf_value, 4);
	if (o->file.n == SYMTAB)
		elf_file_add(&o->file, ".symtab", SHT_SYMTAB, 0, o->symbols,
		    sizeof(o->symbols));
	for (size_t i = 0; i < o->more_symbols * sizeof(Elf64_Sym); i++)
		buf_chr(&o->file.content[SYMTAB], '\0');
	o->file.sections[SYMTAB].sh_size += o->more_symbols * sizeof(Elf64_Sym);
	if (o->file.n == BTF)
		elf_file_add(&o->file, ".BTF", SHT_PROGBITS, 0, copy, size);
	elf_file_end(&o->file, &bytes);
	read = btf__new(copy, size);
	if (read == NULL)
		said = "libbpf cannot read the section .BTF";
	btf__free(read);
	/* The headers are the end of the file. */
	memcpy(&header, bytes.data, sizeof(header));
	header.e_shnum = (uint16_t)(header.e_shnum + o->more_sections);
	memcpy(bytes.data, &header, sizeof(header));
	for (size_t i = 0; i < o->more_sections; i++)
		buf_add(&bytes, &o->file.sections[BSS], sizeof(Elf64_Shdr));
	check_forget();
	CHECK_NUM(
	    bpf_elf_open(&elf, (unsigned char *)bytes.data, bytes.len, "x.o"),
	    said == NULL ? 0 : -1);
	if (said != NULL)
		CHECK_SAID(said);
	else
		CHECK_STR(check_reports, "");
	bpf_elf_close(&elf);
	btf__free(o->btf);
	buf_free(&bytes);
	free(copy);
}

static void
what_is_right_is_opened(void)
{
	struct object o;

	begin_object(&o);
	end_object(&o, NULL);
	/* A symbol may end where its section ends, and begin there if it has no
	 * size; these numbers name no section. */
	begin_object(&o);
	o.symbols[2].st_value = 32;
	o.symbols[2].st_size = 0;
	o.symbols[3] = (Elf64_Sym){ .st_shndx = SHN_ABS, .st_value = 1 << 20 };
	end_object(&o, NULL);
}

static void
other_files_are_refused(void)
{
	struct object o;

	begin_object(&o);
	o.file.header.e_machine = EM_X86_64;
	end_object(&o, "this is an ELF file for another machine");
	begin_object(&o);
	o.file.header.e_type = ET_EXEC;
	end_object(&o, "this ELF file is linked already");
	begin_object(&o);
	o.file.header.e_ident[EI_CLASS] = ELFCLASS32;
	end_object(&o, "this is a 32-bit ELF file");
	begin_object(&o);
	o.file.header.e_ident[EI_DATA] = ELFDATA2MSB;
	end_object(&o, "this is a big-endian ELF file");
	begin_object(&o);
	o.file.header.e_ident[0] = 0;
	end_object(&o, "not an ELF object");
}

static void
symbols_lie_in_their_sections(void)
{
	static const char past[] = "corrupted: symbol 2 ends past the end of "
				   "its section";
	struct object o;

	begin_object(&o);
	o.symbols[2].st_size = 9;
	end_object(&o, past);
	begin_object(&o);
	o.symbols[2].st_size = UINT64_MAX - 8;
	end_object(&o, past);
	begin_object(&o);
	o.symbols[2].st_value = 33;
	o.symbols[2].st_size = 0;
	end_object(&o, past);
	begin_object(&o);
	o.symbols[2].st_shndx = BTF + 1;
	end_object(&o,
	    "corrupted: symbol 2 refers to section 7, but there are only 7");
}

static void
sections_have_their_bytes(void)
{
	struct object o;

	begin_object(&o);
	o.file.sections[BSS].sh_size = (128 << 20) + 1;
	end_object(&o, "section .bss is larger than 128 MiB");
	begin_object(&o);
	o.file.sections[DATA].sh_type = SHT_NOBITS;
	end_object(&o, "corrupted: section .data has no bytes in the file");
	begin_object(&o);
	o.file.sections[DATA].sh_size = 1 << 20;
	end_object(&o, "corrupted: section .data does not lie within the file");
	/* Its bytes are those of all others as well. */
	begin_object(&o);
	o.file.sections[DATA].sh_size = 600;
	end_object(&o, "corrupted: its sections overlap");
	begin_object(&o);
	o.file.sections[CODE].sh_name = 1 << 20;
	end_object(&o, "corrupted: section 2 has no name");
	begin_object(&o);
	elf_file_add(
	    &o.file, ".symtab", SHT_SYMTAB, 0, o.symbols, sizeof(o.symbols));
	elf_file_add(&o.file, ".BTF", SHT_STRTAB, 0, NULL, 8);
	end_object(
	    &o, "corrupted: section .BTF has type 3, expected SHT_PROGBITS");
}

static void
names_have_an_end(void)
{
	static const char said[] = "has a name without an end, or of more than "
				   "4095 bytes";
	char name[4097];
	struct object o;

	memset(name, 'x', sizeof(name));
	name[4096] = '\0';
	begin_object(&o);
	elf_file_name(&o.file, name);
	end_object(&o, said);
	name[4095] = '\0';
	begin_object(&o);
	elf_file_name(&o.file, name);
	end_object(&o, NULL);
}

/* Where the word of this number is in the types of the BTF. */
static uint32_t
word_of_types(const struct object *o, uint32_t word)
{
	/* That of a later libbpf may be longer than the struct here. */
	const struct btf_header *header =
	    btf__raw_data(o->btf, &(uint32_t){ 0 });

	return header->hdr_len + word * 4;
}

static void
types_refer_to_types(void)
{
	static const char said[] = "refers to a type or name that does not "
				   "exist";
	struct object o;

	begin_object(&o);
	btf__add_field(o.btf, "lost", 9, 0, 0);
	end_object(&o, said);
	begin_object(&o);
	btf__add_ptr(o.btf, 9);
	end_object(&o, said);
	begin_object(&o);
	btf__add_array(o.btf, 1, 9, 2);
	end_object(&o, said);
	begin_object(&o);
	btf__add_array(o.btf, 9, 1, 2);
	end_object(&o, said);
	begin_object(&o);
	btf__add_func_proto(o.btf, 9);
	end_object(&o, said);
	begin_object(&o);
	btf__add_func_proto(o.btf, 1);
	btf__add_func_param(o.btf, "p", 9);
	end_object(&o, said);
	/* A data section of something that is no variable. */
	begin_object(&o);
	btf__add_datasec(o.btf, ".data", 4);
	btf__add_datasec_var_info(o.btf, 1, 0, 4);
	end_object(&o, said);
	/* The name of type 1, and that of the member of type 2. */
	begin_object(&o);
	o.btf_patch = word_of_types(&o, 0);
	o.btf_value = 1 << 20;
	end_object(&o, said);
	begin_object(&o);
	o.btf_patch = word_of_types(&o, 4 + 3);
	o.btf_value = 1 << 20;
	end_object(&o, said);
	/* The name of a constant. */
	begin_object(&o);
	btf__add_enum(o.btf, "e", 4);
	btf__add_enum_value(o.btf, "ONE", 1);
	o.btf_patch = word_of_types(&o, 4 + 3 + 3 + 3);
	o.btf_value = 1 << 20;
	end_object(&o, said);
}

static void
chains_of_types_end(void)
{
	static const char said[] = "refers to itself through others";
	struct object o;

	begin_object(&o);
	btf__add_typedef(o.btf, "t", 4);
	btf__add_typedef(o.btf, "u", 3);
	end_object(&o, said);
	begin_object(&o);
	btf__add_array(o.btf, 1, 3, 2);
	end_object(&o, said);
	begin_object(&o);
	btf__add_ptr(o.btf, 3);
	end_object(&o, said);
	/* Only a struct may close a circle. */
	begin_object(&o);
	btf__add_ptr(o.btf, 4);
	btf__add_struct(o.btf, "list", 8);
	btf__add_field(o.btf, "next", 3, 0, 0);
	end_object(&o, NULL);
}

static void
maps_are_bounded(void)
{
	struct object o;

	for (uint32_t n = 4096; n <= 4097; n++) {
		begin_object(&o);
		for (uint32_t i = 0; i < n; i++)
			btf__add_var(o.btf, "map", BTF_VAR_GLOBAL_ALLOCATED, 1);
		btf__add_datasec(o.btf, ".maps", 4);
		for (uint32_t i = 0; i < n; i++)
			btf__add_datasec_var_info(o.btf, 3 + (int)i, i * 4, 4);
		end_object(&o,
		    n == 4096 ? NULL
			      : "the object has 4097 maps; there may be 4096");
	}
}

static void
types_of_code_are_aligned(void)
{
	uint32_t header[8] = { 0x0001eb9f, sizeof(header) };
	struct object o;

	begin_object(&o);
	elf_file_add(
	    &o.file, ".BTF.ext", SHT_PROGBITS, 0, header, sizeof(header));
	end_object(&o, NULL);
	header[1]++;
	begin_object(&o);
	elf_file_add(
	    &o.file, ".BTF.ext", SHT_PROGBITS, 0, header, sizeof(header));
	end_object(&o, "section .BTF.ext has no valid header");
}

/* libbpf looks for each section and each variable in all symbols. */
static void
work_is_bounded(void)
{
	struct object o;

	for (uint32_t n = 32768; n <= 32769; n++) {
		begin_object(&o);
		o.more_symbols = 8192 - nitems(o.symbols);
		o.more_sections = n - (BTF + 1);
		end_object(&o, n == 32768
				   ? NULL
				   : "the object has 8192 symbols and 32769 "
				     "sections; the product may be 268435456");
		begin_object(&o);
		o.more_symbols = 8192 - nitems(o.symbols);
		btf__add_var(o.btf, "v", BTF_VAR_GLOBAL_ALLOCATED, 1);
		btf__add_datasec(o.btf, ".data", 4);
		for (uint32_t i = 0; i < n; i++)
			btf__add_datasec_var_info(o.btf, 3, i * 4, 4);
		end_object(&o, n == 32768
				   ? NULL
				   : "the object has 8192 symbols and 32769 "
				     "variables; the product may be 268435456");
	}
}

int
main(void)
{
	what_is_right_is_opened();
	other_files_are_refused();
	symbols_lie_in_their_sections();
	sections_have_their_bytes();
	names_have_an_end();
	types_refer_to_types();
	chains_of_types_end();
	maps_are_bounded();
	types_of_code_are_aligned();
	work_is_bounded();
	return check_done();
}
