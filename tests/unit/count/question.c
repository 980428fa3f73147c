/* question: words become columns, or one line that says what is wrong. */
#include "count/question.h"
#include "base/util.h"
#include "check.h"

static void
refuse(int got, const char *said)
{
	CHECK_NUM(got, -1);
	CHECK_SAID(said);
	check_forget();
}

static void
names_are_made_of_members(void)
{
	struct question q;

	CHECK_NUM(question_init(&q), 0);
	CHECK_NUM(question_add_by(&q, "comm,key.pid,@map,at.x"), 0);
	CHECK_NUM(q.nby, 4);
	CHECK_STR(q.by[1].member, "key.pid");
	CHECK_STR(q.by[1].name, "pid");
	CHECK_STR(q.by[2].name, "map");
	CHECK_STR(q.by[3].name, "at_x");
	CHECK_NUM(question_add_columns(&q, COLUMN_SUM, "value.a.b=128"), 0);
	CHECK_NUM(question_add_columns(&q, COLUMN_QUANTILE, "t"), 0);
	CHECK_NUM(question_add_columns(&q, COLUMN_QUANTILE, "u=99.9"), 0);
	CHECK_NUM(question_add_columns(&q, COLUMN_HIST, "t=linear:5"), 0);
	CHECK_NUM(q.ncolumns, 7);
	CHECK_STR(q.columns[0].name, "count");
	CHECK_STR(q.columns[1].name, "sum_a_b");
	CHECK(q.columns[1].wide);
	CHECK_STR(q.columns[2].name, "p50_t");
	CHECK_STR(q.columns[4].name, "p99_t");
	CHECK(q.columns[4].quantile == 0.99);
	CHECK_STR(q.columns[5].name, "p99_9_u");
	CHECK_NUM(q.columns[6].step, 5);
	CHECK_NUM(question_check(&q), 0);
	q.sort = "p99_9_u";
	CHECK_NUM(question_check(&q), 0);
	CHECK_NUM(question_sort_column(&q), 4 + 5);
	q.sort = "at_x";
	CHECK_NUM(question_check(&q), 0);
	CHECK_NUM(question_sort_column(&q), 3);
	question_free(&q);
}

static void
wrong_words_are_refused(void)
{
	static const char *const percents[] = { "", "-1", "100.1", "nan", "0x5",
		" 5", "5 ", "1e1", "1.2.3", "." };
	struct question q;
	char word[64];

	CHECK_NUM(question_init(&q), 0);
	refuse(question_add_by(&q, "a,,b"), "the name of a member is empty");
	refuse(question_add_by(&q, ""), "the name of a member is empty");
	refuse(question_add_columns(&q, COLUMN_SUM, "=128"),
	    "--sum: the name of a member is empty");
	refuse(question_add_columns(&q, COLUMN_SUM, "a=64"),
	    "--sum a: \"64\": there is nothing like that");
	refuse(question_add_columns(&q, COLUMN_LEAST, "a="), "--min a: \"\"");
	for (size_t i = 0; i < nitems(percents); i++) {
		snprintf(word, sizeof(word), "a=%s", percents[i]);
		refuse(question_add_columns(&q, COLUMN_QUANTILE, word),
		    "is not a percentage from 0 to 100");
	}
	refuse(question_add_columns(&q, COLUMN_HIST, "a=linear:0"),
	    "neither log2 nor linear:STEP");
	refuse(question_add_columns(&q, COLUMN_HIST, "a=log10"),
	    "neither log2 nor linear:STEP");
	question_free(&q);
}

static void
every(const char *text, uint64_t want)
{
	struct question q = { 0 };

	CHECK_NUM(question_parse_every(&q, text), 0);
	CHECK_NUM(q.every_ns, want);
}

static void
intervals_have_units(void)
{
	static const char *const wrong[] = { "", "0", "0s", "-1s", "s", "1d",
		"1.5s", "5 s", "9999999999999999999999s", "8785h" };
	struct question q = { 0 };

	every("7", 7000000);
	every("500ms", 500000000);
	every("5s", 5000000000);
	every("1m", 60000000000);
	every("8784h", 8784 * INT64_C(3600000000000));
	for (size_t i = 0; i < nitems(wrong); i++)
		refuse(question_parse_every(&q, wrong[i]), "is no interval");
}

static void
columns_are_checked_together(void)
{
	struct question q;

	CHECK_NUM(question_init(&q), 0);
	CHECK_NUM(question_add_by(&q, "a.b,a_b"), 0);
	refuse(question_check(&q), "two columns would be called \"a_b\"");
	question_free(&q);

	CHECK_NUM(question_init(&q), 0);
	CHECK_NUM(question_add_columns(&q, COLUMN_SUM, "a"), 0);
	CHECK_NUM(question_add_columns(&q, COLUMN_SUM, "value.a"), 0);
	refuse(question_check(&q), "two columns would be called \"sum_a\"");
	question_free(&q);

	CHECK_NUM(question_init(&q), 0);
	CHECK_NUM(question_add_columns(&q, COLUMN_HIST, "a"), 0);
	q.sort = "hist_a";
	refuse(question_check(&q), "--sort: \"hist_a\" is a histogram");
	q.sort = "cont";
	refuse(question_check(&q), "no column \"cont\"; the nearest: count");
	q.sort = NULL;
	CHECK_NUM(question_add_columns(&q, COLUMN_HIST, "b=linear:1"), 0);
	refuse(question_check(&q), "a and b have to be both log2 or both");
	question_free(&q);
}

static void
there_are_bounds(void)
{
	struct question q;
	char name[16];

	CHECK_NUM(question_init(&q), 0);
	for (int i = 0; i < QUESTION_BY_MAX; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		CHECK_NUM(question_add_by(&q, name), 0);
	}
	refuse(question_add_by(&q, "one_more"), "--by: more than");
	for (int i = 1; i < QUESTION_COLUMNS_MAX; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		CHECK_NUM(question_add_columns(&q, COLUMN_MEAN, name), 0);
	}
	refuse(question_add_columns(&q, COLUMN_MEAN, "x"), "--mean: more than");
	CHECK_NUM(question_check(&q), 0);
	question_free(&q);
}

int
main(void)
{
	check_forget();
	names_are_made_of_members();
	wrong_words_are_refused();
	intervals_have_units();
	columns_are_checked_together();
	there_are_bounds();
	return check_done();
}
