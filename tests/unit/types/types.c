/* lib/types: tables that are refused, JSON that is read and written, names in
 * C. */
#include <stdlib.h>

#include "base/json-doc.h"
#include "base/util.h"
#include "check.h"
#include "types/c-names.h"
#include "types/types.h"

#define NODE(kind, name, size, rest)                                           \
	"{\"kind\":\"" kind "\",\"name\":\"" name "\",\"size\":" #size rest "}"
#define INT(name, size) NODE("int", name, size, ",\"signed\":true")
#define ARRAY(size, of, count)                                                 \
	NODE("array", "", size, ",\"of\":" #of ",\"count\":" #count)
#define TYPEDEF(name, size, of) NODE("typedef", name, size, ",\"of\":" #of)
#define STRUCT(name, size, members)                                            \
	NODE("struct", name, size, ",\"members\":[" members "]")
#define UNION(name, size, members)                                             \
	NODE("union", name, size, ",\"members\":[" members "]")
#define ENUM(size, sign, values)                                               \
	NODE("enum", "e", size, ",\"signed\":" #sign ",\"values\":[" values "]")
#define MEMBER(name, type, offset, rest)                                       \
	"{\"name\":\"" name "\",\"type\":" #type ",\"offset\":" #offset rest "}"
#define BITS(offset, bits) ",\"bit_offset\":" #offset ",\"bits\":" #bits

static int
read_text(struct types *t, const char *text)
{
	json_t *json = json_doc_parse(text, strlen(text), "test", 0);
	int ret;

	check_forget();
	*t = (struct types){ 0 };
	ret = types_parse(t, json, "run.skel:1");
	json_decref(json);
	return ret;
}

/* Checks that text is refused with the message, and that nothing of it is kept.
 */
static void
refused(const char *text, const char *message, int line)
{
	struct types t;

	if (read_text(&t, text) == 0) {
		fprintf(stderr, "%s:%d: taken: %s\n", __FILE__, line, text);
		check_failures++;
		types_free(&t);
	}
	check_said(message, __FILE__, line);
	check_num((int64_t)t.n, 0, __FILE__, line);
	/* There is one message, not several about the same error. */
	check_num(strcspn(check_reports, "\n") + 1 - strlen(check_reports), 0,
	    __FILE__, line);
}

#define REFUSED(text, message) refused((text), (message), __LINE__)

/* Checks that text is read and written unchanged. */
static void
taken(const char *text, int line)
{
	struct buf out = { 0 };
	struct types t;
	json_t *json;

	check_num(read_text(&t, text), 0, __FILE__, line);
	check_str(check_reports, "", __FILE__, line);
	json = types_write(&t);
	CHECK_NUM(json_doc_write(json, &out), 0);
	buf_chr(&out, '\0');
	check_str(out.data, text, __FILE__, line);
	buf_free(&out);
	json_decref(json);
	types_free(&t);
}

#define TAKEN(text) taken((text), __LINE__)

static void
every_kind_goes_there_and_back(void)
{
	TAKEN("[]");
	TAKEN("[" INT("__int128", 16) "]");
	TAKEN("[" NODE("bool", "_Bool", 1, "") "]");
	TAKEN("[" NODE("char", "char", 1, ",\"signed\":true") "]");
	TAKEN("[" NODE("float", "double", 8, "") "]");
	TAKEN("[" NODE("pointer", "", 8, "") "]");
	TAKEN("[" ENUM(1, true, "[\"A\",-128],[\"B\",127]") "]");
	TAKEN("[" ENUM(8, true, "[\"A\",-9223372036854775808]") "]");
	TAKEN("[" ENUM(8, false, "[\"A\",18446744073709551615]") "]");
	TAKEN("[" ENUM(4, false, "[\"A\",4294967295],[\"B\",0]") "]");
	TAKEN("[" INT("u32", 4) "," ARRAY(16, 0, 4) "," ARRAY(32, 1, 2) "]");
	TAKEN("[" INT("u32", 4) "," TYPEDEF("pid_t", 4, 0) "]");
	TAKEN("[" STRUCT("", 0, "") "," ARRAY(0, 0, 7) "]");
	TAKEN("[" INT("u32", 4) "," STRUCT("s", 8,
	    MEMBER("a", 0, 0, "") "," MEMBER("b", 0, 4, BITS(3, 29))) "]");
	TAKEN("[" INT("u64", 8) "," STRUCT(
	    "packed", 9, MEMBER("a", 0, 0, BITS(7, 64))) "]");
	TAKEN("[" INT("u32", 4) "," UNION("u", 4,
	    MEMBER("a", 0, 0, "") "," MEMBER("b", 0, 0, BITS(0, 1))) "]");
}

static void
nodes_may_stand_in_any_order_and_keep_their_indexes(void)
{
	struct types t;

	TAKEN("[" STRUCT("s", 8, MEMBER("a", 1, 0, "")) "," ARRAY(
	    8, 2, 2) "," TYPEDEF("t", 4, 3) "," INT("int", 4) "]");
	CHECK_NUM(read_text(&t, "[" TYPEDEF("a", 4, 1) "," TYPEDEF(
				    "b", 4, 2) "," INT("int", 4) "]"),
	    0);
	CHECK_STR(types_get(&t, 0)->name, "int");
	types_free(&t);
}

static void
keys_that_are_not_known_are_ignored(void)
{
	struct types t;

	CHECK_NUM(read_text(&t, "[{\"size\":4,\"color\":[],\"name\":\"x\","
				"\"kind\":\"int\"}]"),
	    0);
	types_free(&t);
}

static void
bits_far_from_their_offset_are_moved_to_it(void)
{
	struct types t;

	CHECK_NUM(read_text(&t, "[" INT("u64", 8) "," STRUCT("s", 8,
				    MEMBER("a", 0, 0, BITS(37, 3))) "]"),
	    0);
	CHECK_NUM(t.v[1].members[0].offset, 4);
	CHECK_NUM(t.v[1].members[0].bit_offset, 5);
	types_free(&t);
}

static void
a_node_without_its_parts_is_refused(void)
{
	REFUSED("{}", "run.skel:1: types: expected an array, found an object");
	REFUSED("[7]", "run.skel:1: types[0]: expected an object");
	REFUSED("[{}]", "run.skel:1: types[0]: kind is missing");
	REFUSED("[{\"kind\":\"int\"}]", "types[0]: name is missing");
	REFUSED("[{\"kind\":\"int\",\"name\":\"x\"}]", "size is missing");
	REFUSED("[" NODE("vector", "v", 8, "") "]",
	    "types[0]: unknown kind \"vector\"");
	REFUSED("[{\"kind\":7}]", "types[0].kind: expected a string");
	REFUSED("[" NODE("array", "", 4, ",\"count\":1") "]", "of is missing");
	REFUSED("[" INT("i", 4) "," NODE("array", "", 4, ",\"of\":0") "]",
	    "types[1]: count is missing");
	REFUSED("[" NODE("struct", "s", 4, "") "]", "members is missing");
	REFUSED("[" NODE("struct", "s", 4, ",\"members\":[7]") "]",
	    "types[0].members[0]: name is missing");
	REFUSED("[" NODE("enum", "e", 4, "") "]", "values is missing");
	REFUSED("[" NODE("int", "i", -4, "") "]",
	    "types[0].size: expected a whole number");
	REFUSED("[" NODE("int", "i", 4, ",\"signed\":1") "]",
	    "types[0].signed: expected true or false");
}

static void
a_size_that_no_such_type_has_is_refused(void)
{
	REFUSED("[" INT("i", 0) "]", "types[0]: int \"i\" of 0 bytes");
	REFUSED("[" INT("i", 3) "]", "types[0]: int \"i\" of 3 bytes");
	REFUSED("[" INT("i", 32) "]", "types[0]: int \"i\" of 32 bytes");
	REFUSED("[" NODE("bool", "b", 16, "") "]", "bool \"b\" of 16 bytes");
	REFUSED("[" NODE("char", "c", 2, "") "]", "char \"c\" of 2 bytes");
	REFUSED("[" NODE("float", "f", 2, "") "]", "float \"f\" of 2 bytes");
	REFUSED("[" NODE("float", "f", 16, "") "]", "float \"f\" of 16 bytes");
	REFUSED("[" NODE("pointer", "", 2, "") "]", "pointer \"\" of 2 bytes");
	REFUSED("[" ENUM(16, false, "") "]", "enum \"e\" of 16 bytes");
	REFUSED("[" STRUCT("s", 16777217, "") "]", "is too large");
	REFUSED("[" STRUCT("s", 18446744073709551615, "") "]", "is too large");
}

static void
an_index_that_is_no_node_is_refused(void)
{
	REFUSED("[" TYPEDEF("t", 4, 1) "]",
	    "run.skel:1: types[0].of: there is no type 1");
	REFUSED("[" ARRAY(4, 4294967295, 1) "]", "is too large");
	REFUSED("[" TYPEDEF("t", 4, 65536) "]", "there is no type 65536");
	REFUSED("[" STRUCT("s", 4, MEMBER("m", 9, 0, "")) "]",
	    "types[0].members[0].type: there is no type 9");
	REFUSED("[" STRUCT("s", 4, MEMBER("m", -1, 0, "")) "]",
	    "types[0].members[0].type: expected a whole number");
}

static void
a_type_that_contains_itself_is_refused(void)
{
	REFUSED("[" TYPEDEF("t", 4, 0) "]", "typedef \"t\" contains itself");
	REFUSED("[" ARRAY(4, 0, 1) "]", "array \"\" contains itself");
	REFUSED("[" STRUCT("s", 4, MEMBER("m", 0, 0, "")) "]",
	    "types[0]: struct \"s\" contains itself");
	REFUSED("[" STRUCT("s", 4, MEMBER("m", 1, 0, "")) "," TYPEDEF(
		    "t", 4, 2) "," ARRAY(4, 0, 1) "]",
	    "contains itself");
}

static void
a_member_past_its_struct_is_refused(void)
{
	REFUSED("[" INT("i", 4) "," STRUCT("s", 4, MEMBER("m", 0, 1, "")) "]",
	    "types[1]: m ends past the 4 bytes of the struct");
	REFUSED("[" INT("i", 4) "," STRUCT("s", 3, MEMBER("m", 0, 0, "")) "]",
	    "ends past");
	REFUSED("[" INT("i", 4) "," UNION("u", 4, MEMBER("m", 0, 1, "")) "]",
	    "ends past the 4 bytes of the union");
	REFUSED("[" STRUCT("e", 0, "") "," STRUCT(
		    "s", 4, MEMBER("m", 0, 5, "")) "]",
	    "ends past");
	REFUSED("[" INT("i", 4) "," STRUCT(
		    "s", 4, MEMBER("m", 0, 18446744073709551615, "")) "]",
	    "too large");
	REFUSED("[" INT("i", 4) "," STRUCT(
		    "s", 4, MEMBER("m", 0, 3, BITS(7, 2))) "]",
	    "ends past");
	REFUSED("[" INT("i", 4) "," STRUCT(
		    "s", 4, MEMBER("m", 0, 0, BITS(31, 2))) "]",
	    "ends past");
}

static void
bits_that_no_integer_has_are_refused(void)
{
	REFUSED("[" INT("i", 4) "," STRUCT(
		    "s", 16, MEMBER("m", 0, 0, BITS(0, 33))) "]",
	    "m has 33 bits");
	REFUSED("[" INT("i", 4) "," STRUCT(
		    "s", 16, MEMBER("m", 0, 0, BITS(0, 0))) "]",
	    "members[0].bits: a bitfield has at least 1");
	REFUSED("[" INT("i", 16) "," STRUCT(
		    "s", 32, MEMBER("m", 0, 0, BITS(0, 129))) "]",
	    "129 is too large");
	REFUSED("[" INT("i", 4) "," STRUCT(
		    "s", 16, MEMBER("m", 0, 0, BITS(16777217, 1))) "]",
	    "too large");
	REFUSED("[" NODE("float", "f", 4, "") "," STRUCT(
		    "s", 16, MEMBER("m", 0, 0, BITS(0, 3))) "]",
	    "m is a bitfield of kind float");
	REFUSED("[" NODE("pointer", "", 8, "") "," STRUCT(
		    "s", 16, MEMBER("m", 0, 0, BITS(0, 3))) "]",
	    "m is a bitfield of kind pointer");
}

/* Who adds a type itself, and does not read it, has to give its byte. */
static void
bits_that_begin_after_their_byte_are_refused(void)
{
	struct types t;
	struct type s = { .kind = TYPE_STRUCT,
		.name = strdup("s"),
		.size = 8,
		.members = calloc(1, sizeof(struct type_member)),
		.nmembers = 1 };

	CHECK_NUM(read_text(&t, "[" INT("i", 4) "]"), 0);
	s.members[0] = (struct type_member){
		.name = strdup("m"), .bit_offset = 8, .bits = 3
	};
	CHECK(types_add(&t, &s, "w") == TYPE_NONE);
	CHECK_SAID("w: the bitfield m starts at bit 8 of its byte");
	types_free(&t);
}

static void
an_array_that_is_not_its_elements_is_refused(void)
{
	REFUSED("[" INT("i", 4) "," ARRAY(15, 0, 4) "]",
	    "15 bytes are not 4 elements of 4 bytes");
	REFUSED("[" INT("i", 4) "," ARRAY(12, 0, 4) "]",
	    "12 bytes are not 4 elements of 4 bytes");
	REFUSED("[" INT("i", 4) "," ARRAY(20, 0, 4) "]",
	    "20 bytes are not 4 elements of 4 bytes");
	REFUSED("[" INT("i", 4) "," ARRAY(0, 0, 4294967296) "]",
	    "an array of 4294967296 elements");
	REFUSED("[" INT("i", 4) "," ARRAY(4, 0, 4611686018427387905) "]",
	    "an array of 4611686018427387905 elements");
	REFUSED("[" STRUCT("e", 0, "") "," ARRAY(4, 0, 4) "]",
	    "4 bytes are not 4 elements of 0 bytes");
	REFUSED("[" INT("i", 4) "," TYPEDEF("t", 8, 0) "]",
	    "typedef \"t\" of 8 bytes for a type of 4");
}

static void
constants_that_do_not_fit_are_refused(void)
{
	REFUSED("[" ENUM(1, true, "[\"A\",128]") "]",
	    "types[0]: the value of A does not fit 1 bytes");
	REFUSED("[" ENUM(1, true, "[\"A\",-129]") "]", "does not fit");
	REFUSED("[" ENUM(4, false, "[\"A\",4294967296]") "]", "does not fit");
	REFUSED("[" ENUM(4, false, "[\"A\",-1]") "]",
	    "types[0].values[0]: expected an unsigned whole number");
	REFUSED("[" ENUM(8, true, "[\"A\",9223372036854775808]") "]",
	    "types[0].values[0]: expected a signed whole number");
	REFUSED("[" ENUM(4, false, "[\"A\"]") "]", "expected [name, number]");
	REFUSED("[" ENUM(4, false, "[1,\"A\"]") "]", "expected [name, number]");
	REFUSED("[" ENUM(4, false, "{}") "]", "expected [name, number]");
}

/* Reads a chain of n types, each of which contains the next several times. */
static int
read_chain(int n, int times, const char *base, const char *kind)
{
	struct buf text = { 0 };
	struct types t;
	int ret;

	buf_chr(&text, '[');
	for (int i = 0; i < n; i++) {
		buf_printf(&text,
		    "{\"kind\":\"%s\",\"name\":\"n\",\"size\":0,\"of\":%d,"
		    "\"count\":%d,\"members\":[",
		    kind, i + 1, times);
		for (int k = 0; k < times; k++)
			buf_printf(&text,
			    "%s{\"name\":\"m\",\"type\":%d,\"offset\":0}",
			    k == 0 ? "" : ",", i + 1);
		buf_str(&text, "]},");
	}
	buf_printf(&text, "%s]", base);
	buf_chr(&text, '\0');
	ret = read_text(&t, text.data);
	types_free(&t);
	buf_free(&text);
	return ret;
}

static void
what_grows_without_bytes_is_bounded(void)
{
	static const char empty[] = STRUCT("e", 0, "");

	CHECK_NUM(read_chain(10, 2, empty, "struct"), 0);
	CHECK_NUM(read_chain(30, 2, empty, "struct"), -1);
	CHECK_SAID("has too many members");
	CHECK_NUM(read_chain(64, 2, empty, "union"), -1);
	CHECK_SAID("has too many members");
	CHECK_NUM(read_chain(4, 10, empty, "array"), 0);
	CHECK_NUM(read_chain(64, 10, empty, "array"), -1);
	CHECK_SAID("is too long as text");
	CHECK_NUM(read_chain(63, 1, empty, "typedef"), 0);
	CHECK_NUM(read_chain(64, 1, empty, "typedef"), -1);
	CHECK_SAID("nested too deeply");
	CHECK_NUM(read_chain(60000, 1, empty, "typedef"), -1);
	CHECK_SAID("nested too deeply");
}

/* Long names, doubled at each level, would make a plan's columns huge. */
static void
names_are_bounded_as_a_whole(void)
{
	struct buf text = { 0 };
	struct types t;

	buf_str(&text, "[" INT("i", 4));
	for (int i = 0; i < 12; i++) {
		buf_printf(&text,
		    ",{\"kind\":\"union\",\"name\":\"\",\"size\":4,"
		    "\"members\":[{\"name\":\"");
		for (int k = 0; k < 2000; k++)
			buf_chr(&text, 'x');
		buf_printf(&text,
		    "\",\"type\":%d,\"offset\":0},{\"name\":\"y\",\"type\":%d,"
		    "\"offset\":0}]}",
		    i, i);
	}
	buf_str(&text, "]");
	buf_chr(&text, '\0');
	CHECK_NUM(read_text(&t, text.data), -1);
	CHECK_SAID("has too many members");
	buf_free(&text);
}

static void
names_are_utf8(void)
{
	static const char *const bad[] = { "\xff", "a\x80", "\xc0\xaf",
		"\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3",
		"\xc1\xbf", "\xf5\x80\x80\x80", "\xe2\x82", "\xe2\x41\x80",
		"\xf0\x80\x80\x80" };
	static const char *const good[] = { "", "a", "\xc3\xa9", "\xe2\x82\xac",
		"\xf0\x9f\x90\x9d", "\xf4\x8f\xbf\xbf" };
	struct types t = { 0 };

	check_forget();
	for (size_t i = 0; i < nitems(bad); i++) {
		struct type type = { .name = strdup(bad[i]), .size = 4 };

		CHECK(types_add(&t, &type, "w") == TYPE_NONE);
		CHECK_SAID("w: the name is not UTF-8");
		CHECK(type.name == NULL);
	}
	for (size_t i = 0; i < nitems(good); i++) {
		struct type type = { .name = strdup(good[i]), .size = 4 };

		CHECK_NUM(types_add(&t, &type, "w"), i);
	}
	types_free(&t);
}

/* Types that elf/btf and others add are checked like those of a stream. */
static void
a_node_that_refers_to_nothing_is_not_added(void)
{
	struct type array = { .kind = TYPE_ARRAY, .name = strdup("") };
	struct type s = { .kind = TYPE_STRUCT, .name = strdup("s") };
	struct type nameless = { .kind = TYPE_INT, .size = 4 };
	struct types t = { 0 };

	s.members = calloc(1, sizeof(*s.members));
	s.members[0].name = strdup("m");
	s.nmembers = 1;
	check_forget();
	CHECK(types_add(&t, &array, "w") == TYPE_NONE);
	CHECK_SAID("w: there is no type 0");
	check_forget();
	CHECK(types_add(&t, &s, "w") == TYPE_NONE);
	CHECK_SAID("w: there is no type 0");
	CHECK(types_add(&t, &nameless, "w") == TYPE_NONE);
	CHECK_SAID("w: the name is missing");
	types_free(&t);
}

static void
negative_constants_make_an_enum_signed(void)
{
	struct types t = { 0 };
	json_t *json = json_loads(
	    "[" NODE("enum", "e", 4, ",\"values\":[[\"A\",0],[\"B\",-1]]") "]",
	    0, NULL);

	CHECK_NUM(types_parse(&t, json, "t"), 0);
	CHECK(t.v[0].is_signed);
	CHECK_NUM(t.v[0].constants[1].value, UINT64_MAX);
	types_free(&t);
	json_decref(json);
}

/* An enum is of bits if two constants at least are single bits, and the others
 * are made of such, unless it just counts. */
static void
constants_that_are_bits_are_known(void)
{
	static const struct {
		const char *text;
		uint64_t bits;
	} enums[] = {
		{ ENUM(4, false, "[\"A\",1],[\"B\",2],[\"C\",4]"), 7 },
		{ ENUM(4, false, "[\"N\",0],[\"A\",2],[\"B\",8],[\"AB\",10]"),
		    10 },
		{ ENUM(4, true, "[\"A\",1],[\"TOP\",-2147483648]"),
		    0x80000001 },
		{ ENUM(8, false, "[\"A\",1],[\"B\",9223372036854775808]"),
		    0x8000000000000001 },
		{ ENUM(4, false, "[\"A\",1],[\"B\",2]"), 0 },
		{ ENUM(4, false, "[\"N\",0],[\"A\",1],[\"B\",2],[\"C\",3]"),
		    0 },
		{ ENUM(4, false, "[\"A\",1],[\"B\",2],[\"C\",3],[\"D\",4]"),
		    0 },
		{ ENUM(4, false, "[\"N\",0],[\"A\",4]"), 0 },
		{ ENUM(4, false, "[\"A\",1],[\"B\",4],[\"C\",6]"), 0 },
		{ ENUM(4, true, "[\"A\",1],[\"B\",4],[\"C\",-1]"), 0 },
		{ ENUM(4, false, "[\"A\",1],[\"B,\",4]"), 0 },
		{ ENUM(4, false, ""), 0 },
	};
	char text[512];
	struct types t;

	for (size_t i = 0; i < nitems(enums); i++) {
		snprintf(text, sizeof(text), "[%s]", enums[i].text);
		CHECK_NUM(read_text(&t, text), 0);
		CHECK_NUM(t.v[0].bits, enums[i].bits);
		types_free(&t);
	}
}

/* The names of an enum and of a struct's members are written for each element.
 */
static void
the_text_of_a_value_is_bounded(void)
{
	char name[1024], text[4096];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text),
	    "[{\"kind\":\"enum\",\"name\":\"e\",\"size\":1,\"values\":"
	    "[[\"A\",1],[\"%s\",2],[\"B\",3]]}," ARRAY(1000000, 0, 1000000) "]",
	    name);
	REFUSED(text, "types[1]: array \"\" is too long as text");
	snprintf(text, sizeof(text),
	    "[" STRUCT("s", 1,
		"{\"name\":\"%s\",\"type\":2,\"offset\":0}") "," ARRAY(1000000,
		0, 1000000) "," INT("i", 1) "]",
	    name);
	REFUSED(text, "types[1]: array \"\" is too long as text");
	snprintf(text, sizeof(text),
	    "[" STRUCT("%s", 1, "") "," ARRAY(1000000, 0, 1000000) "]", name);
	REFUSED(text, "types[1]: array \"\" is too long as text");
	TAKEN("[" INT("i", 1) "," ARRAY(16777216, 0, 16777216) "]");
	TAKEN("[" INT("i", 8) "," ARRAY(16777216, 0, 2097152) "]");
}

static void
the_bounds_themselves_are_taken(void)
{
	TAKEN("[" STRUCT("s", 16777216, "") "]");
	TAKEN("[" STRUCT("", 0, "") "," ARRAY(0, 0, 5592405) "]");
	REFUSED("[" STRUCT("", 0, "") "," ARRAY(0, 0, 5592406) "]",
	    "is too long as text");
	CHECK_NUM(read_chain(17, 2, STRUCT("e", 0, ""), "struct"), 0);
	CHECK_NUM(read_chain(18, 2, STRUCT("e", 0, ""), "struct"), -1);
}

static void
too_many_nodes_are_refused(void)
{
	struct types t = { 0 };

	check_forget();
	for (int i = 0; i <= TYPES_MAX; i++) {
		struct type type = { .name = strdup("i"), .size = 4 };

		CHECK((types_add(&t, &type, "w") == TYPE_NONE) ==
		      (i == TYPES_MAX));
	}
	CHECK_SAID("w: more than 65536 types");
	types_free(&t);
}

/* Checks that the name gives a type of this kind (behind typedefs), size and
 * sign. */
static void
named(const char *name, enum type_kind kind, uint64_t size, bool is_signed,
    int line)
{
	struct types t = { 0 };
	uint32_t i = c_names_find(&t, name);
	uint32_t again = c_names_find(&t, name);

	if (i == TYPE_NONE) {
		fprintf(stderr, "%s:%d: unknown: %s\n", __FILE__, line, name);
		check_failures++;
		return;
	}
	check_num(again, i, __FILE__, line);
	check_num(types_get(&t, i)->kind, kind, __FILE__, line);
	check_num((int64_t)t.v[i].size, (int64_t)size, __FILE__, line);
	check_num(types_get(&t, i)->is_signed, is_signed, __FILE__, line);
	types_free(&t);
}

#define NAMED(name, kind, size, sign)                                          \
	named((name), (kind), (size), (sign), __LINE__)

static void
every_spelling_of_an_integer_is_known(void)
{
	NAMED("int", TYPE_INT, 4, true);
	NAMED("signed", TYPE_INT, 4, true);
	NAMED("unsigned", TYPE_INT, 4, false);
	NAMED("int unsigned", TYPE_INT, 4, false);
	NAMED("short", TYPE_INT, 2, true);
	NAMED("int short unsigned", TYPE_INT, 2, false);
	NAMED("long", TYPE_INT, 8, true);
	NAMED("long int unsigned", TYPE_INT, 8, false);
	NAMED("long unsigned int long", TYPE_INT, 8, false);
	NAMED("signed long long int", TYPE_INT, 8, true);
	NAMED("char", TYPE_CHAR, 1, true);
	NAMED("signed char", TYPE_INT, 1, true);
	NAMED("char unsigned", TYPE_INT, 1, false);
	NAMED("__int128", TYPE_INT, 16, true);
	NAMED("unsigned __int128", TYPE_INT, 16, false);
	NAMED(" const volatile unsigned  int ", TYPE_INT, 4, false);
	NAMED("unsigned const int", TYPE_INT, 4, false);
}

static void
typedefs_of_the_kernel_are_known(void)
{
	NAMED("u8", TYPE_INT, 1, false);
	NAMED("__s16", TYPE_INT, 2, true);
	NAMED("uint32_t", TYPE_INT, 4, false);
	NAMED("__be64", TYPE_INT, 8, false);
	NAMED("pid_t", TYPE_INT, 4, true);
	NAMED("uid_t", TYPE_INT, 4, false);
	NAMED("size_t", TYPE_INT, 8, false);
	NAMED("bool", TYPE_BOOL, 1, false);
	NAMED("_Bool", TYPE_BOOL, 1, false);
	NAMED("float", TYPE_FLOAT, 4, true);
	NAMED("double", TYPE_FLOAT, 8, true);
}

static void
pointers_and_arrays_are_known(void)
{
	struct types t = { 0 };

	NAMED("struct foo *", TYPE_POINTER, 8, false);
	NAMED("const char *", TYPE_POINTER, 8, false);
	NAMED("void * const", TYPE_POINTER, 8, false);
	NAMED("my_type_t **", TYPE_POINTER, 8, false);
	NAMED("void (*)(int)", TYPE_POINTER, 8, false);
	NAMED("int (*)[4]", TYPE_POINTER, 8, false);
	NAMED("char[16]", TYPE_ARRAY, 16, false);
	NAMED("u64 [4]", TYPE_ARRAY, 32, false);
	NAMED("int[2][3]", TYPE_ARRAY, 24, false);
	NAMED("char *[4]", TYPE_ARRAY, 32, false);
	NAMED("int[0]", TYPE_ARRAY, 0, false);
	CHECK_NUM(c_names_find(&t, "int[2][3]"), 2);
	CHECK_NUM(t.v[2].count, 2);
	CHECK_NUM(t.v[t.v[2].of].count, 3);
	CHECK(types_is_text(&t, c_names_find(&t, "char[16]")));
	CHECK(!types_is_text(&t, c_names_find(&t, "unsigned char[16]")));
	CHECK(!types_is_text(&t, c_names_find(&t, "char")));
	types_free(&t);
}

static void
names_that_say_no_size_give_no_type(void)
{
	static const char *const names[] = { "", " ", "struct foo", "enum foo",
		"my_type_t", "unsigned signed", "long short", "long long long",
		"unsigned float", "long double", "int int", "char int", "int[",
		"int[]", "int[-1]", "int[4", "int[4]x", "int x",
		"int[99999999999999999999]", "void", "u32 u32", "int(", "*",
		"[4]", "void[4]" };
	struct types t = { 0 };

	check_forget();
	for (size_t i = 0; i < nitems(names); i++)
		if (c_names_find(&t, names[i]) != TYPE_NONE) {
			fprintf(stderr, "taken: %s\n", names[i]);
			check_failures++;
		}
	CHECK_STR(check_reports, "");
	types_free(&t);
}

static void
constants_are_found_by_value(void)
{
	struct types t;

	CHECK_NUM(
	    read_text(&t, "[" ENUM(4, true, "[\"A\",-1],[\"B\",7]") "]"), 0);
	CHECK_STR(types_find_constant(&t.v[0], UINT64_MAX)->name, "A");
	CHECK_STR(types_find_constant(&t.v[0], 7)->name, "B");
	CHECK(types_find_constant(&t.v[0], 8) == NULL);
	types_free(&t);
}

/* Checks which array type i ends with; TYPE_NONE if with none. */
static void
ends_with(const struct types *t, uint32_t i, uint32_t want, uint64_t want_at)
{
	uint32_t array;
	uint64_t at;
	bool there = types_find_last_array(t, i, &array, &at);

	CHECK(there == (want != TYPE_NONE));
	if (there) {
		CHECK_NUM(array, want);
		CHECK_NUM(at, want_at);
	}
}

static void
the_last_array_is_that_which_begins_last(void)
{
	struct types t;

	CHECK_NUM(
	    read_text(&t,
		"[" INT("i", 4) "," ARRAY(8, 0, 2) "," ARRAY(0, 0, 0) ","
		/* 3: in the order of the offsets, 4: in another */
		STRUCT("a", 20,
		    MEMBER("x", 1, 0, "") "," MEMBER("y", 0, 8, "") "," MEMBER(
			"z", 1, 12, "")) "," STRUCT("b", 12,
		    MEMBER("z", 1, 4, "") "," MEMBER("x", 0, 0, "")) ","
		/* 5: within a struct, 6: no array at the end */
		STRUCT("c", 24,
		    MEMBER("x", 0, 0, "") "," MEMBER(
			"in", 3, 4, "")) "," STRUCT("d", 12,
		    MEMBER("x", 1, 0, "") "," MEMBER("y", 0, 8, "")) ","
		/* 7: a flexible one after another member at the same offset */
		STRUCT("e", 4,
		    MEMBER("x", 0, 0, "") "," MEMBER("n", 2, 4, "")) "]"),
	    0);
	ends_with(&t, 0, TYPE_NONE, 0);
	ends_with(&t, 1, 1, 0);
	ends_with(&t, 3, 1, 12);
	ends_with(&t, 4, 1, 4);
	ends_with(&t, 5, 1, 16);
	ends_with(&t, 6, TYPE_NONE, 0);
	ends_with(&t, 7, 2, 4);
	types_free(&t);
}

int
main(void)
{
	every_kind_goes_there_and_back();
	nodes_may_stand_in_any_order_and_keep_their_indexes();
	keys_that_are_not_known_are_ignored();
	bits_far_from_their_offset_are_moved_to_it();
	a_node_without_its_parts_is_refused();
	a_size_that_no_such_type_has_is_refused();
	an_index_that_is_no_node_is_refused();
	a_type_that_contains_itself_is_refused();
	a_member_past_its_struct_is_refused();
	bits_that_no_integer_has_are_refused();
	bits_that_begin_after_their_byte_are_refused();
	an_array_that_is_not_its_elements_is_refused();
	constants_that_do_not_fit_are_refused();
	negative_constants_make_an_enum_signed();
	constants_that_are_bits_are_known();
	what_grows_without_bytes_is_bounded();
	names_are_bounded_as_a_whole();
	names_are_utf8();
	a_node_that_refers_to_nothing_is_not_added();
	the_text_of_a_value_is_bounded();
	the_bounds_themselves_are_taken();
	too_many_nodes_are_refused();
	every_spelling_of_an_integer_is_known();
	typedefs_of_the_kernel_are_known();
	pointers_and_arrays_are_known();
	names_that_say_no_size_give_no_type();
	constants_are_found_by_value();
	the_last_array_is_that_which_begins_last();
	return check_done();
}
