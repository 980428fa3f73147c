/* lib/base/json-doc: documents there and back, with all of u64. */
#include <stdlib.h>

#include "base/json-doc.h"
#include "base/util.h"
#include "check.h"

static json_t *
parse(const char *text)
{
	check_forget();
	return json_doc_parse(text, strlen(text), "x.json", 0);
}

/* Checks that text, when parsed and written again, becomes want. */
static void
becomes(const char *text, const char *want, int line)
{
	struct buf out = { 0 };
	json_t *v = parse(text);

	CHECK(v != NULL);
	CHECK_NUM(json_doc_write(v, &out), 0);
	buf_chr(&out, '\0');
	check_str(out.data, want, __FILE__, line);
	buf_free(&out);
	json_decref(v);
}

#define BECOMES(text, want) becomes((text), (want), __LINE__)
#define STAYS(text) becomes((text), (text), __LINE__)

static void
numbers_stay_what_they_are(void)
{
	STAYS("0");
	STAYS("-9223372036854775808");
	STAYS("9223372036854775807");
	STAYS("9223372036854775808");
	STAYS("18446744073709551615");
	STAYS("[18446744073709551615,9223372036854775808,1]");
	STAYS("{\"a\":{\"b\":[[18446744073709551615]]}}");
	BECOMES(
	    "\t[ 18446744073709551615 ,\n1 ]\n", "[18446744073709551615,1]");
	STAYS("1.5");
	BECOMES("1e3", "1000.0");
}

/* JSON permits some control characters in a string, a terminal obeys them. */
static void
control_characters_are_escaped(void)
{
	BECOMES("[\"a\x7f\", \"\xc2\x9b\xc2\xa0\xc2\x80\"]",
	    "[\"a\\u007f\",\"\\u009b\xc2\xa0\\u0080\"]");
	BECOMES("{\"\xc2\x9f\":\"\\u001b\"}", "{\"\\u009f\":\"\\u001B\"}");
}

static void
text_that_looks_like_a_number_stays_text(void)
{
	STAYS("\"18446744073709551615\"");
	STAYS("{\"18446744073709551615\":18446744073709551615}");
	STAYS("\"a \\\" 18446744073709551615\"");
	STAYS("[\"\\\\\",18446744073709551615]");
	STAYS("[\"\\\"\",18446744073709551615]");
}

static void
a_text_that_begins_with_the_mark_stays_text(void)
{
	STAYS("\"\\u00011\"");
	STAYS("\"\\u0001\"");
	STAYS("\"\\u000118446744073709551616\"");
	STAYS("\"\\u000118446744073709551615 \"");
	STAYS("\"\\u000118446744073709551615\"");
	STAYS("[\"\\u0001\\u000118446744073709551615\",9223372036854775808]");
	STAYS("{\"\\u0001\":1,\"\\u0001x\":\"longer than sixteen bytes\"}");
	STAYS("\"\\\"\\u000118446744073709551615\"");
}

static void
strings_read_as_what_they_are(void)
{
	static const char *const texts[] = { "", "a", "\001", "\00118",
		"\00118446744073709551615", "\001\00118446744073709551615",
		"18446744073709551615" };
	struct buf out = { 0 };
	json_t *v;

	for (size_t i = 0; i < nitems(texts); i++) {
		v = json_doc_string_new(texts[i], strlen(texts[i]));
		CHECK_STR(json_doc_string(v), texts[i]);
		CHECK_STR(json_doc_kind(v), "a string");
		CHECK_NUM(json_doc_write(v, &out), 0);
		json_decref(v);
		check_forget();
		v = json_doc_parse(out.data, out.len, "x.json", 0);
		CHECK_STR(json_doc_string(v), texts[i]);
		json_decref(v);
		out.len = 0;
	}
	buf_free(&out);
	CHECK(json_doc_string_new("\xff", 1) == NULL);
	v = json_doc_u64_new(UINT64_MAX);
	CHECK(json_doc_string(v) == NULL && json_doc_is_number(v));
	json_decref(v);
}

static void
what_is_not_json_is_refused(void)
{
	static const char *const texts[] = { "018446744073709551615", "[1,]",
		"{\"a\"}", "nul", "", "\"\\ud800\"", "\"\xff\"", "[1] 2",
		"18446744073709551615 18446744073709551615",
		"\"a 18446744073709551615" };

	for (size_t i = 0; i < nitems(texts); i++) {
		json_t *v = parse(texts[i]);

		if (v != NULL)
			fprintf(stderr, "taken: %s\n", texts[i]);
		CHECK(v == NULL);
		CHECK_SAID("x.json:1: not JSON: ");
		json_decref(v);
	}
}

static void
a_number_beyond_64_bits_is_refused_as_such(void)
{
	static const char *const texts[] = { "18446744073709551616",
		"-9223372036854775809", "99999999999999999999999" };

	for (size_t i = 0; i < nitems(texts); i++) {
		CHECK(parse(texts[i]) == NULL);
		CHECK_SAID("x.json:1: too big ");
		CHECK_SAID("; a number has at most 64 bits");
	}
}

static void
an_error_says_its_line(void)
{
	const char *text =
	    "{\"a\": 1,\n\"b\": 18446744073709551615,\n\"c\": x}";

	CHECK(parse(text) == NULL);
	CHECK_SAID("x.json:3: not JSON: ");
	check_forget();
	CHECK(json_doc_parse("{]", 2, "run.skel", 41) == NULL);
	CHECK_SAID("run.skel:42: not JSON: ");
	CHECK(parse("{\"a\":1") == NULL);
	CHECK_SAID("x.json:1: not JSON: the text ends too early");
	CHECK(parse("{\"a") == NULL);
	CHECK_SAID("x.json:1: not JSON: the text ends too early");
	CHECK(parse("1]") == NULL);
	CHECK_SAID("x.json:1: not JSON: end of file expected near ']'");
	CHECK(parse("1,2") == NULL);
	CHECK_SAID("x.json:1: not JSON: more than one value at the top");
}

static void
nesting_is_bounded(void)
{
	char *text = malloc(200000);

	memset(text, '[', 200000);
	check_forget();
	CHECK(json_doc_parse(text, 200000, "x.json", 0) == NULL);
	CHECK_SAID("x.json:1: not JSON: maximum parsing depth reached");
	free(text);
}

/* Parses "[0,0,...]" with n values, the last of which is a string that looks
 * like more values. */
static json_t *
parse_values(size_t n)
{
	static const char tail[] = "\"[,{\\\",[\"]";
	char *text = malloc(2 * n + sizeof(tail));
	size_t len = 0;
	json_t *v;

	text[len++] = '[';
	for (size_t i = 2; i < n; i++) {
		text[len++] = '0';
		text[len++] = ',';
	}
	memcpy(text + len, tail, sizeof(tail));
	check_forget();
	v = json_doc_parse(text, len + sizeof(tail) - 1, "x.json", 0);
	free(text);
	return v;
}

static void
values_are_bounded(void)
{
	json_t *v = parse_values(JSON_DOC_VALUES_MAX);

	CHECK(v != NULL);
	json_decref(v);
	v = parse_values(JSON_DOC_VALUES_MAX + 1);
	CHECK(v == NULL);
	CHECK_SAID("x.json:1: more than 1048576 JSON values");
	json_decref(v);
}

static void
a_nul_does_not_end_the_text(void)
{
	static const char text[] = "[18446744073709551615]\0[";
	static const char first[] = "\0[\"longer than sixteen bytes\"]";

	check_forget();
	CHECK(json_doc_parse(text, sizeof(text) - 1, "x.json", 0) == NULL);
	CHECK_SAID("x.json:1: not JSON: ");
	check_forget();
	CHECK(json_doc_parse(first, sizeof(first) - 1, "x.json", 0) == NULL);
	CHECK_SAID("x.json:1: not JSON: ");
}

static void
the_last_of_two_keys_wins(void)
{
	BECOMES("{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}");
}

static void
u64_is_exact(void)
{
	static const uint64_t numbers[] = { 0, 1, INT64_MAX,
		(uint64_t)INT64_MAX + 1, UINT64_MAX };
	uint64_t back;
	json_t *v;

	for (size_t i = 0; i < nitems(numbers); i++) {
		v = json_doc_u64_new(numbers[i]);
		CHECK(json_doc_u64(v, &back) && back == numbers[i]);
		CHECK_STR(json_doc_kind(v), "a number");
		json_decref(v);
	}
	v = parse("[-1,1.0,\"1\",\"\\u00011\",null,true,[],{}]");
	for (size_t i = 0; i < json_array_size(v); i++)
		CHECK(!json_doc_u64(json_array_get(v, i), &back));
	CHECK(!json_doc_u64(NULL, &back));
	json_decref(v);
}

static void
the_accessors_check(void)
{
	json_t *v =
	    parse("{\"s\":\"x\",\"n\":7,\"big\":18446744073709551615,"
		  "\"neg\":-1,\"b\":true,\"a\":[],\"o\":{},\"z\":null}");
	const char *s = "kept";
	uint64_t n = 1;
	bool b = false;
	json_t *j = NULL;

	CHECK_NUM(json_doc_get_string(v, "s", &s, "w"), 1);
	CHECK_STR(s, "x");
	CHECK_NUM(json_doc_get_string(v, "z", &s, "w"), 0);
	CHECK_NUM(json_doc_get_string(v, "none", &s, "w"), 0);
	CHECK_NUM(json_doc_get_string(v, "big", &s, "w"), -1);
	CHECK_SAID("w.big: expected a string, found a number");
	CHECK_NUM(json_doc_get_u64(v, "big", UINT64_MAX, &n, "w"), 1);
	CHECK(n == UINT64_MAX);
	CHECK_NUM(json_doc_get_u64(v, "n", 6, &n, "w"), -1);
	CHECK_SAID("w.n: 7 is too large; at most 6 is allowed");
	CHECK_NUM(json_doc_get_u64(v, "neg", 6, &n, "w"), -1);
	CHECK_SAID("w.neg: expected a whole number from 0");
	CHECK_NUM(json_doc_get_u64(v, "a", 6, &n, "w"), -1);
	CHECK_SAID("w.a: expected a number, found an array");
	CHECK_NUM(json_doc_get_bool(v, "b", &b, "w"), 1);
	CHECK(b);
	CHECK_NUM(json_doc_get_bool(v, "n", &b, "w"), -1);
	CHECK_SAID("w.n: expected true or false, found a number");
	CHECK_NUM(json_doc_get_array(v, "a", &j, "w"), 1);
	CHECK_NUM(json_doc_get_array(v, "o", &j, "w"), -1);
	CHECK_SAID("w.o: expected an array, found an object");
	CHECK_NUM(json_doc_get_object(v, "o", &j, "w"), 1);
	CHECK_NUM(json_doc_get_object(v, "s", &j, "w"), -1);
	CHECK_SAID("w.s: expected an object, found a string");
	CHECK_NUM(json_doc_missing("key", "w"), -1);
	CHECK_SAID("w: key is missing");
	json_decref(v);
}

/* How many of jansson's allocations are in use, which one fails, and whether
 * all after it fail too. */
static long in_use, fail_at;
static bool fail_on;

static void *
get(size_t size)
{
	void *p = fail_at != 1 ? malloc(size) : NULL;

	fail_at -= fail_at > 1 || (fail_at == 1 && !fail_on);
	in_use += p != NULL;
	return p;
}

static void
put(void *p)
{
	in_use -= p != NULL;
	free(p);
}

/* Parses the text once for each of its allocations, which then fails.  Returns
 * how many there are. */
static long
starve(const char *text)
{
	json_t *v = NULL;
	long before = in_use, n;

	for (n = 1; v == NULL && n < 1000; n++) {
		fail_at = n;
		v = parse(text);
		if (v != NULL)
			break;
		CHECK_SAID("out of memory");
		CHECK_NUM(in_use, before);
	}
	CHECK(v != NULL && fail_at == 1);
	fail_at = 0;
	json_decref(v);
	CHECK_NUM(in_use, before);
	return n;
}

/*
 * The buffer for a token grows at its 16th, 32nd, 64th ... character.  Here
 * that is the end of a string, of a number's exponent, of a number, of an
 * escape and of a key.
 */
static void
memory_may_run_out_anywhere(void)
{
	static const char text[] =
	    "[\"aaaaaaaaaaaaaa\",1.0000000000000000000000000000e5,"
	    "123456789012345678901234567890.12345678901234567890123456789012,"
	    "\"aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbb"
	    "aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbb12345"
	    "\\u00e4\",{\"a\":[true,null],\"b\":{\"a\":\"b\",\"c\":[]}}]";

	CHECK(starve(text) > 20);
	fail_on = true;
	CHECK(starve(text) > 20);
	fail_on = false;
}

/* Strings, keys and numbers of each length, so that some end exactly at the end
 * of the parser's buffer. */
static void
memory_may_run_out_at_any_length(void)
{
	static const char *const forms[] = { "{\"a\":\"%.*s\",\"b\":1}",
		"{\"%.*s\":1}", "[%.*s]", "\"%.*s\"", "{\"a\":%.*s.5}" };
	static const char digits[] =
	    "1111111111111111111111111111111111111111111111111111111111111111"
	    "1111111111111111111111111111111111111111111111111111111111111111"
	    "1111111111";
	char text[200];

	for (size_t i = 0; i < nitems(forms); i++)
		for (int n = 1; n < (int)sizeof(digits); n++) {
			/* As an integer no more than 64 bits. */
			if (i == 2 && n > 19)
				break;
			snprintf(text, sizeof(text), forms[i], n, digits);
			starve(text);
			fail_on = true;
			starve(text);
			fail_on = false;
		}
}

/* A host of the C library may use jansson with its own allocator. */
static void
the_allocator_stays_the_hosts(void)
{
	json_malloc_t malloc_fn;
	json_free_t free_fn;

	STAYS("[\"longer than sixteen bytes\",18446744073709551615]");
	json_get_alloc_funcs(&malloc_fn, &free_fn);
	CHECK(malloc_fn == get && free_fn == put);
}

int
main(void)
{
	json_set_alloc_funcs(get, put);
	memory_may_run_out_anywhere();
	memory_may_run_out_at_any_length();
	the_allocator_stays_the_hosts();
	strings_read_as_what_they_are();
	numbers_stay_what_they_are();
	control_characters_are_escaped();
	text_that_looks_like_a_number_stays_text();
	a_text_that_begins_with_the_mark_stays_text();
	what_is_not_json_is_refused();
	a_number_beyond_64_bits_is_refused_as_such();
	an_error_says_its_line();
	nesting_is_bounded();
	values_are_bounded();
	a_nul_does_not_end_the_text();
	the_last_of_two_keys_wins();
	u64_is_exact();
	the_accessors_check();
	return check_done();
}
