/* lib/types/kind: what kinds are called, which members they fit, and which are
 * known without being said. */
#include <stdlib.h>

#include "base/json-doc.h"
#include "check.h"
#include "types/member-kinds.h"

static struct types types;

/* Reads a struct of 32 bytes, type 9, with these members, after types of all
 * shapes. */
static int
read_members(const char *members)
{
	static char text[65536];
	json_t *json;
	int ret;

	types_free(&types);
	check_forget();
	snprintf(text, sizeof(text),
	    "[{\"kind\":\"int\",\"name\":\"u16\",\"size\":2},"
	    "{\"kind\":\"int\",\"name\":\"u32\",\"size\":4},"
	    "{\"kind\":\"int\",\"name\":\"u8\",\"size\":1},"
	    "{\"kind\":\"array\",\"size\":16,\"of\":2,\"count\":16},"
	    "{\"kind\":\"array\",\"size\":6,\"of\":2,\"count\":6},"
	    "{\"kind\":\"typedef\",\"name\":\"__be16\",\"size\":2,\"of\":0},"
	    "{\"kind\":\"typedef\",\"name\":\"uid_t\",\"size\":4,\"of\":1},"
	    "{\"kind\":\"float\",\"name\":\"float\",\"size\":4},"
	    "{\"kind\":\"enum\",\"name\":\"way\",\"size\":4,\"values\":[[\"A\","
	    "1]]},"
	    "{\"kind\":\"struct\",\"name\":\"s\",\"size\":32,\"members\":[%s]}"
	    "]",
	    members);
	json = json_doc_parse(text, strlen(text), "test", 0);
	ret = types_parse(&types, json, "run.skel:1");
	json_decref(json);
	return ret;
}

#define M(name, type, rest)                                                    \
	"{\"name\":\"" name "\",\"type\":" #type ",\"offset\":0" rest "}"
#define AS(kind) ",\"as\":\"" kind "\""

static enum kind
kind_of(size_t member)
{
	return types.v[9].members[member].as.kind;
}

static void
test_names(void)
{
	struct member_kind k;
	char *text;

	for (int i = 0; i < KIND_COUNT; i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s%s", kind_name((enum kind)i),
		    i == KIND_IP      ? "(family=af)"
		    : i == KIND_FLAGS ? "(way)"
				      : "");
		CHECK_NUM(kind_parse(&k, name, "x"), 0);
		CHECK_NUM(k.kind, i);
		text = kind_spell(&k);
		CHECK_STR(text, name);
		free(text);
		kind_free(&k);
	}
	check_forget();
	CHECK_NUM(kind_parse(&k, "errrno", "x"), -1);
	CHECK_SAID("x: unknown kind \"errrno\"; the nearest: errno");
	check_forget();
	CHECK_NUM(kind_parse(&k, "ip", "x"), -1);
	CHECK_SAID("x: kind ip is written ip(family=MEMBER)");
	check_forget();
	CHECK_NUM(kind_parse(&k, "flags()", "x"), -1);
	CHECK_SAID("x: kind flags is written flags(ENUM)");
	check_forget();
	CHECK_NUM(kind_parse(&k, "ip4(x)", "x"), -1);
	CHECK_SAID("x: kind ip4 takes no argument");
}

static void
test_fit(void)
{
	CHECK_NUM(
	    read_members(M("a", 1, AS("ip4")) "," M("b", 3, AS("ip6")) "," M(
		"c", 4, AS("mac")) "," M("d", 0, AS("port_be")) "," M("e", 3,
		AS("ip(family=d)")) "," M("f", 1, AS("flags(way)")) "," M("g",
		3, AS("text"))),
	    0);
	CHECK_NUM(kind_of(4), KIND_IP);
	CHECK_NUM(kind_of(5), KIND_FLAGS);
	CHECK_NUM(read_members(M("a", 0, AS("ip4"))), -1);
	CHECK_SAID("a cannot be of kind ip4, which is 4 "
		   "bytes");
	CHECK_NUM(read_members(M("a", 7, AS("errno"))), -1);
	CHECK_SAID("a cannot be of kind errno, which is an integer");
	CHECK_NUM(read_members(M("a", 1, AS("text"))), -1);
	CHECK_NUM(read_members(M("a", 1, ",\"bits\":7" AS("ip4"))), -1);
	CHECK_NUM(read_members(M("a", 3, AS("ip(family=b)"))), -1);
	CHECK_SAID("kind ip needs an integer called \"b\" in the same struct");
	CHECK_NUM(read_members(M("a", 1, AS("flags(b)"))), -1);
	CHECK_SAID("kind flags needs an enum called \"b\"");
	/* One of a later version is shown as its number. */
	CHECK_NUM(read_members(M("a", 6, AS("of_tomorrow"))), 0);
	CHECK_NUM(kind_of(0), KIND_NONE);
}

/* Nobody can make a reader search for ever. */
static void
test_bound(void)
{
	char text[32768] = M("a", 0, "");

	for (int i = 0; i < MEMBER_KINDS_ARGS_MAX; i++)
		strcat(text, "," M("b", 3, AS("ip(family=a)")));
	CHECK_NUM(read_members(text), 0);
	strcat(text, "," M("b", 3, AS("ip(family=a)")));
	CHECK_NUM(read_members(text), -1);
	CHECK_SAID("more than 256 members have kinds with arguments");
}

static void
test_guesses(void)
{
	CHECK_NUM(read_members(M("x", 5, "") "," M("dport", 5, "") "," M(
		      "u", 6, "") "," M("v", 6, AS("")) "," M("comm", 3,
		      "") "," M("bytes", 3, "") "," M("w", 6, AS("hex"))),
	    0);
	CHECK_NUM(kind_of(0), KIND_BE16);
	CHECK_NUM(kind_of(1), KIND_PORT_BE);
	CHECK_NUM(kind_of(2), KIND_UID);
	CHECK_NUM(kind_of(3), KIND_NONE);
	CHECK_NUM(kind_of(4), KIND_TEXT);
	CHECK_NUM(kind_of(5), KIND_NONE);
	CHECK_NUM(kind_of(6), KIND_HEX);
}

/* What was read is written, with guesses. */
static void
test_written(void)
{
	json_t *json, *first, *second;

	CHECK_NUM(read_members(M("a", 6,
		      ",\"help\":\"who\",\"hide\":true,\"width\":9") "," M("b",
		      3, AS("ip(family=a)"))),
	    0);
	json = types_write(&types);
	first = json_array_get(
	    json_object_get(json_array_get(json, 9), "members"), 0);
	second = json_array_get(
	    json_object_get(json_array_get(json, 9), "members"), 1);
	CHECK_STR(json_doc_string(json_object_get(first, "as")), "uid");
	CHECK_STR(json_doc_string(json_object_get(first, "help")), "who");
	CHECK_NUM(json_is_true(json_object_get(first, "hide")), 1);
	CHECK_NUM(json_integer_value(json_object_get(first, "width")), 9);
	CHECK_STR(
	    json_doc_string(json_object_get(second, "as")), "ip(family=a)");
	json_decref(json);
	CHECK_NUM(read_members(M("a", 1, ",\"width\":5000")), -1);
}

int
main(void)
{
	test_names();
	test_fit();
	test_bound();
	test_guesses();
	test_written();
	types_free(&types);
	return check_done();
}
