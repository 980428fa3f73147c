/* lib/kinds/name-store: names from control lines are found again, and stay
 * within bounds whoever wrote the lines. */
#include <stdlib.h>
#include <string.h>

#include "base/json-doc.h"
#include "base/util.h"
#include "check.h"
#include "kinds/name-store.h"

static int
parse(struct name_store *s, const char *text)
{
	json_t *v = json_doc_parse(text, strlen(text), "x", 0);
	int ret = name_store_parse(s, v, "x:1: @names");

	json_decref(v);
	return ret;
}

static void
what_is_written_is_read(void)
{
	struct name_store *a = name_store_new(), *b = name_store_new();
	const uint64_t ids[] = { 0, 1000, UINT64_MAX, 7 };
	struct buf line = { 0 };
	json_t *v;

	CHECK_NUM(name_store_set(a, KIND_UID, 0, 0, "root"), 0);
	CHECK_NUM(name_store_set(a, KIND_UID, 0, 1000, NULL), 0);
	CHECK_NUM(name_store_set(a, KIND_UID, 0, UINT64_MAX, "a\"\n"), 0);
	name_store_write(a, &line, KIND_UID, 0, ids, nitems(ids));
	buf_chr(&line, '\0');
	CHECK_STR(line.data,
	    "{\"@names\":{\"kind\":\"uid\",\"names\":[[0,\"root\"],"
	    "[1000,null],[18446744073709551615,\"a\\\"\\n\"]]}}\n");
	v = json_doc_parse(line.data, line.len - 1, "x", 0);
	CHECK_NUM(
	    name_store_parse(b, json_object_get(v, "@names"), "x:1: @names"),
	    0);
	json_decref(v);
	CHECK_STR(name_store_find(b, KIND_UID, 0), "root");
	CHECK_STR(name_store_find(b, KIND_UID, UINT64_MAX), "a\"\n");
	CHECK(name_store_find(b, KIND_UID, 1000) == NULL);
	CHECK(name_store_is_told(b, KIND_UID, 0, 1000));
	CHECK(!name_store_is_told(b, KIND_UID, 0, 7));
	CHECK(!name_store_is_told(b, KIND_GID, 0, 0));
	CHECK(name_store_is_told(b, KIND_ERRNO, 0, 7));
	name_store_free(a);
	name_store_free(b);
	buf_free(&line);
}

static void
user_addresses_are_those_of_a_process(void)
{
	struct name_store *s = name_store_new();

	CHECK_NUM(parse(s, "{\"kind\":\"usym\",\"pid\":7,"
			   "\"names\":[[4096,\"main+0x1\"]]}"),
	    0);
	CHECK_STR(name_store_find_of(s, KIND_USYM, 7, 4096), "main+0x1");
	CHECK(name_store_find_of(s, KIND_USYM, 8, 4096) == NULL);
	name_store_free(s);
}

static void
a_kind_can_be_over(void)
{
	struct name_store *s = name_store_new();
	struct buf line = { 0 };

	name_store_write_over(&line, KIND_GID);
	buf_chr(&line, '\0');
	CHECK_STR(line.data, "{\"@names\":{\"kind\":\"gid\",\"over\":true}}\n");
	CHECK_NUM(parse(s, "{\"kind\":\"gid\",\"over\":true}"), 0);
	CHECK(name_store_is_told(s, KIND_GID, 0, 7));
	CHECK(!name_store_is_told(s, KIND_UID, 0, 7));
	name_store_free(s);
	buf_free(&line);
}

static void
what_is_wrong_is_said(void)
{
	struct name_store *s = name_store_new();

	check_forget();
	CHECK_NUM(parse(s, "[]"), -1);
	CHECK_SAID("x:1: @names: expected an object, found an array");
	CHECK_NUM(parse(s, "{\"names\":[]}"), -1);
	CHECK_NUM(parse(s, "{\"kind\":\"uid\",\"names\":7}"), -1);
	CHECK_NUM(parse(s, "{\"kind\":\"uid\",\"names\":[[1,\"a\"],[2]]}"), -1);
	CHECK_SAID(
	    "x:1: @names: names[1]: expected a number and its name or null");
	CHECK_NUM(parse(s, "{\"kind\":\"uid\",\"names\":[[-1,\"a\"]]}"), -1);
	CHECK_NUM(parse(s, "{\"kind\":\"uid\",\"names\":[[1,2]]}"), -1);
	/* A later version's. */
	CHECK_NUM(parse(s, "{\"kind\":\"moon\",\"names\":[[1,\"a\"]]}"), 0);
	CHECK_NUM(parse(s, "{\"kind\":\"errno\",\"names\":[[1,\"a\"]]}"), 0);
	CHECK(name_store_find(s, KIND_ERRNO, 1) == NULL);
	name_store_free(s);
}

static void
the_oldest_go(void)
{
	struct name_store *s = name_store_new();
	char *large = malloc(2 * NAME_STORE_TEXT_MAX);

	memset(large, 'x', 2 * NAME_STORE_TEXT_MAX - 1);
	large[2 * NAME_STORE_TEXT_MAX - 1] = '\0';
	for (uint64_t i = 0; i <= NAME_STORE_MAX; i++)
		CHECK_NUM(name_store_set(s, KIND_UID, 0, i, NULL), 0);
	CHECK(!name_store_is_told(s, KIND_UID, 0, 0));
	CHECK(name_store_is_told(s, KIND_UID, 0, 1));
	for (uint64_t i = 0; i < NAME_STORE_BYTES_MAX / NAME_STORE_TEXT_MAX;
	     i++)
		CHECK_NUM(name_store_set(s, KIND_CGROUP, 0, i, large), 0);
	CHECK_NUM(
	    strlen(name_store_find(s, KIND_CGROUP, 9)), NAME_STORE_TEXT_MAX);
	CHECK(!name_store_is_told(s, KIND_UID, 0, NAME_STORE_MAX));
	CHECK(!name_store_is_told(s, KIND_CGROUP, 0, 0));
	free(large);
	name_store_free(s);
}

int
main(void)
{
	what_is_written_is_read();
	user_addresses_are_those_of_a_process();
	a_kind_can_be_over();
	what_is_wrong_is_said();
	the_oldest_go();
	return check_done();
}
