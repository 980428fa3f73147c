/* lib/watch/pass-order: the number by which rows are sorted, in records of both
 * encodings. */
#include "watch/pass-order.h"
#include "check.h"
#include "stream-text.h"

/* In the maps below and here, ' stands for ". */
static const char maps[] =
    "{'name':'v','source':'sample','key':0,'value':3,KV},"
    "{'name':'w','source':'sample','key':0,'value':4,KV},"
    "{'name':'cpus','source':'sample','key':0,'value':1,'cpus':2,KV},"
    "{'name':'counted','source':'sample','key':5,'value':6,KV},"
    "{'name':'rb','source':'ringbuf','value':3}";
static const char kv[] =
    "'sample':{'interval':1000,'type':'default_kv','unit':'','clear_map':"
    "false}";
static const char types[] =
    "{'kind':'int','name':'u32','size':4,'signed':false},"
    "{'kind':'int','name':'s64','size':8,'signed':true},"
    "{'kind':'float','name':'double','size':8},"
    "{'kind':'struct','name':'v','size':16,'members':["
    "{'name':'a','type':1,'offset':0},{'name':'count','type':0,'offset':8}]},"
    "{'kind':'struct','name':'w','size':16,'members':["
    "{'name':'d','type':2,'offset':0},{'name':'e','type':1,'offset':8}]},"
    "{'kind':'struct','name':'count_key','size':4,'members':["
    "{'name':'k','type':0,'offset':0}]},"
    "{'kind':'struct','name':'count_value','size':4,'members':["
    "{'name':'count','type':0,'offset':0}]}";

/* Append text with quotes, and with kv for KV. */
static void
add_quoted(struct buf *out, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (p[0] == 'K' && p[1] == 'V') {
			add_quoted(out, kv);
			p++;
		} else {
			buf_chr(out, *p == '\'' ? '"' : *p);
		}
	}
}

static struct stream_reader in;

static void
open_stream(void)
{
	struct buf text = { 0 };

	add_quoted(&text, "{'skel':'stream','version':1,'name':'x','encoding':"
			  "'binary','host':'h','boot_id':'b','started':'s',"
			  "'maps':[");
	add_quoted(&text, maps);
	add_quoted(&text, "],'types':[");
	add_quoted(&text, types);
	add_quoted(&text, "]}\n");
	CHECK_NUM(open_bytes(&in, text.data, text.len), STREAM_OPENED);
	buf_free(&text);
}

static struct pass_order
order_of(unsigned int map, const char *only)
{
	struct pass_order o;

	CHECK_NUM(pass_order_open(&o, &in.header, map, &only, only != NULL), 0);
	return o;
}

/* The number of a record of key 9 and 16 bytes of value. */
static struct measure_number
number(const struct pass_order *o, const void *value)
{
	unsigned char record[20] = { 9 };

	memcpy(record + 4, value, 16);
	return pass_order_number(o, record, sizeof(record));
}

static int64_t
json_number(struct pass_order *o, const char *text)
{
	struct measure_number n;

	CHECK_NUM(pass_order_json_number(o, text, strlen(text), &n), 0);
	return (int64_t)(n.is_real ? n.real * 1000 : (double)(__int128)n.whole);
}

static void
count_comes_before_the_first_number_and_chosen_columns_before_both(void)
{
	struct {
		int64_t a;
		uint32_t count, unused;
	} v = { -5, 7, 0 };
	struct pass_order o = order_of(0, NULL);

	CHECK(o.set);
	CHECK_NUM(number(&o, &v).whole, 7);
	CHECK_NUM(json_number(&o, "{\"value\":{\"a\":-5,\"count\":8}}"), 8);
	pass_order_close(&o);
	o = order_of(0, "a");
	CHECK_NUM(number(&o, &v).whole, -5);
	CHECK_NUM(json_number(&o, "{\"value\":{\"a\":-5,\"count\":8}}"), -5);
	/* What JSON can have in place of the number. */
	CHECK_NUM(json_number(&o, "{\"value\":{\"a\":\"-17\"}}"), -17);
	CHECK_NUM(json_number(&o, "{\"value\":{\"a\":[1]}}"), 0);
	CHECK_NUM(json_number(&o, "{\"value\":3}"), 0);
	CHECK_NUM(json_number(&o, "{}"), 0);
	pass_order_close(&o);
}

static void
numbers_with_a_fraction_and_sums_of_cpus_count(void)
{
	struct {
		double d;
		int64_t e;
	} w = { 2.5, 1 };
	int64_t cpus[] = { 3, -10 };
	struct pass_order o = order_of(1, NULL);

	CHECK(number(&o, &w).real == 2.5);
	CHECK_NUM(json_number(&o, "{\"value\":{\"d\":1.25}}"), 1250);
	w.d = __builtin_nan("");
	CHECK(number(&o, &w).real == -__builtin_inf());
	pass_order_close(&o);
	o = order_of(2, NULL);
	CHECK_NUM((int64_t)number(&o, cpus).whole, -7);
	pass_order_close(&o);
}

static void
what_has_an_order_already_has_no_number(void)
{
	struct pass_order o = order_of(3, NULL);
	struct measure_number n;

	CHECK(!o.set);
	pass_order_close(&o);
	o = order_of(4, NULL);
	CHECK(!o.set);
	CHECK_NUM(pass_order_number(&o, NULL, 0).whole, 0);
	CHECK_NUM(json_number(&o, "{\"count\":8}"), 0);
	CHECK_NUM(pass_order_json_number(&o, "{\"count\":8", 10, &n), -1);
	CHECK(o.row.wrong_at > 0);
	pass_order_close(&o);
}

static void
a_short_record_is_not_read(void)
{
	struct pass_order o = order_of(0, NULL);
	unsigned char record[20];

	memset(record, 1, sizeof(record));
	CHECK_NUM(
	    pass_order_number(&o, record, sizeof(record)).whole, 0x01010101);
	CHECK_NUM(pass_order_number(&o, record, sizeof(record) - 1).whole, 0);
	CHECK_NUM(pass_order_number(&o, record, 0).whole, 0);
	pass_order_close(&o);
}

int
main(void)
{
	open_stream();
	count_comes_before_the_first_number_and_chosen_columns_before_both();
	numbers_with_a_fraction_and_sums_of_cpus_count();
	what_has_an_order_already_has_no_number();
	a_short_record_is_not_read();
	close_reader(&in);
	return check_done();
}
