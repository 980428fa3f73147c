/* The JSON that the C library's handlers get: sorted keys, and the markers of
 * the reference loader. */
#include <jansson.h>
#include <stdlib.h>

#include "base/buf.h"
#include "check.h"
#include "format/plan.h"
#include "stream/header.h"

enum { MAPS = 4 };

static const char header_text[] =
    "{\"skel\":\"stream\",\"version\":1,\"name\":\"t\",\"encoding\":\"binary\","
    "\"maps\":["
    "{\"name\":\"rb\",\"source\":\"ringbuf\",\"value\":4},"
    "{\"name\":\"one\",\"source\":\"perf\",\"value\":0},"
    "{\"name\":\"kv\",\"source\":\"sample\",\"key\":0,\"value\":4,"
    "\"sample\":{\"interval\":1,\"type\":\"default_kv\",\"unit\":\"\",\"clear_"
    "map\":false}},"
    "{\"name\":\"cpus\",\"source\":\"sample\",\"key\":2,\"value\":0,"
    "\"cpus\":2,\"sample\":{\"interval\":1,\"type\":\"default_kv\",\"unit\":"
    "\"\",\"clear_map\":false}}],"
    "\"types\":["
    "{\"kind\":\"int\",\"name\":\"u32\",\"size\":4,\"signed\":false},"
    "{\"kind\":\"int\",\"name\":\"u8\",\"size\":1,\"signed\":false},"
    "{\"kind\":\"struct\",\"name\":\"inner\",\"size\":4,\"members\":["
    "{\"name\":\"z\",\"type\":1,\"offset\":0},"
    "{\"name\":\"a\",\"type\":1,\"offset\":1},"
    "{\"name\":\"Z\",\"type\":1,\"offset\":2}]},"
    "{\"kind\":\"union\",\"name\":\"either\",\"size\":4,\"members\":["
    "{\"name\":\"whole\",\"type\":0,\"offset\":0},"
    "{\"name\":\"first\",\"type\":1,\"offset\":0}]},"
    "{\"kind\":\"struct\",\"name\":\"event\",\"size\":12,\"members\":["
    "{\"name\":\"pid\",\"type\":0,\"offset\":0},"
    "{\"name\":\"nested\",\"type\":2,\"offset\":4},"
    "{\"name\":\"both\",\"type\":3,\"offset\":8}]}]}";

static const char nested[] =
    "{\"both\":{\"__EUNOMIA_TYPE\":\"union\","
    "\"__EUNOMIA_TYPE_NAME\":\"either\",\"first\":9,\"whole\":9},"
    "\"nested\":{\"Z\":3,\"__EUNOMIA_TYPE\":\"struct\","
    "\"__EUNOMIA_TYPE_NAME\":\"inner\",\"a\":2,\"z\":1},\"pid\":7}";

static void
check_map(const struct stream_header *h, unsigned int map,
    const unsigned char *data, size_t len, const char *want)
{
	const struct plan_options o = { .form = PLAN_REFERENCE };
	struct plan *p = plan_new(h, map, &o);
	struct buf out = { 0 };

	CHECK(p != NULL);
	if (p == NULL)
		return;
	plan_head(p, &out);
	CHECK_NUM(out.len, 0);
	CHECK_NUM(plan_record(p, &out, 0, data, len), 0);
	CHECK_NUM(plan_graph_offset(p), 0);
	buf_chr(&out, '\0');
	CHECK_STR(out.data, want);
	buf_free(&out);
	plan_free(p);
}

static void
test_maps(const struct stream_header *h)
{
	static const unsigned char event[12] = { 7, 0, 0, 0, 1, 2, 3, 0, 9 };
	static const unsigned char kv[16] = { 5, 0, 0, 0, 7, 0, 0, 0, 1, 2, 3,
		0, 9 };
	static const unsigned char cpus[20] = { 1, 2, 3, 0, 4, 0, 0, 0, 0, 0, 0,
		0, 6 };
	char want[512];

	snprintf(want, sizeof(want), "%s\n", nested);
	check_map(h, 0, event, sizeof(event), want);
	check_map(h, 1, event, 4, "{\"value\":7}\n");
	snprintf(
	    want, sizeof(want), "{\"key\":{\"u32\":5},\"value\":%s}\n", nested);
	check_map(h, 2, kv, sizeof(kv), want);
	check_map(h, 3, cpus, sizeof(cpus),
	    "{\"key\":{\"Z\":3,\"a\":2,\"z\":1},\"value\":{\"u32\":10}}\n");
}

int
main(void)
{
	json_t *json = json_loads(header_text, 0, NULL);
	struct stream_header header = { 0 };

	CHECK(json != NULL);
	CHECK_NUM(stream_header_parse(&header, json, "test:1"), 0);
	if (header.nmaps == MAPS)
		test_maps(&header);
	CHECK_NUM(header.nmaps, MAPS);
	stream_header_free(&header);
	json_decref(json);
	return check_done();
}
