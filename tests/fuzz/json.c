/*
 * Any bytes through the cursor that reads JSON records, against jansson: what
 * both call JSON is the same, and so are the values in it.
 */
#include <jansson.h>

#include "base/json-cursor.h"
#include "fuzz.h"

static void
check_string(const struct json_value *v, const char *want)
{
	struct buf decoded = { 0 };

	json_value_decode(v, &decoded);
	if (decoded.len != strlen(want) ||
	    (decoded.len > 0 && memcmp(decoded.data, want, decoded.len) != 0))
		fuzz_wrong("a string is not what jansson reads");
	if (!json_value_is(v, want))
		fuzz_wrong("a string is not itself");
	buf_free(&decoded);
}

/* Read the value at the cursor, which jansson reads as want. */
static void
check_value(struct json_cursor *c, const json_t *want)
{
	struct json_value key, v;
	const json_t *member;
	size_t n = 0;
	int got;

	switch (json_cursor_kind(c)) {
	case JSON_VALUE_ARRAY:
		json_cursor_enter(c);
		while ((got = json_cursor_next_element(c)) == 1)
			check_value(c, json_array_get(want, n++));
		if (got != 0 || n != json_array_size(want))
			fuzz_wrong("an array is not what jansson reads");
		break;
	case JSON_VALUE_OBJECT:
		json_cursor_enter(c);
		while ((got = json_cursor_next_member(c, &key)) == 1) {
			struct buf name = { 0 };

			json_value_decode(&key, &name);
			buf_chr(&name, '\0');
			member = json_object_get(want, name.data);
			buf_free(&name);
			if (member == NULL)
				fuzz_wrong("a key that jansson does not have");
			/* The last of several with one name counts there. */
			if (!json_cursor_read(c, &v))
				fuzz_wrong("a member cannot be read again");
			n++;
		}
		if (got != 0 || n < json_object_size(want))
			fuzz_wrong("an object is not what jansson reads");
		break;
	case JSON_VALUE_STRING:
		if (!json_cursor_read(c, &v) || !json_is_string(want))
			fuzz_wrong("a string is none to jansson");
		check_string(&v, json_string_value(want));
		break;
	default:
		if (!json_cursor_read(c, &v))
			fuzz_wrong("a scalar cannot be read again");
		if (json_is_integer(want) && json_integer_value(want) > 0 &&
		    json_value_u64(&v) != (uint64_t)json_integer_value(want))
			fuzz_wrong("a number is not what jansson reads");
		break;
	}
}

/* Compact and respelled, a value is the same value. */
static void
check_again(const struct json_value *v, const json_t *want)
{
	struct buf text = { 0 };
	json_t *again;

	json_value_write_compact(v, &text);
	again = json_loadb(text.data, text.len, JSON_DECODE_ANY, NULL);
	if (again == NULL || !json_equal(again, want))
		fuzz_wrong("the compact text is another value");
	json_decref(again);
	text.len = 0;
	json_value_respell(v, &text);
	again = json_loadb(text.data, text.len, JSON_DECODE_ANY, NULL);
	if (again == NULL || !json_equal(again, want))
		fuzz_wrong("the respelled text is another value");
	json_decref(again);
	buf_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct json_cursor c;
	struct json_value v;
	json_error_t e;
	json_t *want;
	bool good;

	json_cursor_open(&c, text, size);
	good = json_cursor_read(&c, &v) && json_cursor_is_done(&c);
	if (c.p < text || c.p > text + size)
		fuzz_wrong("the cursor left the text");
	/* jansson passes over NULs. */
	if (size == 0 || memchr(text, '\0', size) != NULL)
		return 0;
	want = json_loadb(text, size, JSON_DECODE_ANY, &e);
	if (want != NULL && !good && c.depth < JSON_CURSOR_DEPTH_MAX)
		fuzz_wrong("jansson reads what the cursor refuses");
	if (want != NULL && good) {
		json_cursor_open(&c, text, size);
		check_value(&c, want);
		check_again(&v, want);
	}
	json_decref(want);
	return 0;
}
