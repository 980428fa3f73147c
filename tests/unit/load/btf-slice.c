/* lib/load/btf-slice: which types a slice has.  Damaged BTF does no harm. */
#include <stdlib.h>

#include "base/util.h"
#include "check.h"
#include "load/btf-slice.h"

static struct btf *
new_btf(void)
{
	struct btf *b = btf__new_empty();
	int i32, text, inner, other, shade, either, pid, ptr;

	i32 = btf__add_int(b, "int", 4, BTF_INT_SIGNED);
	text = btf__add_array(b, i32, btf__add_int(b, "char", 1, 0), 16);
	text = btf__add_const(b, text);
	btf__add_struct(b, "unused", 4);
	btf__add_field(b, "nothing", i32, 0, 0);
	other = btf__add_struct(b, "other", 4);
	btf__add_field(b, "far", i32, 0, 0);
	ptr = btf__add_ptr(b, other);
	inner = btf__add_struct(b, "inner", 16);
	btf__add_field(b, "name", text, 0, 0);
	shade = btf__add_enum(b, "shade", 4);
	btf__add_enum_value(b, "DARK", 0);
	btf__add_enum_value(b, "LIGHT", 7);
	either = btf__add_union(b, "", 4);
	btf__add_field(b, "left", shade, 0, 0);
	btf__add_field(b, "right", i32, 0, 0);
	pid = btf__add_typedef(b, "pid_t", i32);
	btf__add_struct(b, "task", 48);
	btf__add_field(b, "pid", pid, 0, 0);
	btf__add_field(b, "", either, 32, 0);
	btf__add_field(b, "other", ptr, 64, 0);
	btf__add_field(b, "inner", inner, 128, 0);
	btf__add_field(b, "bits", i32, 256, 3);
	btf__add_struct(b, "task___2", 4);
	btf__add_field(b, "pid", pid, 0, 0);
	btf__add_struct(b, "tasks", 4);
	btf__add_field(b, "pid", pid, 0, 0);
	btf__add_enum64(b, "wide", 8, false);
	btf__add_enum64_value(b, "MOST", UINT64_MAX);
	btf__add_func(b, "f", BTF_FUNC_STATIC, btf__add_func_proto(b, i32));
	return b;
}

static struct core_root
root(const char *name, uint16_t kind)
{
	return (struct core_root){
		.name = name, .len = strlen(name), .kind = kind
	};
}

/* Returns the slice of b that one root needs, or NULL. */
static struct btf *
cut(const struct btf *b, const char *name, uint16_t kind)
{
	struct core_root one = root(name, kind);
	struct core_relos c = { .v = &one, .n = 1 };
	struct btf *slice = NULL;
	struct buf out = { 0 };
	const void *raw;
	uint32_t len;

	raw = btf__raw_data(b, &len);
	if (btf_slice_cut(&out, &c, raw, len)) {
		slice = btf__new(out.data, (uint32_t)out.len);
		CHECK(slice != NULL);
	}
	buf_free(&out);
	return slice;
}

static const struct btf_type *
find(const struct btf *b, const char *name, uint16_t kind)
{
	int id = btf__find_by_name_kind(b, name, kind);

	return id > 0 ? btf__type_by_id(b, (uint32_t)id) : NULL;
}

static void
check_member(const struct btf *b, const struct btf_type *t, unsigned int i,
    const char *name, uint32_t bit, uint32_t bits)
{
	CHECK_STR(btf__name_by_offset(b, btf_members(t)[i].name_off), name);
	CHECK_NUM(btf_member_bit_offset(t, i), bit);
	CHECK_NUM(btf_member_bitfield_size(t, i), bits);
}

static void
what_is_held_by_value_is_there(void)
{
	struct btf *b = new_btf(), *s = cut(b, "task", BTF_KIND_STRUCT);
	const struct btf_type *t, *u;

	if (s == NULL || (t = find(s, "task", BTF_KIND_STRUCT)) == NULL) {
		CHECK(!"no struct task");
		return;
	}
	CHECK_NUM(t->size, 48);
	CHECK_NUM(btf_vlen(t), 5);
	check_member(s, t, 0, "pid", 0, 0);
	check_member(s, t, 1, "", 32, 0);
	check_member(s, t, 2, "other", 64, 0);
	check_member(s, t, 3, "inner", 128, 0);
	check_member(s, t, 4, "bits", 256, 3);
	u = btf__type_by_id(s, btf_members(t)[1].type);
	CHECK_NUM(btf_kind(u), BTF_KIND_UNION);
	check_member(s, u, 0, "left", 0, 0);
	u = btf__type_by_id(s, btf_members(t)[2].type);
	CHECK_NUM(btf_kind(u), BTF_KIND_PTR);
	CHECK_NUM(u->type, 0);
	CHECK_NUM(btf__resolve_size(s, btf_members(t)[2].type), 8);
	u = find(s, "shade", BTF_KIND_ENUM);
	CHECK_STR(btf__name_by_offset(s, btf_enum(u)[1].name_off), "LIGHT");
	CHECK_NUM(btf_enum(u)[1].val, 7);
	u = find(s, "inner", BTF_KIND_STRUCT);
	CHECK_NUM(btf__resolve_size(s, btf_members(u)[0].type), 16);
	CHECK(find(s, "pid_t", BTF_KIND_TYPEDEF) != NULL);
	/* A type name may have a flavour, but must be the same before it. */
	CHECK(find(s, "task___2", BTF_KIND_STRUCT) != NULL);
	CHECK(find(s, "tasks", BTF_KIND_STRUCT) == NULL);
	CHECK(find(s, "other", BTF_KIND_STRUCT) == NULL);
	CHECK(find(s, "unused", BTF_KIND_STRUCT) == NULL);
	btf__free(s);
	btf__free(b);
}

static void
roots_are_of_their_kind(void)
{
	struct btf *b = new_btf(), *s;

	CHECK((s = cut(b, "pid_t", BTF_KIND_TYPEDEF)) != NULL);
	CHECK(find(s, "int", BTF_KIND_INT) != NULL);
	btf__free(s);
	CHECK((s = cut(b, "wide", BTF_KIND_ENUM)) != NULL);
	CHECK(find(s, "wide", BTF_KIND_ENUM64) != NULL);
	btf__free(s);
	/* A type that is missing may be in a module. */
	CHECK(cut(b, "pid_t", BTF_KIND_STRUCT) == NULL);
	CHECK(cut(b, "nothing", BTF_KIND_STRUCT) == NULL);
	CHECK(cut(b, "tas", BTF_KIND_STRUCT) == NULL);
	btf__free(b);
}

/* Slices a copy of the exact size, so that the sanitizers find a read past its
 * end. */
static void
try(const unsigned char *raw, size_t len)
{
	struct core_root two[] = { root("task", BTF_KIND_STRUCT),
		root("shade", BTF_KIND_ENUM) };
	struct core_relos c = { .v = two, .n = nitems(two) };
	unsigned char *copy = malloc(len + (len == 0));
	struct buf out = { 0 };

	if (copy == NULL)
		exit(1);
	memcpy(copy, raw, len);
	btf_slice_cut(&out, &c, copy, len);
	buf_free(&out);
	free(copy);
}

static void
nothing_broken_is_followed(void)
{
	static const unsigned char changes[] = { 0x01, 0x80, 0xff };
	struct btf *b = new_btf();
	const unsigned char *raw;
	unsigned char *bytes;
	uint32_t len;

	raw = btf__raw_data(b, &len);
	if (raw == NULL || (bytes = malloc(len)) == NULL)
		exit(1);
	memcpy(bytes, raw, len);
	for (uint32_t n = 0; n <= len; n++)
		try(bytes, n);
	for (uint32_t at = 0; at < len; at++)
		for (size_t i = 0; i < nitems(changes); i++) {
			bytes[at] ^= changes[i];
			try(bytes, len);
			bytes[at] ^= changes[i];
		}
	free(bytes);
	btf__free(b);
}

int
main(void)
{
	what_is_held_by_value_is_there();
	roots_are_of_their_kind();
	nothing_broken_is_followed();
	return check_done();
}
