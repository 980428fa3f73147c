/* lib/types/value: text, JSON and bytes of every kind of type, and every range.
 */
#include <math.h>
#include <stdlib.h>

#include "base/json-doc.h"
#include "check.h"
#include "types/types.h"
#include "types/value.h"

static struct types t;
static uint32_t t_u8, t_s8, t_u16, t_s16, t_u32, t_int, t_u64, t_s64, t_u128,
    t_s128, t_bool, t_char, t_float, t_double, t_ptr, t_enum, t_text, t_list,
    t_grid, t_pid, t_names, t_cfg, t_union, t_hist;

/* Adds a type; its members and constants are copied. */
static uint32_t
add(struct type type, const char *name)
{
	type.name = strdup(name);
	if (type.nmembers > 0) {
		type.members =
		    memcpy(calloc(type.nmembers, sizeof(*type.members)),
			type.members, type.nmembers * sizeof(*type.members));
		for (size_t i = 0; i < type.nmembers; i++)
			type.members[i].name = strdup(type.members[i].name);
	}
	if (type.nconstants > 0) {
		type.constants = memcpy(
		    calloc(type.nconstants, sizeof(*type.constants)),
		    type.constants, type.nconstants * sizeof(*type.constants));
		for (size_t i = 0; i < type.nconstants; i++)
			type.constants[i].name = strdup(type.constants[i].name);
	}
	return types_add(&t, &type, name);
}

static uint32_t
add_int(const char *name, uint64_t size, bool is_signed)
{
	return add(
	    (struct type){
		.kind = TYPE_INT, .size = size, .is_signed = is_signed },
	    name);
}

static uint32_t
add_array(uint32_t of, uint64_t count)
{
	return add((struct type){ .kind = TYPE_ARRAY,
		       .of = of,
		       .count = count,
		       .size = count * t.v[of].size },
	    "");
}

static uint32_t
add_enum(const char *name)
{
	static char exec[] = "EXEC", exit_[] = "EXIT", bad[] = "BAD";
	struct type_constant c[] = { { exec, 1 }, { exit_, 2 },
		{ bad, (uint64_t)-1 } };

	return add((struct type){ .kind = TYPE_ENUM,
		       .size = 4,
		       .is_signed = true,
		       .constants = c,
		       .nconstants = 3 },
	    name);
}

/* union { int i; unsigned char b[4]; }, without a name */
static uint32_t
add_union(void)
{
	static char i[] = "i", b[] = "b";
	struct type_member m[] = { { .name = i, .type = t_int },
		{ .name = b, .type = add_array(t_u8, 4) } };

	return add(
	    (struct type){
		.kind = TYPE_UNION, .size = 4, .members = m, .nmembers = 2 },
	    "");
}

/* struct cfg { char comm[4]; union { ... }; u32 lo:3; u32 hi:10; float f; } */
static uint32_t
add_cfg(void)
{
	static char comm[] = "comm", none[] = "", lo[] = "lo", hi[] = "hi",
		    f[] = "f";
	struct type_member m[] = {
		{ .name = comm, .type = add_array(t_char, 4) },
		{ .name = none, .type = t_union, .offset = 4 },
		{ .name = lo, .type = t_u32, .offset = 8, .bits = 3 },
		{ .name = hi,
		    .type = t_u32,
		    .offset = 8,
		    .bit_offset = 3,
		    .bits = 10 },
		{ .name = f, .type = t_float, .offset = 12 },
	};

	return add(
	    (struct type){
		.kind = TYPE_STRUCT, .size = 16, .members = m, .nmembers = 5 },
	    "cfg");
}

static uint32_t
add_hist(void)
{
	static char slots[] = "slots";
	struct type_member m[] = { { .name = slots, .type = t_list } };

	return add(
	    (struct type){
		.kind = TYPE_STRUCT, .size = 6, .members = m, .nmembers = 1 },
	    "hist");
}

static void
make_types(void)
{
	t_u8 = add_int("unsigned char", 1, false);
	t_s8 = add_int("signed char", 1, true);
	t_u16 = add_int("unsigned short", 2, false);
	t_s16 = add_int("short", 2, true);
	t_u32 = add_int("unsigned int", 4, false);
	t_int = add_int("int", 4, true);
	t_u64 = add_int("unsigned long", 8, false);
	t_s64 = add_int("long", 8, true);
	t_u128 = add_int("unsigned __int128", 16, false);
	t_s128 = add_int("__int128", 16, true);
	t_bool = add((struct type){ .kind = TYPE_BOOL, .size = 1 }, "_Bool");
	t_char = add(
	    (struct type){ .kind = TYPE_CHAR, .size = 1, .is_signed = true },
	    "char");
	t_float = add((struct type){ .kind = TYPE_FLOAT, .size = 4 }, "float");
	t_double =
	    add((struct type){ .kind = TYPE_FLOAT, .size = 8 }, "double");
	t_ptr = add((struct type){ .kind = TYPE_POINTER, .size = 8 }, "");
	t_enum = add_enum("kind");
	t_text = add_array(t_char, 8);
	t_list = add_array(t_u16, 3);
	t_grid = add_array(add_array(t_int, 2), 2);
	t_pid =
	    add((struct type){ .kind = TYPE_TYPEDEF, .size = 4, .of = t_int },
		"pid_t");
	t_names = add_array(t_text, 2);
	t_union = add_union();
	t_cfg = add_cfg();
	t_hist = add_hist();
}

/* Returns the JSON that text gives for the type, or "" if the text is refused.
 */
static const char *
from_text(uint32_t type, const char *text)
{
	static char json[512];
	struct buf out = { 0 };
	json_t *v;

	check_forget();
	json[0] = '\0';
	v = value_from_text(&t, type, text, "--x");
	if (v != NULL && json_doc_write(v, &out) == 0)
		snprintf(json, sizeof(json), "%.*s", (int)out.len, out.data);
	buf_free(&out);
	json_decref(v);
	return json;
}

#define TAKES(type, text, json) CHECK_STR(from_text((type), (text)), (json))

#define REFUSES(type, text, message)                                           \
	do {                                                                   \
		CHECK_STR(from_text((type), (text)), "");                      \
		CHECK_SAID(message);                                           \
	} while (0)

static void
test_integers(void)
{
	static const struct {
		uint32_t *type;
		const char *least, *below, *most, *above;
	} cases[] = {
		{ &t_u8, "0", "-1", "255", "256" },
		{ &t_s8, "-128", "-129", "127", "128" },
		{ &t_char, "-128", "-129", "127", "128" },
		{ &t_u16, "0", "-1", "65535", "65536" },
		{ &t_s16, "-32768", "-32769", "32767", "32768" },
		{ &t_u32, "0", "-1", "4294967295", "4294967296" },
		{ &t_int, "-2147483648", "-2147483649", "2147483647",
		    "2147483648" },
		{ &t_pid, "-2147483648", "-2147483649", "2147483647",
		    "2147483648" },
		{ &t_u64, "0", "-1", "18446744073709551615",
		    "18446744073709551616" },
		{ &t_s64, "-9223372036854775808", "-9223372036854775809",
		    "9223372036854775807", "9223372036854775808" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		TAKES(*cases[i].type, cases[i].least, cases[i].least);
		TAKES(*cases[i].type, cases[i].most, cases[i].most);
		REFUSES(*cases[i].type, cases[i].below, " does not fit ");
		REFUSES(*cases[i].type, cases[i].above, " does not fit ");
	}
	REFUSES(t_u16, "70000",
	    "--x: 70000 does not fit unsigned short: 0 to 65535");
	REFUSES(t_pid, "3000000000",
	    "3000000000 does not fit pid_t: -2147483648 to 2147483647");
	TAKES(t_u128, "340282366920938463463374607431768211455",
	    "\"340282366920938463463374607431768211455\"");
	TAKES(t_s128, "-170141183460469231731687303715884105728",
	    "\"-170141183460469231731687303715884105728\"");
	TAKES(t_s128, "-5", "-5");
	REFUSES(t_s128, "170141183460469231731687303715884105728",
	    "does not fit __int128: -17014118346046923173168730371588410572"
	    "8 to 170141183460469231731687303715884105727");
	REFUSES(
	    t_u128, "340282366920938463463374607431768211456", "does not fit ");
	REFUSES(t_int, "99999999999999999999999999999999999999999999",
	    "99999999999999999999999999999999999999999999 does not fit int");
}

static void
test_bases(void)
{
	TAKES(t_int, "0x1F", "31");
	TAKES(t_int, "0X1f", "31");
	TAKES(t_int, "-0x10", "-16");
	TAKES(t_int, "+7", "7");
	TAKES(t_int, "010", "8");
	TAKES(t_int, "-0", "0");
	TAKES(t_int, "0", "0");
	TAKES(t_u64, "0xffffffffffffffff", "18446744073709551615");
	TAKES(t_u64, "01777777777777777777777", "18446744073709551615");
	REFUSES(t_int, "abcdefg", "--x: \"abcdefg\" is not a number (int)");
	REFUSES(t_int, "", "--x: \"\" is not a number (int)");
	REFUSES(t_int, "-", "is not a number");
	REFUSES(t_int, "0x", "is not a number");
	REFUSES(t_int, "08", "is not a number");
	REFUSES(t_int, "1.5", "is not a number");
	REFUSES(t_int, " 1", "is not a number");
	REFUSES(t_int, "1 ", "is not a number");
	REFUSES(t_int, "--1", "is not a number");
}

static void
test_words(void)
{
	TAKES(t_bool, "true", "true");
	TAKES(t_bool, "no", "false");
	TAKES(t_bool, "on", "true");
	TAKES(t_bool, "0", "false");
	REFUSES(t_bool, "maybe", "--x: \"maybe\" is not true or false (_Bool)");
	TAKES(t_enum, "EXEC", "1");
	TAKES(t_enum, "BAD", "-1");
	TAKES(t_enum, "EXIT(2)", "2");
	TAKES(t_enum, "0x7", "7");
	REFUSES(t_enum, "exec",
	    "--x: \"exec\" is none of EXEC, EXIT, BAD, and not a number (enum "
	    "kind)");
	REFUSES(t_enum, "EXE", "is none of");
	REFUSES(t_enum, "4294967296", "does not fit enum kind");
	REFUSES(t_enum, "EXEC(1", "is none of");
	REFUSES(t_ptr, "1", "cannot be set by text");
	REFUSES(t_cfg, "1", "--x: a struct cfg cannot be set by text");
}

static void
test_reals(void)
{
	TAKES(t_double, "0.5", "0.5");
	TAKES(t_double, "-2e3", "-2000.0");
	TAKES(t_float, "0.25", "0.25");
	REFUSES(t_double, "x", "--x: \"x\" is not a number (double)");
	REFUSES(t_double, "", "is not a number");
	REFUSES(t_double, " 1", "is not a number");
	REFUSES(t_double, "1x", "is not a number");
	REFUSES(t_double, "nan", "is not a number");
	REFUSES(t_double, "inf", "--x: inf does not fit double");
	REFUSES(t_float, "1e39", "--x: 1e39 does not fit float");
	REFUSES(t_double, "1e999", "--x: 1e999 does not fit double");
}

static void
test_text(void)
{
	TAKES(t_text, "abcdefg", "\"abcdefg\"");
	TAKES(t_text, "", "\"\"");
	REFUSES(t_text, "abcdefgh",
	    "--x: text of 8 bytes is too long for char[8], which holds 7 and a "
	    "NUL");
	/* Not UTF-8, so not a JSON string. */
	TAKES(t_text, "a\xff", "[97,-1,0]");
}

static void
test_lists(void)
{
	TAKES(t_list, "1,2,0x3", "[1,2,3]");
	TAKES(t_list, "1", "[1]");
	TAKES(t_list, "", "[]");
	TAKES(t_grid, "1,2,3", "[[1,2],[3]]");
	TAKES(t_names, "ab,cd", "[\"ab\",\"cd\"]");
	REFUSES(t_list, "1,2,3,4",
	    "--x: \"1,2,3,4\" has more elements than unsigned short[3]");
	REFUSES(t_grid, "1,2,3,4,5", "more elements than int[2][2]");
	REFUSES(t_list, "1,,2", "--x: \"\" is not a number (unsigned short)");
	REFUSES(t_list, "1,70000", "70000 does not fit unsigned short");
}

/* Writes the JSON over bytes of 0xee and returns them in hex, or "" if the JSON
 * is refused. */
static const char *
to_bytes(uint32_t type, const char *text)
{
	static char hex[128];
	unsigned char bytes[32];
	size_t size = (size_t)t.v[type].size;
	json_t *v = json_doc_parse(text, strlen(text), "test", 0);

	check_forget();
	hex[0] = '\0';
	memset(bytes, 0xee, sizeof(bytes));
	if (value_to_bytes(&t, type, v, bytes, size, "x.json: v") == 0)
		for (size_t i = 0; i < size; i++)
			snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	CHECK_NUM(bytes[size], 0xee);
	json_decref(v);
	return hex;
}

#define GIVES(type, json, hex) CHECK_STR(to_bytes((type), (json)), (hex))

#define SPURNS(type, json, message)                                            \
	do {                                                                   \
		CHECK_STR(to_bytes((type), (json)), "");                       \
		CHECK_SAID(message);                                           \
	} while (0)

static void
test_scalar_bytes(void)
{
	GIVES(t_u8, "200", "c8");
	GIVES(t_s16, "-2", "feff");
	GIVES(t_u32, "3000000000", "005ed0b2");
	GIVES(t_u64, "18446744073709551615", "ffffffffffffffff");
	GIVES(t_s64, "-9223372036854775808", "0000000000000080");
	GIVES(t_int, "\"0x10\"", "10000000");
	GIVES(t_s128, "\"-2\"", "feffffffffffffffffffffffffffffff");
	GIVES(t_u128, "\"340282366920938463463374607431768211455\"",
	    "ffffffffffffffffffffffffffffffff");
	GIVES(t_ptr, "4096", "0010000000000000");
	GIVES(t_bool, "true", "01");
	GIVES(t_bool, "0", "00");
	GIVES(t_enum, "\"EXIT\"", "02000000");
	GIVES(t_enum, "\"EXIT(2)\"", "02000000");
	GIVES(t_enum, "\"<UNKNOWN_VARIANT>(-7)\"", "f9ffffff");
	GIVES(t_enum, "\"7\"", "07000000");
	GIVES(t_float, "1.2345", "19049e3f");
	GIVES(t_float, "2", "00000040");
	GIVES(t_double, "0.5", "000000000000e03f");
	GIVES(t_double, "18446744073709551615", "000000000000f043");
	GIVES(t_float, "null", "0000c07f");
	SPURNS(t_u8, "256", "x.json: v: 256 does not fit unsigned char: 0 to");
	SPURNS(t_u32, "-1", "x.json: v: -1 does not fit unsigned int");
	SPURNS(t_int, "1.5",
	    "x.json: v: expected a whole number (int), found 1.5");
	SPURNS(t_int, "true", "expected a whole number (int), found a boolean");
	SPURNS(t_int, "\"a\"", "expected a whole number (int), found a string");
	SPURNS(t_int, "null", "expected a whole number (int), found null");
	SPURNS(t_bool, "1.2345",
	    "x.json: v: expected true or false (_Bool), found 1.2345");
	SPURNS(t_bool, "2", "expected true or false");
	SPURNS(t_bool, "-1", "expected true or false");
	SPURNS(t_enum, "\"NO\"", "x.json: v: \"NO\" is none of EXEC, EXIT");
	SPURNS(t_float, "1e39", "expected a number within its range (float)");
	SPURNS(t_float, "\"1\"", "expected a number (float), found a string");
}

static void
test_array_bytes(void)
{
	GIVES(t_text, "\"ab\"", "6162000000000000");
	GIVES(t_text, "[97,0]", "6100eeeeeeeeeeee");
	SPURNS(t_text, "\"abcdefgh\"",
	    "x.json: v: text of 8 bytes is too long for char[8]");
	SPURNS(t_text, "5", "expected an array");
	GIVES(t_list, "[1,2]", "01000200eeee");
	GIVES(t_grid, "[[1],[3,4]]", "01000000eeeeeeee0300000004000000");
	GIVES(
	    t_names, "[\"12345678\",\"\"]", "31323334353637380000000000000000");
	SPURNS(t_list, "[1,70000]", "x.json: v[1]: 70000 does not fit");
	SPURNS(t_grid, "[[1],[3,\"a\"]]", "x.json: v[1][1]: expected a whole");
	SPURNS(t_list, "[1,2,3,4]", "expected an array");
	SPURNS(t_list, "1", "expected an array");
}

static void
test_struct_bytes(void)
{
	GIVES(t_cfg, "{}", "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
	GIVES(t_cfg, "{\"i\":1,\"comm\":\"abcd\"}",
	    "6162636401000000eeeeeeeeeeeeeeee");
	GIVES(t_cfg, "{\"b\":[9],\"f\":1}", "eeeeeeee09eeeeeeeeeeeeee0000803f");
	/* 0xee 0xee is 1110 1110 1110 1110: bits 0-2 and 3-12 are written. */
	GIVES(t_cfg, "{\"lo\":1}", "eeeeeeeeeeeeeeeee9eeeeeeeeeeeeee");
	GIVES(t_cfg, "{\"hi\":0}", "eeeeeeeeeeeeeeee06e0eeeeeeeeeeee");
	GIVES(t_cfg, "{\"hi\":1023,\"@map\":\"x\",\"__EUNOMIA_TYPE\":\"s\"}",
	    "eeeeeeeeeeeeeeeefeffeeeeeeeeeeee");
	SPURNS(t_cfg, "{\"lo\":8}",
	    "x.json: v.lo: 8 does not fit unsigned int: 0 to 7");
	SPURNS(t_cfg, "{\"b\":[1,256]}", "x.json: v.b[1]: 256 does not fit");
	SPURNS(t_cfg, "{\"comm\":\"abcde\"}",
	    "x.json: v.comm: text of 5 bytes is too long for char[4]");
	SPURNS(t_cfg, "{\"nosuch\":1}",
	    "x.json: v: there is no member \"nosuch\"");
	SPURNS(t_cfg, "[]", "x.json: v: expected an object (struct cfg)");
	/* What skel-fmt --json says of a histogram is no member. */
	GIVES(t_hist, "{\"slots\":[1],\"unit\":\"us\",\"buckets\":[1]}",
	    "0100eeeeeeee");
	SPURNS(t_cfg, "{\"unit\":\"us\"}",
	    "x.json: v: there is no member \"unit\"");
}

static void
shown(uint32_t type, const void *bytes, size_t size, const char *want)
{
	json_t *v = value_from_bytes(&t, type, bytes, size);
	struct buf out = { 0 };

	CHECK(v != NULL);
	if (v != NULL)
		value_to_text(v, &out);
	buf_chr(&out, '\0');
	CHECK_STR(out.data, want);
	buf_free(&out);
	json_decref(v);
}

static void
test_from_bytes(void)
{
	float f = 1.23F, inf = INFINITY;
	double d = 0.1;

	shown(t_u64, "\xff\xff\xff\xff\xff\xff\xff\xff", 8,
	    "18446744073709551615");
	shown(t_s16, "\xfe\xff", 2, "-2");
	shown(t_s128,
	    "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	    "\xff\xff",
	    16, "-2");
	shown(t_enum, "\2\0\0\0", 4, "2");
	shown(t_bool, "\1", 1, "true");
	shown(t_float, &f, sizeof(f), "1.23");
	shown(t_double, &d, sizeof(d), "0.1");
	shown(t_text, "ab\0\0\0\0\0", 8, "ab");
	shown(t_text, "abcdefgh", 8, "abcdefgh");
	shown(t_list, "\1\0\2\0\3", 6, "1,2,3");
	CHECK(value_from_bytes(&t, t_float, (unsigned char *)&inf, 4) == NULL);
	CHECK(value_from_bytes(&t, t_text, (const unsigned char *)"\xff", 1) ==
	      NULL);
	CHECK(value_from_bytes(&t, t_cfg,
		  (const unsigned char *)"0123456789abcdef", 16) == NULL);
}

static void
test_names(void)
{
	struct buf out = { 0 };

	types_write_name(&t, t_enum, &out);
	buf_chr(&out, '|');
	types_write_name(&t, t_grid, &out);
	buf_chr(&out, '|');
	types_write_name(&t, t_pid, &out);
	buf_chr(&out, '|');
	types_write_name(&t, t_union, &out);
	buf_chr(&out, '\0');
	CHECK_STR(out.data, "enum kind|int[2][2]|pid_t|union");
	buf_free(&out);
}

/* find() of struct value_names: "n:7" is 7, "n:" is wrong. */
static int
find_test_name(void *ctx, const char *word, const char *where, int64_t *out)
{
	++*(int *)ctx;
	if (strncmp(word, "n:", 2) != 0)
		return 0;
	if (word[2] == '\0') {
		report_error("%s: no name", where);
		return -1;
	}
	*out = atoi(word + 2);
	return 1;
}

/* Checks that the literal is this JSON and, if it can be stored, that its JSON
 * is a literal of the same value. */
static void
check_literal(uint32_t type, const char *text, const char *want)
{
	json_t *v = value_from_literal(&t, type, text, NULL, "x"), *again;
	char *shown =
	    v == NULL ? NULL : json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);

	CHECK_STR(shown, want);
	if (shown != NULL && shown[0] == '{') {
		again = value_from_literal(&t, type, shown, NULL, "x");
		CHECK(json_equal(v, again));
		json_decref(again);
	}
	free(shown);
	json_decref(v);
}

static void
check_bad_literal(uint32_t type, const char *text, const char *said)
{
	check_forget();
	CHECK(value_from_literal(&t, type, text, NULL, "x") == NULL);
	CHECK_SAID(said);
}

/* A list of so many elements takes no more memory than a JSON document. */
static void
test_long_literal(void)
{
	struct buf text = { 0 };

	buf_chr(&text, '[');
	for (int i = 0; i < JSON_DOC_VALUES_MAX; i++)
		buf_str(&text, "1,");
	buf_str(&text, "1]");
	buf_chr(&text, '\0');
	check_bad_literal(t_list, text.data, "x: more than 1048576 values");
	buf_free(&text);
}

static void
test_literals(void)
{
	int calls = 0;
	const struct value_names names = { find_test_name, &calls };
	json_t *v;

	check_literal(t_u32, "0x10", "16");
	check_literal(t_enum, "EXIT", "2");
	check_literal(t_ptr, "0xffff", "65535");
	check_literal(t_text, "a,b", "\"a,b\"");
	check_literal(t_text, "\"a\\tb\"", "\"a\\tb\"");
	/* Quotes and brackets that are not around all of it are text. */
	check_literal(t_text, "\"a\"b", "\"\\\"a\\\"b\"");
	check_literal(t_text, "[a]", "\"[a]\"");
	check_literal(t_list, "1,2", "[1,2]");
	check_literal(t_list, "[1, 2 ]", "[1,2]");
	check_literal(t_list, "[]", "[]");
	check_literal(t_cfg, "{}", "{}");
	check_literal(t_cfg, "{comm=ab,lo=7, hi = 1,f=1.5}",
	    "{\"comm\":\"ab\",\"lo\":7,\"hi\":1,\"f\":1.5}");
	check_literal(t_cfg, "{\"comm\":\"a,}\",\"b\":[1,2]}",
	    "{\"comm\":\"a,}\",\"b\":[1,2]}");
	check_literal(t_cfg, "{b=0x01ff0203}", "{\"b\":[1,255,2,3]}");
	/* Text may fill a member to its end, but no more. */
	check_literal(t_cfg, "{comm=abcd}", "{\"comm\":\"abcd\"}");
	check_bad_literal(t_cfg, "{com=1}", "there is no member \"com\"");
	check_bad_literal(t_cfg, "{lo}", "expected \"=\" at \"}\"");
	check_bad_literal(t_cfg, "{=1}", "expected the name of a member");
	check_bad_literal(t_cfg, "{lo=}", "expected a value at \"}\"");
	check_bad_literal(t_cfg, "{lo=1", "ends before \",\" or \"}\"");
	check_bad_literal(t_cfg, "{lo=1}x", "expected the end at \"x\"");
	check_bad_literal(t_cfg, "{b=7}", "expected \"[VALUE,...]\" at \"7}\"");
	check_bad_literal(t_cfg, "{comm=\"a", "the quotes at \"a have no end");
	check_bad_literal(t_cfg, "5", "expected \"{MEMBER=VALUE,...}\"");
	check_bad_literal(t_u8, "256", "does not fit");
	v = value_from_literal(&t, t_cfg, "{lo=n:5,comm=n:1}", &names, "x");
	CHECK_NUM(json_integer_value(json_object_get(v, "lo")), 5);
	CHECK_STR(json_string_value(json_object_get(v, "comm")), "n:1");
	CHECK_NUM(calls, 1);
	json_decref(v);
	check_forget();
	CHECK(value_from_literal(&t, t_u32, "n:", &names, "x") == NULL);
	CHECK_SAID("x: no name");
}

int
main(void)
{
	make_types();
	test_literals();
	test_long_literal();
	test_integers();
	test_bases();
	test_words();
	test_reals();
	test_text();
	test_lists();
	test_scalar_bytes();
	test_array_bytes();
	test_struct_bytes();
	test_from_bytes();
	test_names();
	types_free(&t);
	return check_done();
}
