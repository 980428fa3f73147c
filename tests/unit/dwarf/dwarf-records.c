/* lib/dwarf: types and places of variables are found, and types become BTF.
 * DWARF that is damaged, circular or endless does no harm. */
#include <bpf/btf.h>
#include <time.h>

#include "dwarf-object.h"
#include "dwarf/dwarf-files.h"
#include "dwarf/dwarf-records.h"

enum { CHANGES = 20000, ENDLESS = 2 << 20, MANY = 200000 };

/* The object that most checks ask, and what it has. */
struct sample {
	struct dwarf_object o;
	struct bpf_elf elf;
	struct dwarf_records *r;
	enum dwarf_state state;
	uint32_t integer, character, kernel, event;
};

static void
open_object(struct sample *s)
{
	object_build(&s->o);
	s->r = NULL;
	s->state = DWARF_DAMAGED;
	if (bpf_elf_open(&s->elf, (unsigned char *)s->o.file.data,
		s->o.file.len, "x.bpf.o") == 0)
		s->r = dwarf_records_open(&s->elf, &s->state);
}

/* Opens an object that can be read. */
static void
open_readable(struct sample *s)
{
	open_object(s);
	if (s->r != NULL)
		return;
	fprintf(stderr, "%s: %s\n", dwarf_state_text(s->state), check_reports);
	exit(1);
}

static void
close_object(struct sample *s)
{
	dwarf_records_close(s->r);
	bpf_elf_close(&s->elf);
	object_free(&s->o);
}

static void
begin_sample(struct sample *s)
{
	object_begin(&s->o);
	s->integer = put_base(&s->o, "int", DW_ATE_signed, 4);
	s->character = put_base(&s->o, "char", DW_ATE_signed_char, 1);
}

/* struct event { const int pid; char text[2][8]; int low : 3; enum shade shade;
 * struct event *next; number last; } */
static void
put_event(struct sample *s)
{
	struct dwarf_object *o = &s->o;
	uint32_t text, shade, pointer, number, constant;
	uint32_t rows = put_array(o, s->character, 8);

	text = put_array(o, rows, 2);
	shade = entry(o, ENUM);
	put_text(&o->section[INFO], "shade");
	put(&o->section[INFO], 4, 1);
	entry(o, CONSTANT);
	put_text(&o->section[INFO], "DARK");
	put(&o->section[INFO], 0x7f, 1); /* -1 */
	end_children(o);
	number = put_typedef(o, "number", s->integer);
	constant = put_reference(o, CONST, s->integer);
	pointer = put_reference(o, POINTER, s->integer);
	s->event = put_struct(o, "event", 40, 1);
	put_member(o, "pid", constant, 0);
	put_member(o, "text", text, 4);
	put_bits(o, "low", s->integer, 3, 165);
	put_member(o, "shade", shade, 24);
	put_member(o, "next", pointer, 32);
	put_member(o, "last", number, 28);
	end_children(o);
}

static void
open_sample(struct sample *s)
{
	struct dwarf_object *o = &s->o;
	uint32_t pointer, qualified, nameless, pair;

	begin_sample(s);
	put_event(s);
	s->kernel = put_box(o, "task", 40, 2, s->integer);
	put_box(o, "helper", 40, 3, s->integer);
	pair = put_box(o, "pair", 8, 2, s->integer);
	put_box(o, "first", 4, 1, s->integer);
	put_box(o, "second", 4, 1, s->integer);
	put_box(o, "second", 4, 1, s->integer);
	put_box(o, "kernel_only", 12, 2, s->integer);
	put_box(o, "kernel___old", 12, 1, s->integer);
	entry(o, DECLARED);
	put_text(&o->section[INFO], "event");
	nameless = entry(o, NAMELESS);
	put(&o->section[INFO], 6, 1);
	put(&o->section[INFO], 1, 1);
	put_member(o, "a", s->character, 5);
	end_children(o);
	put_typedef(o, "nameless", nameless);
	pointer = put_reference(o, POINTER, s->event);
	qualified = put_typedef(o, "handle", put_reference(o, CONST, pointer));
	put_function(o);
	put_variable(o, qualified, DW_OP_reg6, -1);
	put_variable(o, s->integer, DW_OP_reg7, -1);
	put_variable(o, s->kernel, DW_OP_fbreg, 0);
	put_variable(o, pointer, DW_OP_breg10, 0x78); /* -8 */
	put_parted_variable(o, pair, 8, 4, 12, 4);
	put_parted_variable(o, pair, 16, 4, 24, 4);
	put_parted_variable(o, pair, 28, 4, 28, 4);
	end_children(o);
	open_readable(s);
}

static void
check_name(const struct sample *s, dwarf_type type, const char *want)
{
	struct buf name = { 0 };

	dwarf_type_name(s->r, type, &name);
	buf_chr(&name, '\0');
	CHECK_STR(name.data, want);
	buf_free(&name);
}

static void
check_at(const struct sample *s, uint32_t section, uint64_t offset,
    enum dwarf_place place, int64_t number, const char *want)
{
	dwarf_type types[DWARF_TYPES_MAX];
	size_t n =
	    dwarf_records_at(s->r, section, offset, place, number, types);

	CHECK_NUM(n, want != NULL);
	if (n == 1 && want != NULL)
		check_name(s, types[0], want);
}

static void
find_places(void)
{
	struct sample s;

	open_sample(&s);
	CHECK_NUM(s.state, DWARF_READ);
	check_at(&s, CODE, 0, DWARF_REGISTER, 6, "struct event");
	check_at(&s, CODE, 56, DWARF_REGISTER, 6, "struct event");
	check_at(&s, CODE, 64, DWARF_REGISTER, 6, NULL);
	check_at(&s, ABBREV, 0, DWARF_REGISTER, 6, NULL);
	check_at(&s, CODE, UINT64_MAX, DWARF_REGISTER, 6, NULL);
	/* An int is no pointer. */
	check_at(&s, CODE, 0, DWARF_REGISTER, 7, NULL);
	/* The code uses 40 bytes of the stack, of which 0 is the lowest. */
	check_at(&s, CODE, 8, DWARF_STACK, -40, "struct task");
	check_at(&s, CODE, 8, DWARF_STACK, 0, NULL);
	check_at(&s, CODE, 8, DWARF_SPILLED, -8, "struct event");
	check_at(&s, CODE, 8, DWARF_SPILLED, -40, NULL);
	/* Members that are followed one by one, in their order and not. */
	check_at(&s, CODE, 8, DWARF_STACK, -32, "struct pair");
	check_at(&s, CODE, 8, DWARF_STACK, -28, NULL);
	check_at(&s, CODE, 8, DWARF_STACK, -24, NULL);
	check_at(&s, CODE, 8, DWARF_STACK, -16, NULL);
	check_at(&s, CODE, 8, DWARF_STACK, -12, NULL);
	close_object(&s);
}

static void
find_sizes(void)
{
	dwarf_type types[DWARF_TYPES_MAX];
	struct sample s;

	open_sample(&s);
	CHECK_NUM(dwarf_records_of_size(s.r, 40, types), 1);
	check_name(&s, types[0], "struct event");
	CHECK_NUM(dwarf_type_size(s.r, types[0]), 40);
	CHECK_NUM(dwarf_records_of_size(s.r, 4, types), 2);
	check_name(&s, types[0], "struct first");
	check_name(&s, types[1], "struct second");
	CHECK(!dwarf_types_equal(s.r, types[0], types[1]));
	CHECK_NUM(dwarf_records_of_size(s.r, 12, types), 0);
	CHECK_NUM(dwarf_records_of_size(s.r, 0, types), 0);
	CHECK_NUM(dwarf_records_of_size(s.r, 6, types), 1);
	check_name(&s, types[0], "nameless");
	close_object(&s);
}

static void
find_names(void)
{
	struct sample s;

	open_sample(&s);
	CHECK_NUM(
	    dwarf_type_size(s.r, dwarf_records_find(s.r, "struct event")), 40);
	check_name(&s, dwarf_records_find(s.r, "struct task"), "struct task");
	check_name(&s, dwarf_records_find(s.r, "enum shade"), "enum shade");
	check_name(&s, dwarf_records_find(s.r, "number"), "number");
	check_name(&s, dwarf_records_find(s.r, "int"), "int");
	CHECK_NUM(dwarf_records_find(s.r, "union event"), DWARF_NO_TYPE);
	CHECK_NUM(dwarf_records_find(s.r, "event"), DWARF_NO_TYPE);
	CHECK_NUM(dwarf_records_find(s.r, ""), DWARF_NO_TYPE);
	close_object(&s);
}

/* What bpftool would print of the members of a struct. */
static void
print_members(const struct btf *btf, int id, struct buf *out)
{
	const struct btf_type *t = btf__type_by_id(btf, (uint32_t)id);

	for (unsigned int i = 0; i < btf_vlen(t); i++)
		buf_printf(out, "%s %u %u %lld\n",
		    btf__name_by_offset(btf, btf_members(t)[i].name_off),
		    btf_member_bit_offset(t, i), btf_member_bitfield_size(t, i),
		    (long long)btf__resolve_size(btf, btf_members(t)[i].type));
	buf_chr(out, '\0');
}

static void
add_to_btf(void)
{
	struct btf *btf = btf__new_empty();
	struct buf text = { 0 };
	struct sample s;
	uint32_t count;
	int id;

	open_sample(&s);
	btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	id = dwarf_type_add(
	    s.r, dwarf_records_find(s.r, "struct event"), btf, "x.bpf.o");
	CHECK(id > 0);
	print_members(btf, id, &text);
	CHECK_STR(text.data, "pid 0 0 4\ntext 32 0 16\nlow 165 3 4\n"
			     "shade 192 0 4\nnext 256 0 8\nlast 224 0 4\n");
	/* The int is not there twice, nor is anything that is added again. */
	count = btf__type_cnt(btf);
	for (uint32_t i = 2; i < count; i++)
		CHECK(!btf_is_int(btf__type_by_id(btf, i)) ||
		      btf__type_by_id(btf, i)->size != 4 ||
		      strcmp(btf__name_by_offset(
				 btf, btf__type_by_id(btf, i)->name_off),
			  "int") != 0);
	CHECK_NUM(dwarf_type_add(s.r, dwarf_records_find(s.r, "struct event"),
		      btf, "x.bpf.o"),
	    id);
	CHECK_NUM(btf__type_cnt(btf), count);
	/* One of the same name with other members is another. */
	id = btf__add_struct(btf, "first", 4);
	btf__add_field(btf, "outside", 1, 0, 0);
	CHECK(dwarf_type_add(s.r, dwarf_records_find(s.r, "struct first"), btf,
		  "x.bpf.o") > id);
	buf_free(&text);
	btf__free(btf);
	close_object(&s);
}

/* An enum with a negative constant is marked as signed, unless that would make
 * others unsigned that are not marked. */
static void
mark_signed_enums(void)
{
	const struct btf_type *t;
	struct btf *btf;
	struct sample s;
	int id;

	open_sample(&s);
	for (int hidden = 0; hidden < 2; hidden++) {
		btf = btf__new_empty();
		if (hidden) {
			id = btf__add_enum(btf, "other", 4);
			btf__add_enum_value(btf, "HIGH", UINT32_MAX);
		}
		id = dwarf_type_add(
		    s.r, dwarf_records_find(s.r, "enum shade"), btf, "x.bpf.o");
		t = btf__type_by_id(btf, (uint32_t)id);
		CHECK_NUM(btf_kflag(t), !hidden);
		CHECK_NUM(btf_enum(t)[0].val, -1);
		btf__free(btf);
	}
	close_object(&s);
}

/* Adds the struct "bad" of the object, which must fail and say why. */
static void
refuse_bad(struct sample *s, const char *why)
{
	struct btf *btf = btf__new_empty();

	open_readable(s);
	check_forget();
	CHECK_NUM(dwarf_type_add(s->r, dwarf_records_find(s->r, "struct bad"),
		      btf, "x.bpf.o"),
	    -1);
	CHECK_SAID(why);
	CHECK_SAID("x.bpf.o: the type struct bad of the DWARF ");
	btf__free(btf);
	close_object(s);
}

static void
refuse_types(void)
{
	struct sample s;
	uint32_t e;

	/* It holds itself; the type of its member is its own offset. */
	begin_sample(&s);
	e = (uint32_t)s.o.section[INFO].len;
	put_box(&s.o, "bad", 8, 1, e);
	refuse_bad(&s, "holds itself");

	/* A typedef of itself. */
	begin_sample(&s);
	e = (uint32_t)s.o.section[INFO].len;
	put_typedef(&s.o, "circle", e);
	put_box(&s.o, "bad", 8, 1, e);
	refuse_bad(&s, "holds itself");

	begin_sample(&s);
	put_box(&s.o, "bad", UINT64_MAX, 1, s.integer);
	refuse_bad(&s, "is too large");

	begin_sample(&s);
	put_box(&s.o, "bad", 3, 1, s.integer);
	refuse_bad(&s, "has a member that does not lie within it");

	begin_sample(&s);
	put_box(&s.o, "bad", 8, 1, put_array(&s.o, s.integer, 1ULL << 62));
	refuse_bad(&s, "is too large");

	begin_sample(&s);
	put_box(&s.o, "bad", 8, 1, 1);
	refuse_bad(&s, "holds a member without a type");

	begin_sample(&s);
	entry(&s.o, DECLARED);
	put_text(&s.o.section[INFO], "bad");
	refuse_bad(&s, "is only declared");
}

/* Each struct holds two of the one before: 2^64 members in all. */
static void
count_doubled_structs(void)
{
	struct btf *btf = btf__new_empty();
	struct sample s;
	char name[16];
	uint32_t e;

	begin_sample(&s);
	e = s.integer;
	for (int i = 0; i < 20; i++) {
		uint32_t inner = e;

		snprintf(name, sizeof(name), "level_%d", i);
		e = put_struct(&s.o, name, 8ULL << i, 1);
		put_member(&s.o, "a", inner, 0);
		put_member(&s.o, "b", inner, 4ULL << i);
		end_children(&s.o);
	}
	open_readable(&s);
	CHECK(dwarf_type_add(s.r, dwarf_records_find(s.r, "struct level_19"),
		  btf, "x.bpf.o") > 0);
	CHECK_NUM(btf__type_cnt(btf), 22);
	btf__free(btf);
	close_object(&s);
}

static void
tell_states(void)
{
	struct sample s;

	begin_sample(&s);
	s.o.flags[ABBREV] = SHF_COMPRESSED;
	open_object(&s);
	CHECK_NUM(s.state, DWARF_COMPRESSED);
	close_object(&s);

	begin_sample(&s);
	s.o.section[ABBREV].len = 0;
	open_object(&s);
	CHECK_NUM(s.state, DWARF_NONE);
	close_object(&s);

	begin_sample(&s);
	patch(&s.o.section[INFO], 4, 6, 2); /* the version */
	open_object(&s);
	CHECK_NUM(s.state, DWARF_DAMAGED);
	close_object(&s);
}

/* Adds an abbreviation with so many attributes that take no byte. */
static void
put_long_abbrev(struct dwarf_object *o, int n)
{
	put_leb(&o->section[ABBREV], LONG);
	put_leb(&o->section[ABBREV], DW_TAG_label);
	put(&o->section[ABBREV], 0, 1);
	for (int i = 0; i < n; i++) {
		put_leb(&o->section[ABBREV], DW_AT_external);
		put_leb(&o->section[ABBREV], DW_FORM_flag_present);
	}
	put(&o->section[ABBREV], 0, 2);
}

/* What would take long or much memory is not read to its end. */
static void
bound_work(void)
{
	clock_t start = clock();
	struct sample s;

	begin_sample(&s);
	put_long_abbrev(&s.o, 1000);
	open_object(&s);
	CHECK_NUM(s.state, DWARF_DAMAGED);
	close_object(&s);

	begin_sample(&s);
	put_long_abbrev(&s.o, 64);
	for (int i = 0; i < ENDLESS; i++)
		entry(&s.o, LONG);
	open_object(&s);
	CHECK_NUM(s.state, DWARF_TOO_LARGE);
	close_object(&s);

	/* Each is in the one before. */
	begin_sample(&s);
	for (int i = 0; i < 1000; i++)
		put_struct(&s.o, "deep", 1, 1);
	open_object(&s);
	CHECK_NUM(s.state, DWARF_DAMAGED);
	close_object(&s);
	CHECK((double)(clock() - start) / CLOCKS_PER_SEC < 20);
}

/* A question costs the same however many variables share a register. */
static void
share_register(void)
{
	dwarf_type types[DWARF_TYPES_MAX];
	clock_t start = clock();
	struct sample s;
	uint32_t pointer;

	begin_sample(&s);
	pointer = put_reference(
	    &s.o, POINTER, put_box(&s.o, "event", 4, 1, s.integer));
	put_function(&s.o);
	for (int i = 0; i < MANY; i++)
		put_variable(&s.o, pointer, DW_OP_reg1, -1);
	end_children(&s.o);
	open_readable(&s);
	for (int i = 0; i < MANY; i++)
		CHECK_NUM(
		    dwarf_records_at(s.r, CODE, 8, DWARF_REGISTER, 1, types),
		    1);
	CHECK((double)(clock() - start) / CLOCKS_PER_SEC < 20);
	close_object(&s);
}

/* Asks everything of what may be damaged. */
static void
ask_all(const struct bpf_elf *elf)
{
	dwarf_type types[DWARF_TYPES_MAX];
	struct btf *btf = btf__new_empty();
	enum dwarf_state state;
	struct dwarf_records *r = dwarf_records_open(elf, &state);

	for (uint64_t size = 1; r != NULL && size <= 40; size++) {
		size_t n = dwarf_records_of_size(r, size, types);

		for (size_t i = 0; i < n; i++)
			dwarf_type_add(r, types[i], btf, "x.bpf.o");
	}
	for (int n = -40; r != NULL && n < 11; n++)
		dwarf_records_at(r, CODE, 8, DWARF_STACK, n, types);
	dwarf_records_close(r);
	btf__free(btf);
}

static void
bear_damage(void)
{
	struct sample s;
	struct bpf_elf elf;
	unsigned char *copy;
	size_t size;

	open_sample(&s);
	size = s.o.file.len;
	copy = malloc(size);
	srandom(1);
	for (int i = 0; i < CHANGES && copy != NULL; i++) {
		memcpy(copy, s.o.file.data, size);
		for (int k = 0; k < 1 + i % 4; k++)
			copy[(size_t)random() % size] = (unsigned char)random();
		check_forget();
		if (bpf_elf_open(&elf, copy, size, "x.bpf.o") == -1)
			continue;
		ask_all(&elf);
		bpf_elf_close(&elf);
	}
	free(copy);
	close_object(&s);
}

static void
know_foreign_files(void)
{
	CHECK(dwarf_file_is_foreign("", "vmlinux.h"));
	CHECK(dwarf_file_is_foreign("../vmlinux/x86", "vmlinux_601.h"));
	CHECK(dwarf_file_is_foreign("/usr/include/linux", "types.h"));
	CHECK(dwarf_file_is_foreign("/usr/lib/llvm-14/lib", "stddef.h"));
	CHECK(dwarf_file_is_foreign("out/include/bpf", "usdt.bpf.h"));
	CHECK(dwarf_file_is_foreign("include/linux", "types.h"));
	CHECK(dwarf_file_is_foreign("", "include/linux/types.h"));
	CHECK(!dwarf_file_is_foreign("out/include/bpf", "events.h"));
	CHECK(dwarf_file_is_foreign("/src", "/usr/include/x.h"));
	CHECK(!dwarf_file_is_foreign("/src", "execsnoop.h"));
	CHECK(!dwarf_file_is_foreign("", "vmlinux.c"));
	CHECK(!dwarf_file_is_foreign("/home/u/linux/tools", "my_helpers.h"));
}

int
main(void)
{
	check_forget();
	find_places();
	find_sizes();
	find_names();
	add_to_btf();
	mark_signed_enums();
	refuse_types();
	count_doubled_structs();
	tell_states();
	bound_work();
	share_register();
	bear_damage();
	know_foreign_files();
	return check_done();
}
