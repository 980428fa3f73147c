/* row-table: rows by the bytes of their keys. */
#include "count/row-table.h"
#include "check.h"

enum { ROWS = 20000, KEY_SIZE = 12, ROW_SIZE = 32 };

struct row {
	uint32_t key[3];
	uint32_t unused;
	uint64_t value, more;
};

static struct row
make_row(uint32_t i)
{
	/* Keys that differ in one end only, and in the first byte. */
	return (
	    struct row){ .key = { i % 2 == 0 ? i : 7, 7, i % 2 == 0 ? 7 : i } };
}

static void
rows_are_found_by_their_keys(void)
{
	struct row_table t;
	struct row *r, key;

	row_table_init(&t, KEY_SIZE, ROW_SIZE);
	key = make_row(0);
	CHECK(row_table_find(&t, &key) == NULL);
	for (uint32_t i = 0; i < ROWS; i++) {
		key = make_row(i);
		CHECK(row_table_find(&t, &key) == NULL);
		r = row_table_add(&t, &key);
		CHECK(memcmp(r, &key, KEY_SIZE) == 0 && r->value == 0 &&
		      r->more == 0);
		r->value = i;
		r->more = ~UINT64_C(0);
	}
	CHECK_NUM(t.n, ROWS);
	for (uint32_t i = 0; i < ROWS; i++) {
		key = make_row(i);
		r = row_table_find(&t, &key);
		CHECK(r == row_table_at(&t, i));
		CHECK(r != NULL && r->value == i);
	}
	key = make_row(ROWS + 1);
	CHECK(row_table_find(&t, &key) == NULL);
	row_table_free(&t);
}

/* Rows that were removed leave nothing behind in those that are added. */
static void
a_cleared_table_is_empty(void)
{
	struct row key = make_row(5), *r;
	struct row_table t;
	size_t cap;

	row_table_init(&t, KEY_SIZE, ROW_SIZE);
	row_table_clear(&t);
	for (uint32_t i = 0; i < 100; i++) {
		struct row one = make_row(i);

		r = row_table_add(&t, &one);
		r->value = r->more = 9;
	}
	cap = t.cap;
	row_table_clear(&t);
	CHECK_NUM(t.n, 0);
	CHECK_NUM(t.cap, cap);
	CHECK(row_table_find(&t, &key) == NULL);
	r = row_table_add(&t, &key);
	CHECK(r->value == 0 && r->more == 0);
	CHECK(row_table_find(&t, &key) == r);
	key = make_row(6);
	CHECK(row_table_find(&t, &key) == NULL);
	row_table_free(&t);
}

/* Without a key there is one row. */
static void
an_empty_key_has_one_row(void)
{
	struct row_table t;
	void *row;

	row_table_init(&t, 0, 8);
	CHECK(row_table_find(&t, "") == NULL);
	row = row_table_add(&t, "");
	CHECK(row != NULL && row_table_find(&t, "") == row);
	row_table_free(&t);
}

int
main(void)
{
	rows_are_found_by_their_keys();
	a_cleared_table_is_empty();
	an_empty_key_has_one_row();
	return check_done();
}
