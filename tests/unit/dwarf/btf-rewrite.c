/* lib/dwarf/btf-rewrite: types that were added to the BTF of an object are in
 * the file that is written, and nothing else of it changes. */
#include "dwarf/btf-rewrite.h"

#include "dwarf-object.h"

struct sample {
	struct dwarf_object o;
	struct bpf_elf elf;
};

static void
open_built(struct sample *s)
{
	object_build(&s->o);
	if (bpf_elf_open(&s->elf, (unsigned char *)s->o.file.data,
		s->o.file.len, "x.bpf.o") == -1)
		exit(1);
}

static void
open_sample(struct sample *s)
{
	object_begin(&s->o);
	put_base(&s->o, "int", DW_ATE_signed, 4);
	open_built(s);
}

static void
close_sample(struct sample *s)
{
	bpf_elf_close(&s->elf);
	object_free(&s->o);
}

static void
add_type(struct btf *btf, const char *name)
{
	int integer = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);

	btf__add_struct(btf, name, 4);
	btf__add_field(btf, "member", integer, 0, 0);
}

static void
check_same_section(const struct bpf_elf *a, const struct bpf_elf *b, size_t i)
{
	Elf_Data *l = elf_rawdata(elf_getscn(a->elf, i), NULL);
	Elf_Data *r = elf_rawdata(elf_getscn(b->elf, i), NULL);

	if (i == BTF)
		return;
	CHECK_NUM(l->d_size, r->d_size);
	CHECK(l->d_size == 0 || memcmp(l->d_buf, r->d_buf, l->d_size) == 0);
}

static void
add_types(void)
{
	struct buf out = { 0 }, again = { 0 };
	struct bpf_elf changed;
	struct sample s;
	int id;

	open_sample(&s);
	add_type(s.elf.btf, "a_name_of_some_length");
	CHECK_NUM(btf_rewrite(&s.elf, s.elf.btf, &out, "x.bpf.o"), 0);
	CHECK_NUM(btf_rewrite(&s.elf, s.elf.btf, &again, "x.bpf.o"), 0);
	CHECK(
	    out.len == again.len && memcmp(out.data, again.data, out.len) == 0);
	CHECK_NUM(bpf_elf_open(
		      &changed, (unsigned char *)out.data, out.len, "y.bpf.o"),
	    0);
	CHECK_NUM(btf__type_cnt(changed.btf), 3);
	id = btf__find_by_name_kind(
	    changed.btf, "a_name_of_some_length", BTF_KIND_STRUCT);
	CHECK_NUM(id, 2);
	for (size_t i = 1; i < SECTIONS; i++)
		check_same_section(&s.elf, &changed, i);
	bpf_elf_close(&changed);
	buf_free(&out);
	buf_free(&again);
	close_sample(&s);
}

static void
refuse_change(struct sample *s, const struct btf *btf)
{
	struct buf out = { 0 };

	check_forget();
	CHECK_NUM(btf_rewrite(&s->elf, btf, &out, "x.bpf.o"), -1);
	CHECK_SAID("x.bpf.o: types cannot be added to the section .BTF");
	CHECK_NUM(out.len, 0);
	buf_free(&out);
}

/* The types must begin with those of the object. */
static void
refuse_other_types(void)
{
	struct btf *first = btf__new_empty(), *other = btf__new_empty();
	struct sample s;
	const void *raw;
	uint32_t len;

	object_begin(&s.o);
	add_type(first, "first");
	raw = btf__raw_data(first, &len);
	s.o.section[BTF].len = 0;
	buf_add(&s.o.section[BTF], raw, len);
	open_built(&s);
	btf__add_ptr(other, 0);
	add_type(other, "a_name_that_is_long_enough");
	refuse_change(&s, other);
	btf__free(first);
	btf__free(other);
	close_sample(&s);
}

/* Makes the headers of both sections say that they are the same bytes. */
static void
overlay(struct dwarf_object *o, size_t section, size_t below)
{
	Elf64_Ehdr head;
	Elf64_Shdr h;

	memcpy(&head, o->file.data, sizeof(head));
	memcpy(&h, o->file.data + head.e_shoff + below * sizeof(h), sizeof(h));
	patch(&o->file,
	    head.e_shoff + section * sizeof(h) +
		offsetof(Elf64_Shdr, sh_offset),
	    h.sh_offset, 8);
	patch(&o->file,
	    head.e_shoff + section * sizeof(h) + offsetof(Elf64_Shdr, sh_size),
	    h.sh_size, 8);
}

static void
refuse_overlap(void)
{
	struct sample s;

	open_sample(&s);
	bpf_elf_close(&s.elf);
	overlay(&s.o, LINES, BTF);
	CHECK_NUM(bpf_elf_open(&s.elf, (unsigned char *)s.o.file.data,
		      s.o.file.len, "x.bpf.o"),
	    0);
	add_type(s.elf.btf, "x");
	refuse_change(&s, s.elf.btf);
	close_sample(&s);
}

int
main(void)
{
	check_forget();
	add_types();
	refuse_other_types();
	refuse_overlap();
	return check_done();
}
