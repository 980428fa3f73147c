/* Numbers of queries: parsing, comparing, and the doubles around them. */
#include "query/query-number.h"
#include "check.h"

static struct query_number
parse(const char *text)
{
	struct query_number n;

	CHECK(query_number_parse(&n, text, strlen(text), false, 1));
	return n;
}

static int
compare(const char *a, const char *b)
{
	struct query_number x = parse(a), y = parse(b);
	int order = query_number_compare(&x, &y);

	CHECK_NUM(query_number_compare(&y, &x), -order);
	return order;
}

static bool
is_number(const char *text, bool plain)
{
	struct query_number n;

	return query_number_parse(&n, text, strlen(text), plain, 1);
}

static void
check_parse(void)
{
	char text[INT128_TEXT_SIZE];
	struct query_number n =
	    parse("340282366920938463463374607431768211455");

	int128_to_text(&n.floor, text);
	CHECK_STR(text, "340282366920938463463374607431768211455");
	CHECK(!n.fraction);
	CHECK(parse("340282366920938463463374607431768211456").fraction);
	CHECK_NUM(parse("-1.5").floor.magnitude, 2);
	CHECK(parse("-1.5").floor.negative && parse("-1.5").fraction);
	CHECK_NUM(parse("0x1F").floor.magnitude, 31);
	CHECK_NUM(parse("017").floor.magnitude, 15);
	CHECK_NUM(parse("1.5e3").floor.magnitude, 1500);
	CHECK(!parse("1500e-2").fraction && parse("1501e-2").fraction);
	CHECK(!parse("-0").floor.negative);
	CHECK(!is_number("", false) && !is_number("-", false));
	CHECK(!is_number("1e", false) && !is_number("0x", false));
	CHECK(!is_number("1.2.3", false) && !is_number("08", false));
	CHECK(!is_number("1 ", false) && !is_number("0x1", true));
	CHECK(is_number("08", true) && is_number(".5", false));
}

static void
check_compare(void)
{
	CHECK_NUM(compare("1", "2"), -1);
	CHECK_NUM(compare("-1", "1"), -1);
	CHECK_NUM(compare("9007199254740993", "9007199254740992.5"), 1);
	CHECK_NUM(compare("9007199254740993", "9007199254740993.5"), -1);
	CHECK_NUM(compare("1.25", "1.5"), -1);
	CHECK_NUM(compare("-1.5", "-1.25"), -1);
	CHECK_NUM(
	    compare("1e300", "340282366920938463463374607431768211455"), 1);
	CHECK_NUM(compare("-1e300", "-1e200"), -1);
	CHECK_NUM(compare("0.5", "0"), 1);
	CHECK_NUM(compare("-0.5", "0"), -1);
}

static void
check_real(double v, const char *text)
{
	struct query_number a = query_number_from_real(v), b = parse(text);

	CHECK_NUM(query_number_compare(&a, &b), 0);
}

static void
check_bounds(void)
{
	struct query_number n = parse("9007199254740993");
	double below, above;

	query_number_bounds(&n, false, &below, &above);
	CHECK(below == 9007199254740992.0 && above == 9007199254740994.0);
	n = parse("-9007199254740993");
	query_number_bounds(&n, false, &below, &above);
	CHECK(below == -9007199254740994.0 && above == -9007199254740992.0);
	n = parse("340282366920938463463374607431768211455");
	query_number_bounds(&n, false, &below, &above);
	CHECK(below < 0x1p128 && above == 0x1p128);
	n = parse("0.1");
	query_number_bounds(&n, true, &below, &above);
	CHECK(below == above && (float)below == 0.1f);
	check_real(-2.5, "-2.5");
	check_real(0x1p100, "1267650600228229401496703205376");
	check_real(-0.0, "0");
	CHECK(query_number_above(0) > 0 && query_number_below(0) < 0);
	CHECK(query_number_above(1) > 1 && query_number_below(1) < 1);
	CHECK(query_number_above(-1) > -1);
}

static void
check_arithmetic(void)
{
	struct query_number n = parse("-1500"), m;

	m = query_number_divide(&n, 1000);
	CHECK(m.floor.negative && m.floor.magnitude == 2 && m.fraction);
	n = parse("2000");
	m = query_number_divide(&n, 1000);
	CHECK(m.floor.magnitude == 2 && !m.fraction);
	CHECK(query_number_parse(&n, "1.5", 3, false, 1000000000));
	CHECK(n.floor.magnitude == 1500000000 && !n.fraction);
	CHECK_NUM(
	    query_number_compare_ints(
		query_number_previous(query_number_least), query_number_least),
	    0);
	CHECK_NUM(
	    query_number_compare_ints(query_number_next(query_number_greatest),
		query_number_greatest),
	    0);
	CHECK_NUM(query_number_next((struct int128){ true, 1 }).magnitude, 0);
	CHECK(!query_number_next((struct int128){ true, 1 }).negative);
	CHECK(query_number_previous((struct int128){ false, 0 }).negative);
}

int
main(void)
{
	check_parse();
	check_compare();
	check_bounds();
	check_arithmetic();
	return check_done();
}
