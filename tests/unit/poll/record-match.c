/* lib/poll/record-match: the type of a record by its size or by a member. */
#include "poll/record-match.h"
#include "base/json-doc.h"
#include "check.h"

#define HEAD(maps)                                                             \
	"{\"skel\":\"stream\",\"version\":1,\"name\":\"x\","                   \
	"\"encoding\":\"binary\",\"maps\":[" maps "],\"types\":["              \
	"{\"kind\":\"int\",\"name\":\"u32\",\"size\":4},"                      \
	"{\"kind\":\"char\",\"name\":\"char\",\"size\":1},"                    \
	"{\"kind\":\"array\",\"name\":\"\",\"size\":32,\"of\":1,"              \
	"\"count\":32},"                                                       \
	"{\"kind\":\"array\",\"name\":\"\",\"size\":64,\"of\":1,"              \
	"\"count\":64},"                                                       \
	"{\"kind\":\"array\",\"name\":\"\",\"size\":0,\"of\":1,"               \
	"\"count\":0}," STRUCT("small", 8, "0,\"offset\":4") "," STRUCT(       \
	    "mid", 36, "2,\"offset\":4") "," STRUCT("big", 68,                 \
	    "3,\"offset\":4") "," STRUCT("rest", 16,                           \
	    "4,\"offset\":16") "," STRUCT("alike", 8,                          \
	    "0,\"offset\":4") ",{\"kind\":\"struct\",\"name\":\"bits\","       \
			      "\"size\":8,\"members\":[{"                      \
			      "\"name\":\"kind\",\"type\":0,\"offset\":1,"     \
			      "\"bit_offset\":3,"                              \
			      "\"bits\":7}]}]}"
#define STRUCT(name, size, last)                                               \
	"{\"kind\":\"struct\",\"name\":\"" name "\",\"size\":" #size           \
	",\"members\":[{\"name\":\"kind\",\"type\":0,\"offset\":0},"           \
	"{\"name\":\"last\",\"type\":" last "}]}"
#define ENTRY(source, type, more)                                              \
	"{\"name\":\"rb\",\"source\":\"" source "\",\"value\":" #type more "}"
#define RING(type) ENTRY("ringbuf", type, "")
#define WHEN(type, member, value)                                              \
	ENTRY("ringbuf", type,                                                 \
	    ",\"when\":{\"member\":\"" member "\",\"value\":" #value "}")

enum { SMALL = 5, MID, BIG, REST, ALIKE, BITS };

/* Opens the types of the map "rb" in a header.  Returns what that returns. */
static int
open_types(struct record_match *t, struct stream_header *h, const char *text)
{
	json_t *json = json_doc_parse(text, strlen(text), "x", 0);
	int ret = -1;

	check_forget();
	if (json != NULL && stream_header_parse(h, json, "x:1") == 0)
		ret = record_match_open(t, h, 0);
	json_decref(json);
	return ret;
}

static void
test_by_size(void)
{
	static const struct {
		size_t len;
		int want;
	} cases[] = {
		{ 8, 0 },
		{ 36, 1 },
		{ 68, 2 }, /* exactly */
		{ 7, 1 },
		{ 10, 1 },
		{ 35, 1 }, /* the smaller of two */
		{ 40, 2 },
		{ 67, 2 },
		{ 4, 1 },
		{ 3, -1 },
		{ 0, -1 },
		{ 69, -1 },
		{ 4000, -1 },
	};
	unsigned char record[4096] = { 0 };
	struct stream_header h = { 0 };
	struct record_match t;

	CHECK_NUM(open_types(&t, &h, HEAD(RING(5) "," RING(6) "," RING(7))), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_NUM(
		    record_match_find(&t, record, cases[i].len), cases[i].want);
	record_match_close(&t);
	stream_header_free(&h);
	/* A flexible array holds what fits no other type. */
	CHECK_NUM(open_types(&t, &h, HEAD(RING(8) "," RING(6))), 0);
	CHECK_NUM(record_match_find(&t, record, 16), 0);
	CHECK_NUM(record_match_find(&t, record, 20), 1);
	CHECK_NUM(record_match_find(&t, record, 37), 0);
	CHECK_NUM(record_match_find(&t, record, 3000), 0);
	record_match_close(&t);
	stream_header_free(&h);
	/* Perf buffers pad what they hold: 8 bytes to 12, 36 are 36. */
	CHECK_NUM(open_types(&t, &h,
		      HEAD(ENTRY("perf", 5, "") "," ENTRY("perf", 6, ""))),
	    0);
	CHECK_NUM(record_match_find(&t, record, 12), 0);
	CHECK_NUM(record_match_find(&t, record, 36), 1);
	CHECK_NUM(record_match_find(&t, record, 28), 1);
	record_match_close(&t);
	stream_header_free(&h);
}

static void
test_by_member(void)
{
	struct stream_header h = { 0 };
	struct record_match t;
	unsigned char record[36] = { 0xff, 0xff, 0xff, 0xff };

	CHECK_NUM(open_types(&t, &h,
		      HEAD(WHEN(5, "kind", 1) "," WHEN(9, "kind",
			  18446744073709551615) "," WHEN(6, "kind", 3))),
	    0);
	CHECK_NUM(record_match_find(&t, record, 8), 1);
	record[1] = record[2] = record[3] = 0;
	record[0] = 3;
	CHECK_NUM(record_match_find(&t, record, 4), 2);
	CHECK_NUM(record_match_find(&t, record, 3), -1);
	record[0] = 4;
	CHECK_NUM(record_match_find(&t, record, 8), -1);
	record_match_close(&t);
	stream_header_free(&h);
	/* A bitfield. */
	CHECK_NUM(open_types(&t, &h,
		      HEAD(WHEN(10, "kind", 65) "," WHEN(10, "kind", 2))),
	    0);
	record[1] = 0xff & (65 << 3);
	record[2] = (65 << 3) >> 8 | 0xfc;
	CHECK_NUM(record_match_find(&t, record, 8), 0);
	record[1] = 2 << 3 | 7;
	record[2] = 0xfc;
	CHECK_NUM(record_match_find(&t, record, 8), 1);
	record_match_close(&t);
	stream_header_free(&h);
}

#define REFUSED(maps, message)                                                 \
	do {                                                                   \
		struct stream_header h = { 0 };                                \
		struct record_match t;                                         \
                                                                               \
		CHECK_NUM(open_types(&t, &h, HEAD(maps)), -1);                 \
		CHECK_SAID(message);                                           \
		stream_header_free(&h);                                        \
	} while (0)

static void
test_refused(void)
{
	REFUSED(RING(5) "," RING(9),
	    "map rb: types small and alike of its records both have 8 bytes; a "
	    "member has to tell them apart (\"records_by\")");
	REFUSED(WHEN(5, "kind", 1) "," WHEN(6, "kind", 1),
	    "map rb: types small and mid of its records have the same kind, 1");
	REFUSED(WHEN(5, "kind", 1) "," RING(6),
	    "map rb: a member tells some types of its records apart, but not");
	REFUSED(WHEN(5, "kind", 1) "," WHEN(6, "type", 2),
	    "map rb: type mid of its records has no member type");
	REFUSED(WHEN(6, "last", 1) "," WHEN(5, "kind", 2),
	    "map rb: member last of type mid is no number of at most 64 bits");
	REFUSED(WHEN(5, "kind", 1) "," WHEN(10, "kind", 2),
	    "map rb: member kind is at another place in type bits than in type "
	    "small");
}

/* One type with a value is not that of all records. */
static void
test_single(void)
{
	struct stream_header h = { 0 };
	unsigned char record[8] = { 0 };
	struct record_match t;

	CHECK_NUM(open_types(&t, &h, HEAD(WHEN(5, "kind", 1))), 0);
	CHECK_NUM(record_match_find(&t, record, sizeof(record)), -1);
	record[0] = 1;
	CHECK_NUM(record_match_find(&t, record, sizeof(record)), 0);
	record_match_close(&t);
	stream_header_free(&h);
}

/* One type needs no search, and entries get labels. */
static void
test_labels(void)
{
	struct stream_header h = { 0 };
	struct record_match t;

	CHECK_NUM(open_types(&t, &h, HEAD(RING(5))), 0);
	CHECK(t.v == NULL && h.maps[0].label == NULL);
	stream_header_free(&h);
	CHECK_NUM(open_types(&t, &h,
		      HEAD(RING(5) "," RING(6) "," RING(3) "," RING(4))),
	    0);
	CHECK_STR(h.maps[0].label, "small");
	CHECK_STR(h.maps[2].label, "2");
	CHECK_NUM(stream_header_find_entry(&h, "rb", NULL, "mid"), 1);
	CHECK_NUM(stream_header_find_entry(&h, "rb", NULL, "3"), 3);
	CHECK_NUM(stream_header_find_entry(&h, "rb", NULL, NULL), 0);
	CHECK_NUM(stream_header_find_entry(&h, "rb", NULL, "none"), -1);
	record_match_close(&t);
	stream_header_free(&h);
}

int
main(void)
{
	test_by_size();
	test_by_member();
	test_refused();
	test_single();
	test_labels();
	return check_done();
}
