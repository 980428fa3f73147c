/* What slots count, as JSON. */
#include <string.h>

#include "check.h"
#include "layout/hist-buckets.h"

static const struct hist_scale exp2_slots = { .linear = false };

static const char *
bucket(const struct hist_scale *s, size_t i, size_t n, __int128 count)
{
	static char text[HIST_BUCKET_MAX + TEXT_SLACK];

	*hist_write_bucket(text, s, i, n, count) = '\0';
	return text;
}

static const char *
key_bucket(const struct hist_scale *s, __int128 number, __int128 count)
{
	static char text[HIST_BUCKET_MAX + TEXT_SLACK];

	*hist_write_key_bucket(text, s, number, count) = '\0';
	return text;
}

/* The buckets of n slots that are this JSON. */
static const char *
json_buckets(size_t n, const char *slots)
{
	static const struct hist_scale s = { true, 10, 5 };
	static char text[512];
	const struct json_value v = { JSON_VALUE_ARRAY, slots, strlen(slots) };
	struct buf out = { 0 };

	hist_write_json_buckets(&out, &s, n, &v);
	snprintf(text, sizeof(text), "%.*s", (int)out.len, out.data);
	buf_free(&out);
	return text;
}

static __int128
integer(enum json_value_kind kind, const char *text)
{
	const struct json_value v = { kind, text, strlen(text) };

	return hist_json_integer(&v);
}

static void
test_bounds(void)
{
	static const struct hist_scale steps = { true, 100, 50 },
				       ones = { true, 0, 0 },
				       most = { true, INT64_MAX, INT64_MAX };

	CHECK_STR(
	    bucket(&exp2_slots, 0, 64, 5), "{\"min\":0,\"max\":1,\"count\":5}");
	CHECK_STR(bucket(&exp2_slots, 10, 64, -1),
	    "{\"min\":1024,\"max\":2047,\"count\":-1}");
	CHECK_STR(bucket(&exp2_slots, 62, 64, 0),
	    "{\"min\":4611686018427387904,\"max\":9223372036854775807,"
	    "\"count\":0}");
	CHECK_STR(bucket(&exp2_slots, 63, 64, UINT64_MAX),
	    "{\"min\":9223372036854775808,\"count\":18446744073709551615}");
	CHECK_STR(bucket(&exp2_slots, 63, 65, 1),
	    "{\"min\":9223372036854775808,\"max\":18446744073709551615,"
	    "\"count\":1}");
	CHECK_STR(bucket(&ones, 7, 8, 1), "{\"min\":7,\"count\":1}");
	CHECK_STR(bucket(&ones, 7, 9, 1), "{\"min\":7,\"max\":7,\"count\":1}");
	CHECK_STR(
	    bucket(&steps, 2, 9, 1), "{\"min\":250,\"max\":349,\"count\":1}");
	/* Beyond 64 bits there are no values. */
	CHECK_STR(bucket(&most, 1, 9, 1),
	    "{\"min\":18446744073709551614,\"max\":18446744073709551615,"
	    "\"count\":1}");
	CHECK_STR(bucket(&most, 4000, 4096, 1),
	    "{\"min\":18446744073709551615,\"max\":18446744073709551615,"
	    "\"count\":1}");
}

static void
test_keys(void)
{
	static const struct hist_scale ones = { true, 0, 0 };

	CHECK_STR(key_bucket(&exp2_slots, 3, 5),
	    "{\"min\":8,\"max\":15,\"count\":5}");
	CHECK_STR(key_bucket(&exp2_slots, 63, 5),
	    "{\"min\":9223372036854775808,\"count\":5}");
	CHECK_STR(key_bucket(&exp2_slots, UINT64_MAX, 5),
	    "{\"min\":9223372036854775808,\"count\":5}");
	CHECK_STR(key_bucket(&exp2_slots, -1, 5), "");
	CHECK_STR(key_bucket(&exp2_slots, 3, 0), "");
	CHECK_STR(key_bucket(&ones, 5000, 5),
	    "{\"min\":5000,\"max\":5000,\"count\":5}");
	CHECK_STR(key_bucket(&ones, UINT64_MAX, 5),
	    "{\"min\":18446744073709551615,\"count\":5}");
}

static void
test_json(void)
{
	CHECK_STR(json_buckets(3, "[]"), "[]");
	CHECK_STR(json_buckets(3, "[0,0,0]"), "[]");
	CHECK_STR(json_buckets(3, "[ 7 , 0]"),
	    "[{\"min\":5,\"max\":14,\"count\":7}]");
	CHECK_STR(json_buckets(2, "[null,-1,9]"),
	    "[{\"min\":5,\"max\":14,\"count\":0},{\"min\":15,\"count\":-1}]");
	CHECK_STR(json_buckets(2, "[\"1\",[2]]"), "[]");
}

static void
test_integer(void)
{
	const __int128 most = (__int128)(~(unsigned __int128)0 >> 1);

	CHECK(integer(JSON_VALUE_SCALAR, "18446744073709551616") == (__int128)1
									<< 64);
	CHECK(integer(JSON_VALUE_SCALAR, "-42") == -42);
	CHECK(integer(JSON_VALUE_SCALAR, "1.5") == 1);
	CHECK(integer(JSON_VALUE_SCALAR, "null") == 0);
	CHECK(integer(JSON_VALUE_STRING, "5") == 0);
	CHECK(integer(JSON_VALUE_SCALAR,
		  "999999999999999999999999999999999999999999") == most);
	CHECK(integer(JSON_VALUE_SCALAR,
		  "-999999999999999999999999999999999999999999") == -most);
}

int
main(void)
{
	test_bounds();
	test_keys();
	test_json();
	test_integer();
	return check_done();
}
