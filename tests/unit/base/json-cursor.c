/* json-cursor: JSON read from front to back, a value at a time. */
#include "base/json-cursor.h"
#include "check.h"

/* How many bytes of a text are one JSON value; all if it is good. */
static size_t
good_bytes(const char *text)
{
	struct json_cursor c;
	struct json_value v;

	json_cursor_open(&c, text, strlen(text));
	if (json_cursor_read(&c, &v))
		json_cursor_is_done(&c);
	return (size_t)(c.p - text);
}

#define GOOD(text) CHECK_NUM(good_bytes(text), strlen(text))
#define WRONG_AT(text, column) CHECK_NUM(good_bytes(text), column)

static void
what_is_json_is_read_to_its_end(void)
{
	GOOD("0");
	GOOD("-0.5e+10");
	GOOD("1E-7");
	GOOD("\"\"");
	GOOD("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00eF\"");
	GOOD("\"more than sixteen bytes, \\\\ and then some \xc3\xa9\"");
	GOOD("true");
	GOOD(" null\r\n");
	GOOD("[]");
	GOOD("{}");
	GOOD("[ ]");
	GOOD("[1,[2,{\"a\":[]}],\"]\"]");
	GOOD("\t{ \"a\" : 1 , \"b\" :\n{ } }\t");
}

static void
what_is_not_is_refused_where_it_ends(void)
{
	WRONG_AT("", 0);
	WRONG_AT("  ", 2);
	WRONG_AT("01", 1);
	WRONG_AT("-", 1);
	WRONG_AT("1.", 2);
	WRONG_AT("1e", 2);
	WRONG_AT("+1", 0);
	WRONG_AT("tru", 0);
	WRONG_AT("nul", 0);
	WRONG_AT("\"a", 2);
	WRONG_AT("\"a\nb\"", 2);
	WRONG_AT("\"sixteen bytes are here\x01\"", 23);
	WRONG_AT("\"\\x\"", 2);
	WRONG_AT("\"\\u12g4\"", 5);
	WRONG_AT("[1", 2);
	WRONG_AT("[1 2]", 3);
	WRONG_AT("{\"a\":1 \"b\":2}", 7);
	WRONG_AT("[1,]", 3);
	WRONG_AT("[,1]", 1);
	WRONG_AT("{\"a\"}", 4);
	WRONG_AT("{\"a\":}", 5);
	WRONG_AT("{\"a\":1,}", 7);
	WRONG_AT("{a:1}", 1);
	WRONG_AT("{\"a\":1]", 6);
	WRONG_AT("[}", 1);
}

static void
nesting_has_a_bound(void)
{
	char text[2 * JSON_CURSOR_DEPTH_MAX + 3];
	const size_t max = JSON_CURSOR_DEPTH_MAX;

	memset(text, '[', max);
	memset(text + max, ']', max);
	text[2 * max] = '\0';
	GOOD(text);
	memset(text, '[', max + 1);
	memset(text + max + 1, ']', max + 1);
	text[2 * max + 2] = '\0';
	WRONG_AT(text, max);
}

static void
members_and_elements_come_one_by_one(void)
{
	static const char text[] =
	    "{ \"a\": [1, \"two\", {}], \"b\": {\"c\": -3}, \"d\": true }";
	struct json_cursor c;
	struct json_value key, v;

	json_cursor_open(&c, text, sizeof(text) - 1);
	CHECK(json_cursor_kind(&c) == JSON_VALUE_OBJECT);
	CHECK(json_cursor_enter(&c));
	CHECK_NUM(json_cursor_next_member(&c, &key), 1);
	CHECK(json_value_is(&key, "a"));
	CHECK(json_cursor_kind(&c) == JSON_VALUE_ARRAY);
	CHECK(json_cursor_enter(&c));
	CHECK_NUM(json_cursor_next_element(&c), 1);
	CHECK(json_cursor_read(&c, &v));
	CHECK(v.kind == JSON_VALUE_SCALAR && v.len == 1);
	CHECK_NUM(json_cursor_next_element(&c), 1);
	CHECK(json_cursor_read(&c, &v));
	CHECK(json_value_is(&v, "two"));
	CHECK_NUM(json_cursor_next_element(&c), 1);
	CHECK(json_cursor_enter(&c));
	CHECK_NUM(json_cursor_next_member(&c, &key), 0);
	CHECK_NUM(json_cursor_next_element(&c), 0);
	CHECK_NUM(json_cursor_next_member(&c, &key), 1);
	CHECK(json_value_is(&key, "b"));
	CHECK(json_cursor_read(&c, &v));
	CHECK(
	    v.kind == JSON_VALUE_OBJECT && v.len == sizeof("{\"c\": -3}") - 1);
	CHECK_NUM(json_cursor_next_member(&c, &key), 1);
	CHECK(json_cursor_read(&c, &v));
	CHECK_NUM(json_cursor_next_member(&c, &key), 0);
	CHECK(json_cursor_is_done(&c));
	CHECK(c.spaced);
	json_cursor_open(&c, "{\"a\":\" \"}", 9);
	CHECK(json_cursor_read(&c, &v));
	CHECK(!c.spaced);
	json_cursor_open(&c, "1", 1);
	CHECK(!json_cursor_enter(&c));
	json_cursor_open(&c, "", 0);
	CHECK(json_cursor_kind(&c) == JSON_VALUE_ABSENT);
}

static struct json_value
value_of(const char *text)
{
	struct json_cursor c;
	struct json_value v = { .kind = JSON_VALUE_ABSENT };

	json_cursor_open(&c, text, strlen(text));
	CHECK(json_cursor_read(&c, &v));
	return v;
}

/* What a function appends of a value is this. */
static void
writes(void (*write)(const struct json_value *, struct buf *), const char *text,
    const char *want, int line)
{
	const struct json_value v = value_of(text);
	struct buf out = { 0 };

	write(&v, &out);
	buf_chr(&out, '\0');
	check_str(out.data, want, __FILE__, line);
	buf_free(&out);
}

#define DECODES(text, want) writes(json_value_decode, text, want, __LINE__)
#define COMPACTS(text, want)                                                   \
	writes(json_value_write_compact, text, want, __LINE__)
#define RESPELLS(text, want) writes(json_value_respell, text, want, __LINE__)

static void
strings_are_decoded(void)
{
	const struct json_value escaped = value_of("\"\\u0070id\"");
	const struct json_value empty = value_of("\"\"");
	const struct json_value number = value_of("12");

	DECODES("\"\"", "");
	DECODES("\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\"", "a\"\\/\b\f\n\r\tz");
	DECODES("\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"",
	    "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	DECODES("\"\\ud83d\\u0041\\ude00\\u0000\"",
	    "\xef\xbf\xbd"
	    "A\xef\xbf\xbd\xef\xbf\xbd");
	CHECK(json_value_is(&escaped, "pid"));
	CHECK(!json_value_is(&escaped, "pie"));
	CHECK(json_value_is(&empty, ""));
	CHECK(!json_value_is(&number, "12"));
}

static void
is_number(const char *text, uint64_t want, int line)
{
	const struct json_value v = value_of(text);

	check_num((int64_t)json_value_u64(&v), (int64_t)want, __FILE__, line);
}

static void
numbers_are_whole_or_nothing(void)
{
	is_number("0", 0, __LINE__);
	is_number("18446744073709551615", UINT64_MAX, __LINE__);
	is_number("18446744073709551616", UINT64_MAX, __LINE__);
	is_number("99999999999999999999999", UINT64_MAX, __LINE__);
	is_number("-1", 0, __LINE__);
	is_number("1.5", 0, __LINE__);
	is_number("true", 0, __LINE__);
	is_number("\"1\"", 0, __LINE__);
	is_number("[1]", 0, __LINE__);
}

static void
blanks_are_dropped_outside_of_strings(void)
{
	COMPACTS(
	    "[ 1,\t{ \"a b\" : \" \\\" \" } ]", "[1,{\"a b\":\" \\\" \"}]");
	COMPACTS("{}", "{}");
	COMPACTS("\" \"", "\" \"");
}

static void
one_value_has_one_spelling(void)
{
	RESPELLS(
	    "{ \"\\u0061\": \"\\u00e9\\/\\n\" }", "{\"a\":\"\xc3\xa9/\\n\"}");
	RESPELLS("[1e+16, true, null]", "[1e+16,true,null]");
	RESPELLS("\"a b\"", "\"a b\"");
}

int
main(void)
{
	what_is_json_is_read_to_its_end();
	what_is_not_is_refused_where_it_ends();
	nesting_has_a_bound();
	members_and_elements_come_one_by_one();
	strings_are_decoded();
	numbers_are_whole_or_nothing();
	blanks_are_dropped_outside_of_strings();
	one_value_has_one_spelling();
	return check_done();
}
