/* lib/record/mapping-store: mappings are found by address, replace those that
 * they overlap, and stay within bounds. */
#include <stdlib.h>
#include <string.h>

#include "base/json-doc.h"
#include "base/util.h"
#include "check.h"
#include "record/mapping-store.h"
#include "record/symbol-store.h"

static const struct symbol_mapping lib = { 100, 200, 50, "/lib/x", "00ff" };

static int
set(struct mapping_store *s, uint64_t pid, uint64_t start, uint64_t end,
    const char *file)
{
	const struct symbol_mapping m = { start, end, 0, file, NULL };

	return mapping_store_set(s, pid, &m);
}

/* The file of an address, or "". */
static const char *
file_at(const struct mapping_store *s, uint64_t pid, uint64_t addr)
{
	const struct symbol_mapping *m = mapping_store_find(s, pid, addr);

	return m == NULL ? "" : m->file != NULL ? m->file : "none";
}

static void
what_is_set_is_found(void)
{
	struct mapping_store s;
	const struct symbol_mapping *m;

	mapping_store_init(&s);
	CHECK_STR(file_at(&s, 1, 100), "");
	CHECK_NUM(mapping_store_set(&s, 1, &lib), 1);
	CHECK_NUM(mapping_store_set(&s, 1, &lib), 0);
	CHECK_NUM(set(&s, 1, 300, 400, NULL), 1);
	CHECK_NUM(set(&s, 2, 0, UINT64_MAX, "/all"), 1);
	m = mapping_store_find(&s, 1, 199);
	CHECK(m != NULL && m->start == 100 && m->end == 200 &&
	      m->offset == 50 && strcmp(m->file, "/lib/x") == 0 &&
	      strcmp(m->build_id, "00ff") == 0);
	CHECK_STR(file_at(&s, 1, 99), "");
	CHECK_STR(file_at(&s, 1, 100), "/lib/x");
	CHECK_STR(file_at(&s, 1, 200), "");
	CHECK_STR(file_at(&s, 1, 300), "none");
	CHECK_STR(file_at(&s, 2, 0), "/all");
	CHECK_STR(file_at(&s, 3, 100), "");
	mapping_store_free(&s);
}

static void
a_mapping_replaces_what_it_overlaps(void)
{
	struct mapping_store s;

	mapping_store_init(&s);
	set(&s, 1, 100, 200, "/a");
	set(&s, 1, 200, 300, "/b");
	set(&s, 1, 300, 400, "/c");
	/* One that ends where another begins leaves it. */
	CHECK_NUM(set(&s, 1, 150, 300, "/d"), 1);
	CHECK_STR(file_at(&s, 1, 100), "");
	CHECK_STR(file_at(&s, 1, 250), "/d");
	CHECK_STR(file_at(&s, 1, 300), "/c");
	CHECK_NUM(s.n, 2);
	CHECK_NUM(set(&s, 1, 0, 1000, NULL), 1);
	CHECK_NUM(s.n, 1);
	/* The same place with a build ID is another one. */
	CHECK_NUM(mapping_store_set(&s, 1,
		      &(struct symbol_mapping){ 0, 1000, 0, NULL, "aa" }),
	    1);
	CHECK_STR(mapping_store_find(&s, 1, 5)->build_id, "aa");
	mapping_store_free(&s);
	CHECK_NUM(s.n, 0);
	CHECK_NUM(s.bytes, 0);
}

static void
there_are_bounds(void)
{
	struct mapping_store s;
	char *name = calloc(1, MAPPING_FILE_MAX + 100);

	mapping_store_init(&s);
	for (uint64_t i = 0; i < MAPPING_STORE_PROCESS_MAX; i++)
		CHECK_NUM(set(&s, 1, i * 10, i * 10 + 5, "x"), 1);
	CHECK_NUM(set(&s, 1, 7, 8, "more"), 0);
	CHECK_STR(file_at(&s, 1, 7), "");
	/* In place of others there is room. */
	CHECK_NUM(set(&s, 1, 0, 8, "more"), 1);
	for (uint64_t pid = 2; pid < MAPPING_STORE_MAX + 100; pid++)
		CHECK_NUM(set(&s, pid, 1, 2, "x"), 1);
	CHECK_STR(file_at(&s, 1, 7), "");
	CHECK_STR(file_at(&s, 2 + MAPPING_STORE_MAX, 1), "x");
	CHECK(s.n <= MAPPING_STORE_MAX);
	CHECK(s.processes.n <= MAPPING_STORE_MAX);
	for (size_t i = 0; name != NULL && i < MAPPING_FILE_MAX + 99; i++)
		name[i] = 'x';
	CHECK_NUM(set(&s, 5, 1, 2, name), 1);
	CHECK_NUM(strlen(file_at(&s, 5, 1)), MAPPING_FILE_MAX);
	mapping_store_free(&s);
	free(name);
}

static void
what_is_written_is_read(void)
{
	const struct symbol_mapping odd = { UINT64_MAX - 5, UINT64_MAX, 7,
		"/a\"\n\xc3\xa4", NULL };
	struct symbol_store *symbols = symbol_store_new();
	const struct symbol_mapping *m;
	struct buf out = { 0 };
	json_t *json;

	symbol_store_write_mapping(symbols, &out, 42, &odd);
	buf_chr(&out, 0);
	CHECK_STR(out.data,
	    "{\"@symbols\":{\"pid\":42,\"mappings\":["
	    "{\"start\":18446744073709551610,\"end\":18446744073709551615,"
	    "\"offset\":7,\"file\":\"/a\\\"\\n\xc3\xa4\"}],\"frames\":[]}}\n");
	json = json_doc_parse(out.data, out.len - 1, "x", 0);
	CHECK_NUM(symbol_store_parse(
		      symbols, json_object_get(json, "@symbols"), "x:1"),
	    0);
	json_decref(json);
	m = symbol_store_find_mapping(symbols, 42, UINT64_MAX - 1);
	CHECK(m != NULL && m->offset == 7 && m->build_id == NULL &&
	      strcmp(m->file, odd.file) == 0);
	buf_free(&out);
	symbol_store_free(symbols);
}

int
main(void)
{
	what_is_set_is_found();
	a_mapping_replaces_what_it_overlaps();
	there_are_bounds();
	what_is_written_is_read();
	return check_done();
}
