/* lib/watch/pass-rows: of the rows of a pass the largest are kept, in order. */
#include "watch/pass-rows.h"
#include "check.h"

static void
add(struct pass_rows *r, int64_t number, const char *text)
{
	struct pass_row row = { .number = { .is_signed = true,
				    .whole = (unsigned __int128)number } };

	pass_rows_add(r, &row, text, strlen(text) + 1);
}

static void
the_largest_come_first_and_equal_ones_in_their_order(void)
{
	struct pass_rows r = { 0 };

	add(&r, -1, "least");
	add(&r, 5, "first of 5");
	add(&r, 7, "most");
	add(&r, 5, "second of 5");
	add(&r, 0, "");
	pass_rows_sort(&r);
	CHECK_NUM(r.n, 5);
	CHECK_STR(pass_rows_data(&r, 0), "most");
	CHECK_STR(pass_rows_data(&r, 1), "first of 5");
	CHECK_STR(pass_rows_data(&r, 2), "second of 5");
	CHECK_STR(pass_rows_data(&r, 3), "");
	CHECK_STR(pass_rows_data(&r, 4), "least");
	pass_rows_clear(&r);
	add(&r, 1, "the next pass");
	pass_rows_sort(&r);
	CHECK_NUM(r.n, 1);
	CHECK_NUM(r.all, 1);
	CHECK_STR(pass_rows_data(&r, 0), "the next pass");
	pass_rows_free(&r);
}

static void
of_very_many_the_largest_are_kept_and_all_are_counted(void)
{
	enum { ROWS = 10 * PASS_ROWS_MAX + 7 };
	struct pass_rows r = { 0 };
	char text[32];

	/* Each number once, in an order that is not theirs. */
	for (int64_t i = 0; i < ROWS; i++) {
		int64_t number = i * 7919 % ROWS;

		snprintf(text, sizeof(text), "%" PRId64, number);
		add(&r, number, text);
		CHECK(r.n <= 2 * PASS_ROWS_MAX);
	}
	pass_rows_sort(&r);
	CHECK_NUM(r.all, ROWS);
	CHECK_NUM(r.n, PASS_ROWS_MAX);
	for (int64_t i = 0; i < PASS_ROWS_MAX; i++) {
		snprintf(text, sizeof(text), "%" PRId64, ROWS - 1 - i);
		CHECK_STR(pass_rows_data(&r, (size_t)i), text);
	}
	CHECK(r.bytes.len < 8 * 2 * PASS_ROWS_MAX);
	pass_rows_free(&r);
}

static void
without_numbers_the_first_are_kept(void)
{
	struct pass_rows r = { 0 };
	char text[32];

	for (int i = 0; i < 3 * PASS_ROWS_MAX; i++) {
		snprintf(text, sizeof(text), "%d", i);
		add(&r, 0, text);
	}
	pass_rows_sort(&r);
	CHECK_NUM(r.n, PASS_ROWS_MAX);
	CHECK_STR(pass_rows_data(&r, 0), "0");
	CHECK_STR(pass_rows_data(&r, PASS_ROWS_MAX - 1), "1023");
	pass_rows_free(&r);
}

int
main(void)
{
	the_largest_come_first_and_equal_ones_in_their_order();
	of_very_many_the_largest_are_kept_and_all_are_counted();
	without_numbers_the_first_are_kept();
	return check_done();
}
