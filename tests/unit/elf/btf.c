/* lib/elf/btf: every kind of BTF as types, declarations as bpftool prints them,
 * and tags.  Damaged BTF does no harm. */
#include <bpf/libbpf.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json-doc.h"
#include "base/util.h"
#include "check.h"
#include "elf/btf.h"

/* A BTF with a type of every kind, and their ids. */
struct sample {
	struct btf *btf;
	int i32, u8, ch, boolean, f64, i128, shade, big, fwd, proto;
	int ptr, text, matrix, flex, pid_t_, event, either, var, void_ptr, fn;
};

static void
add_scalars(struct sample *s)
{
	struct btf *b = s->btf;

	s->i32 = btf__add_int(b, "int", 4, BTF_INT_SIGNED);
	s->u8 = btf__add_int(b, "unsigned char", 1, 0);
	s->ch = btf__add_int(b, "char", 1, BTF_INT_SIGNED);
	s->boolean = btf__add_int(b, "_Bool", 1, BTF_INT_BOOL);
	s->i128 = btf__add_int(b, "__int128", 16, BTF_INT_SIGNED);
	s->f64 = btf__add_float(b, "double", 8);
	s->shade = btf__add_enum(b, "shade", 4);
	btf__add_enum_value(b, "DARK", -1);
	btf__add_enum_value(b, "LIGHT", 7);
	s->big = btf__add_enum64(b, "big", 8, false);
	btf__add_enum64_value(b, "MOST", UINT64_MAX);
	s->fwd = btf__add_fwd(b, "later", BTF_FWD_UNION);
}

static void
add_references(struct sample *s)
{
	struct btf *b = s->btf;

	s->ptr = btf__add_ptr(b, btf__add_const(b, s->ch));
	s->void_ptr = btf__add_ptr(b, 0);
	s->text = btf__add_array(b, s->i32, btf__add_volatile(b, s->ch), 16);
	s->matrix =
	    btf__add_array(b, s->i32, btf__add_array(b, s->i32, s->i32, 3), 2);
	s->flex = btf__add_array(b, s->i32, s->u8, 0);
	s->pid_t_ = btf__add_typedef(b, "pid_t", s->i32);
	s->proto = btf__add_func_proto(b, s->i32);
	s->fn = btf__add_func(b, "f", BTF_FUNC_STATIC, s->proto);
}

static void
add_structs(struct sample *s)
{
	struct btf *b = s->btf;

	s->either = btf__add_union(b, "", 8);
	btf__add_field(b, "ptr", s->ptr, 0, 0);
	btf__add_field(b, "small", btf__add_type_tag(b, "rcu", s->u8), 0, 0);
	s->event = btf__add_struct(b, "event", 56);
	btf__add_field(b, "pid", s->pid_t_, 0, 0);
	btf__add_field(b, "on", s->boolean, 35, 1);
	btf__add_field(b, "level", s->shade, 36, 3);
	btf__add_field(b, "", s->either, 64, 0);
	btf__add_field(b, "comm", s->text, 128, 0);
	btf__add_field(b, "grid", s->matrix, 256, 0);
	btf__add_field(b, "rest", s->flex, 448, 0);
	s->var = btf__add_var(
	    b, "global", BTF_VAR_STATIC, btf__add_const(b, s->event));
	btf__add_decl_tag(b, "first", s->event, -1);
	btf__add_decl_tag(b, "of comm", s->event, 4);
	btf__add_decl_tag(b, "second", s->event, -1);
}

static void
open_sample(struct sample *s)
{
	s->btf = btf__new_empty();
	btf__set_pointer_size(s->btf, 8);
	add_scalars(s);
	add_references(s);
	add_structs(s);
}

/* Returns the table that importing id gives, as JSON, and its index in it. */
static void
imports(
    const struct btf *btf, int id, const char *want, uint32_t index, int line)
{
	struct buf out = { 0 };
	struct types t = { 0 };
	struct btf_import in;
	json_t *json;

	check_forget();
	CHECK_NUM(btf_import_open(&in, btf, &t), 0);
	check_num(btf_import(&in, (uint32_t)id, "x"), index, __FILE__, line);
	check_num(btf_import(&in, (uint32_t)id, "x"), index, __FILE__, line);
	check_str(check_reports, "", __FILE__, line);
	json = types_write(&t);
	CHECK_NUM(json_doc_write(json, &out), 0);
	buf_chr(&out, '\0');
	check_str(out.data, want, __FILE__, line);
	json_decref(json);
	buf_free(&out);
	btf_import_close(&in);
	types_free(&t);
}

#define IMPORTS(btf, id, index, want)                                          \
	imports((btf), (id), (want), (index), __LINE__)

/* Checks that importing id fails with a message. */
static void
refuses(const struct btf *btf, int id, const char *message, int line)
{
	struct types t = { 0 };
	struct btf_import in;

	check_forget();
	CHECK_NUM(btf_import_open(&in, btf, &t), 0);
	check_num(btf_import(&in, (uint32_t)id, "x.json: map rb"), TYPE_NONE,
	    __FILE__, line);
	check_said(message, __FILE__, line);
	btf_import_close(&in);
	types_free(&t);
}

#define REFUSES(btf, id, message) refuses((btf), (id), (message), __LINE__)

#define INT_JSON                                                               \
	"{\"kind\":\"int\",\"name\":\"int\",\"size\":4,\"signed\":true}"
#define CHAR_JSON                                                              \
	"{\"kind\":\"char\",\"name\":\"char\",\"size\":1,\"signed\":true}"

static void
scalars_are_what_they_say(const struct sample *s)
{
	IMPORTS(s->btf, s->i32, 0, "[" INT_JSON "]");
	IMPORTS(s->btf, s->ch, 0, "[" CHAR_JSON "]");
	IMPORTS(s->btf, s->u8, 0,
	    "[{\"kind\":\"int\",\"name\":\"unsigned char\",\"size\":1,"
	    "\"signed\":false}]");
	IMPORTS(s->btf, s->boolean, 0,
	    "[{\"kind\":\"bool\",\"name\":\"_Bool\",\"size\":1}]");
	IMPORTS(s->btf, s->i128, 0,
	    "[{\"kind\":\"int\",\"name\":\"__int128\",\"size\":16,"
	    "\"signed\":true}]");
	IMPORTS(s->btf, s->f64, 0,
	    "[{\"kind\":\"float\",\"name\":\"double\",\"size\":8}]");
	IMPORTS(s->btf, s->ptr, 0,
	    "[{\"kind\":\"pointer\",\"name\":\"\",\"size\":8}]");
	IMPORTS(s->btf, s->shade, 0,
	    "[{\"kind\":\"enum\",\"name\":\"shade\",\"size\":4,\"signed\":true,"
	    "\"values\":[[\"DARK\",-1],[\"LIGHT\",7]]}]");
	IMPORTS(s->btf, s->big, 0,
	    "[{\"kind\":\"enum\",\"name\":\"big\",\"size\":8,\"signed\":false,"
	    "\"values\":[[\"MOST\",18446744073709551615]]}]");
}

static void
references_follow_what_they_refer_to(const struct sample *s)
{
	IMPORTS(s->btf, s->text, 1,
	    "[" CHAR_JSON ",{\"kind\":\"array\",\"name\":\"\",\"size\":16,"
	    "\"of\":0,\"count\":16}]");
	IMPORTS(s->btf, s->matrix, 2,
	    "[" INT_JSON ",{\"kind\":\"array\",\"name\":\"\",\"size\":12,"
	    "\"of\":0,\"count\":3},{\"kind\":\"array\",\"name\":\"\","
	    "\"size\":24,\"of\":1,\"count\":2}]");
	IMPORTS(s->btf, s->pid_t_, 1,
	    "[" INT_JSON ",{\"kind\":\"typedef\",\"name\":\"pid_t\","
	    "\"size\":4,\"of\":0}]");
}

/* A variable is imported as its type, a struct with bit fields, an anonymous
 * union and an empty array. */
static void
a_struct_holds_its_members(const struct sample *s)
{
	struct types t = { 0 };
	struct btf_import in;
	const struct type *event;
	uint32_t i;

	check_forget();
	CHECK_NUM(btf_import_open(&in, s->btf, &t), 0);
	i = btf_import(&in, (uint32_t)s->var, "x");
	CHECK_NUM(i, btf_import(&in, (uint32_t)s->event, "x"));
	event = &t.v[i];
	CHECK_STR(event->name, "event");
	CHECK_NUM(event->nmembers, 7);
	CHECK_STR(event->members[1].name, "on");
	CHECK_NUM(event->members[1].offset, 4);
	CHECK_NUM(event->members[1].bit_offset, 3);
	CHECK_NUM(event->members[1].bits, 1);
	CHECK_NUM(event->members[2].offset, 4);
	CHECK_NUM(event->members[2].bit_offset, 4);
	CHECK_NUM(event->members[2].bits, 3);
	CHECK_STR(event->members[3].name, "");
	CHECK_NUM(t.v[event->members[3].type].kind, TYPE_UNION);
	CHECK_NUM(event->members[5].offset, 32);
	CHECK_NUM(event->members[6].offset, 56);
	CHECK_STR(check_reports, "");
	btf_import_close(&in);
	types_free(&t);
}

static void
what_is_no_value_is_refused(const struct sample *s)
{
	struct btf *b = s->btf;

	REFUSES(b, 0, "x.json: map rb: BTF type 0 \"\": void has no value");
	REFUSES(b, 9999, "x.json: map rb: there is no BTF type 9999");
	REFUSES(b, -1, "there is no BTF type 4294967295");
	REFUSES(b, s->fwd, "\"later\": it is declared, but not defined");
	REFUSES(b, s->fn, "\"f\": a value cannot have this type");
	REFUSES(b, s->proto, "a value cannot have this type");
}

/* Changes the BTF's bytes, since libbpf's own functions refuse to make wrong
 * BTF. */
static void
broken_types_are_refused(void)
{
	struct btf *b = btf__new_empty();
	int i32 = btf__add_int(b, "int", 4, BTF_INT_SIGNED);
	int huge = btf__add_array(b, i32, i32, UINT32_MAX);
	int past = btf__add_struct(b, "past", 4);
	int self, loop, wide;

	btf__add_field(b, "a", i32, 32, 0);
	self = btf__add_struct(b, "self", 4);
	btf__add_field(b, "a", self, 0, 0);
	loop = btf__add_const(b, 1);
	((struct btf_type *)btf__type_by_id(b, (uint32_t)loop))->type =
	    (uint32_t)loop;
	wide = btf__add_float(b, "long double", 16);
	REFUSES(b, huge, "is too large");
	REFUSES(b, past, "a ends past the 4 bytes of the struct");
	REFUSES(b, self, "nested too deeply");
	REFUSES(b, loop, "there is no BTF type");
	REFUSES(b, wide, "float \"long double\" of 16 bytes");
	btf__free(b);
}

/* Compilers before 2018 gave bit fields by the integer and not by the struct.
 */
static void
old_bitfields_are_read_too(void)
{
	struct btf *b = btf__new_empty();
	int bits = btf__add_int(b, "int", 4, 0), s;
	struct btf_type *t;
	struct types types = { 0 };
	struct btf_import in;
	uint32_t i;

	t = (struct btf_type *)btf__type_by_id(b, (uint32_t)bits);
	*(uint32_t *)(t + 1) = BTF_INT_SIGNED << 24 | 3 << 16 | 5;
	s = btf__add_struct(b, "old", 4);
	btf__add_field(b, "five", bits, 8, 0);
	check_forget();
	CHECK_NUM(btf_import_open(&in, b, &types), 0);
	i = btf_import(&in, (uint32_t)s, "x");
	CHECK_STR(check_reports, "");
	CHECK_NUM(types.v[i].members[0].offset, 1);
	CHECK_NUM(types.v[i].members[0].bit_offset, 3);
	CHECK_NUM(types.v[i].members[0].bits, 5);
	btf_import_close(&in);
	types_free(&types);
	btf__free(b);
}

/* Without the flag an enum is signed if one of its values is negative, unless
 * the compiler is one that sets the flag, as it does for another enum. */
static void
enums_of_old_compilers_are_read_too(void)
{
	static const struct {
		int64_t value;
		const char *json;
		bool flags;
	} cases[] = {
		{ -1, "true,\"values\":[[\"LOW\",0],[\"X\",-1]]}]", false },
		{ 0, "false,\"values\":[[\"LOW\",0],[\"X\",0]]}]", false },
		{ -1, "false,\"values\":[[\"LOW\",0],[\"X\",4294967295]]}]",
		    true },
	};
	char want[256];

	for (size_t i = 0; i < nitems(cases); i++) {
		struct btf *b = btf__new_empty();
		int e = btf__add_enum(b, "e", 4);

		btf__add_enum_value(b, "LOW", 0);
		btf__add_enum_value(b, "X", cases[i].value);
		((struct btf_type *)btf__type_by_id(b, (uint32_t)e))->info &=
		    ~(1U << 31);
		if (cases[i].flags) {
			btf__add_enum(b, "other", 4);
			btf__add_enum_value(b, "MINUS", -1);
		}
		snprintf(want, sizeof(want),
		    "[{\"kind\":\"enum\",\"name\":\"e\",\"size\":4,"
		    "\"signed\":%s",
		    cases[i].json);
		IMPORTS(b, e, 0, want);
		btf__free(b);
	}
}

/* In a struct without the flag, whole integers and enums may be at any bit, and
 * other types may not. */
static void
old_members_may_begin_within_a_byte(void)
{
	struct btf *b = btf__new_empty();
	int i32 = btf__add_int(b, "int", 4, BTF_INT_SIGNED);
	int i32_t = btf__add_typedef(b, "i32_t", i32), s, f, p;

	s = btf__add_struct(b, "s", 8);
	btf__add_field(b, "a", i32_t, 8, 0);
	((struct btf_member *)btf_members(btf__type_by_id(b, (uint32_t)s)))
	    ->offset = 11;
	IMPORTS(b, s, 2,
	    "[{\"kind\":\"int\",\"name\":\"int\",\"size\":4,"
	    "\"signed\":true},{\"kind\":\"typedef\",\"name\":\"i32_t\","
	    "\"size\":4,\"of\":0},{\"kind\":\"struct\",\"name\":\"s\","
	    "\"size\":8,\"members\":[{\"name\":\"a\",\"type\":1,"
	    "\"offset\":1,\"bit_offset\":3,\"bits\":32}]}]");
	p = btf__add_ptr(b, 0);
	f = btf__add_struct(b, "f", 16);
	btf__add_field(b, "p", p, 0, 0);
	((struct btf_member *)btf_members(btf__type_by_id(b, (uint32_t)f)))
	    ->offset = 1;
	REFUSES(b, f, "p is a bitfield of kind pointer");
	btf__free(b);
}

static void
declares(const struct btf *btf, int id, const char *want, int line)
{
	char *got = btf_declaration(btf, (uint32_t)id);

	check_str(got, want, __FILE__, line);
	free(got);
}

#define DECLARES(btf, id, want) declares((btf), (id), (want), __LINE__)

static void
declarations_are_those_of_c(const struct sample *s)
{
	struct btf *b = s->btf;
	int pointers = btf__add_array(b, s->i32, s->ptr, 4);

	DECLARES(b, s->i32, "int");
	DECLARES(b, s->u8, "unsigned char");
	DECLARES(b, s->text, "char[16]");
	DECLARES(b, s->matrix, "int[2][3]");
	DECLARES(b, s->ptr, "char *");
	DECLARES(b, s->void_ptr, "void *");
	DECLARES(b, pointers, "char *[4]");
	DECLARES(b, btf__add_ptr(b, pointers), "char *(*)[4]");
	DECLARES(b, btf__add_ptr(b, s->matrix), "int (*)[2][3]");
	DECLARES(b, btf__add_ptr(b, s->proto), "void *");
	DECLARES(b, s->pid_t_, "pid_t");
	DECLARES(b, s->shade, "enum shade");
	DECLARES(b, s->big, "enum big");
	DECLARES(b, s->event, "struct event");
	DECLARES(b, s->var, "struct event");
	DECLARES(b, btf__add_ptr(b, s->var), "struct event *");
	DECLARES(b, btf__add_ptr(b, s->fwd), "union later *");
	DECLARES(b, s->either, "union {...}");
	DECLARES(b, 0, "void");
}

static void
take_text(void *ctx, const char *fmt, va_list args)
{
	struct buf *out = ctx;
	char text[4096];
	int n = vsnprintf(text, sizeof(text), fmt, args);

	if (n > 0 && (size_t)n < sizeof(text))
		buf_add(out, text, (size_t)n);
}

/* The declarations that bpftool writes into a skeleton. */
static void
declarations_are_those_of_bpftool(const struct sample *s)
{
	struct btf_dump *d;
	const int ids[] = { s->i32, s->u8, s->ch, s->boolean, s->f64, s->shade,
		s->ptr, s->text, s->matrix, s->flex, s->pid_t_, s->event };

	for (size_t i = 0; i < nitems(ids); i++) {
		struct buf want = { 0 };
		DECLARE_LIBBPF_OPTS(btf_dump_emit_type_decl_opts, opts,
		    .field_name = "", .strip_mods = true);

		d = btf_dump__new(s->btf, take_text, &want, NULL);
		CHECK_NUM(
		    btf_dump__emit_type_decl(d, (uint32_t)ids[i], &opts), 0);
		buf_chr(&want, '\0');
		DECLARES(s->btf, ids[i], want.data);
		buf_free(&want);
		btf_dump__free(d);
	}
}

/* Calls every function of the module on a BTF. */
static void
use(const struct btf *btf)
{
	struct types t = { 0 };
	struct btf_import in;

	check_forget();
	if (btf_import_open(&in, btf, &t) == -1)
		return;
	for (uint32_t id = 0; id <= btf__type_cnt(btf); id++) {
		btf_import(&in, id, "x");
		free(btf_declaration(btf, id));
	}
	json_decref(types_write(&t));
	btf_import_close(&in);
	types_free(&t);
}

/* Sets each byte to several values.  The BTF is refused, or read without errors
 * that the sanitizers would find. */
static void
a_corrupted_btf_does_no_harm(const struct sample *s)
{
	static const unsigned char values[] = { 0, 1, 2, 0x7f, 0x80, 0xff };
	uint32_t size;
	const void *raw = btf__raw_data(s->btf, &size);
	unsigned char *copy = memcpy(malloc(size), raw, size);
	unsigned int read = 0;

	for (uint32_t i = 0; i < size; i++) {
		for (size_t k = 0; k < nitems(values); k++) {
			struct btf *btf;

			copy[i] = values[k];
			btf = btf__new(copy, size);
			if (libbpf_get_error(btf) == 0) {
				use(btf);
				read++;
				btf__free(btf);
			}
		}
		copy[i] = ((const unsigned char *)raw)[i];
	}
	CHECK(read > size);
	free(copy);
}

static void
a_variable_that_is_not_static_goes_before_one_that_is(void)
{
	struct btf *btf = btf__new_empty();
	int i32 = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	int hidden = btf__add_var(btf, "x", BTF_VAR_STATIC, i32);
	int seen = btf__add_var(btf, "x", BTF_VAR_GLOBAL_ALLOCATED, i32);
	int alone = btf__add_var(btf, "y", BTF_VAR_STATIC, i32);
	int section = btf__add_datasec(btf, ".data", 12);
	const struct btf_type *t;

	btf__add_datasec_var_info(btf, hidden, 0, 4);
	btf__add_datasec_var_info(btf, seen, 4, 4);
	btf__add_datasec_var_info(btf, alone, 8, 4);
	t = btf__type_by_id(btf, (uint32_t)section);
	CHECK_NUM(btf_find_variable(btf, t, "x")->offset, 4);
	CHECK_NUM(btf_find_variable(btf, t, "y")->offset, 8);
	CHECK(btf_find_variable(btf, t, "z") == NULL);
	btf__free(btf);
}

int
main(void)
{
	struct sample s;

	libbpf_set_print(NULL);
	open_sample(&s);
	scalars_are_what_they_say(&s);
	references_follow_what_they_refer_to(&s);
	a_struct_holds_its_members(&s);
	what_is_no_value_is_refused(&s);
	broken_types_are_refused();
	old_bitfields_are_read_too();
	enums_of_old_compilers_are_read_too();
	old_members_may_begin_within_a_byte();
	declarations_are_those_of_bpftool(&s);
	a_corrupted_btf_does_no_harm(&s);
	declarations_are_those_of_c(&s);
	a_variable_that_is_not_static_goes_before_one_that_is();
	btf__free(s.btf);
	return check_done();
}
