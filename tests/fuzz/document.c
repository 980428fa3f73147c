/*
 * Parses a document and writes it, against jansson alone: what one refuses the
 * other does too, and both read the same values, but for large integers, which
 * jansson has none of.
 */
#include "base/json-doc.h"
#include "base/nomem.h"
#include "fuzz.h"

static bool
has_many_digits(const uint8_t *data, size_t size)
{
	size_t run = 0;

	for (size_t i = 0; i < size && run < 19; i++)
		run = data[i] >= '0' && data[i] <= '9' ? run + 1 : 0;
	return run == 19;
}

/* What is written is read as the same tree, and written as the same text. */
static void
check_written(const json_t *v, const json_t *plain)
{
	struct buf first = { 0 }, second = { 0 };
	json_t *again;
	char *text;

	if (json_doc_write(v, &first) == -1)
		fuzz_wrong("a document is not written");
	again = json_doc_parse(first.data, first.len, "x", 0);
	if (again == NULL || !json_equal(v, again))
		fuzz_wrong("what was written is not what was read");
	if (json_doc_write(again, &second) == -1 || second.len != first.len ||
	    memcmp(first.data, second.data, first.len) != 0)
		fuzz_wrong("a document is written in two ways");
	if (plain != NULL) {
		text = json_dumps(plain, JSON_COMPACT | JSON_ENCODE_ANY);
		/* jansson writes DEL and the control characters of C1. */
		if (!fuzz_is_safe(first.data, first.len, false))
			fuzz_wrong("control characters are written");
		if (text == NULL ||
		    (fuzz_is_safe(text, strlen(text), false) &&
			(strlen(text) != first.len ||
			    memcmp(text, first.data, first.len) != 0)))
			fuzz_wrong(
			    "what is written is not what jansson writes");
		free(text);
	}
	json_decref(again);
	buf_free(&first);
	buf_free(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool many = has_many_digits(data, size);
	json_t *v, *plain;
	json_error_t e;

	fuzz_start();
	v = json_doc_parse((const char *)data, size, "x", 0);
	plain = json_loadb((const char *)data, size, JSON_DECODE_ANY, &e);
	if (nomem_count() > 0)
		fuzz_wrong("an error was taken for a lack of memory");
	if (v == NULL && plain != NULL)
		fuzz_wrong("a document of jansson's is refused");
	if (v != NULL && plain == NULL && !many)
		fuzz_wrong("a document is read that jansson refuses");
	if (v != NULL)
		check_written(v, plain);
	json_decref(v);
	json_decref(plain);
	return 0;
}
