/* lib/record/fields: which fields the records of a map have, and by which names
 * they are found. */
#include <unistd.h>

#include "check.h"
#include "record/fields.h"
#include "stream-text.h"

/* 0 u32, 1 enum, 2 u32[4], 3 struct of both u32 and array, 4 struct with an
 * enum, 5 pointer, 6 struct of bitfields, 7 struct with a struct. */
#define KINDS                                                                  \
	"\"types\":[{\"kind\":\"int\",\"name\":\"u32\",\"size\":4},"           \
	"{\"kind\":\"enum\",\"name\":\"e\",\"size\":4,\"values\":"             \
	"[[\"A\",1]]},"                                                        \
	"{\"kind\":\"array\",\"name\":\"\",\"size\":16,\"of\":0,"              \
	"\"count\":4},"                                                        \
	"{\"kind\":\"struct\",\"name\":\"sum\",\"size\":20,\"members\":["      \
	"{\"name\":\"n\",\"type\":0,\"offset\":0},"                            \
	"{\"name\":\"slots\",\"type\":2,\"offset\":4}]},"                      \
	"{\"kind\":\"struct\",\"name\":\"mixed\",\"size\":8,\"members\":["     \
	"{\"name\":\"n\",\"type\":0,\"offset\":0},"                            \
	"{\"name\":\"state\",\"type\":1,\"offset\":4}]},"                      \
	"{\"kind\":\"pointer\",\"name\":\"\",\"size\":8},"                     \
	"{\"kind\":\"struct\",\"name\":\"bits\",\"size\":4,\"members\":["      \
	"{\"name\":\"high\",\"type\":0,\"offset\":0,\"bit_offset\":5,"         \
	"\"bits\":3},"                                                         \
	"{\"name\":\"low\",\"type\":0,\"offset\":0,\"bit_offset\":0,"          \
	"\"bits\":5},"                                                         \
	"{\"name\":\"next\",\"type\":0,\"offset\":1,\"bit_offset\":0,"         \
	"\"bits\":3}]},"                                                       \
	"{\"kind\":\"struct\",\"name\":\"outer\",\"size\":12,\"members\":["    \
	"{\"name\":\"pid\",\"type\":0,\"offset\":0},"                          \
	"{\"name\":\"in\",\"type\":4,\"offset\":4}]}]"
#define ON_CPUS(value)                                                         \
	"{\"name\":\"m\",\"source\":\"sample\",\"key\":0,\"value\":" #value    \
	",\"cpus\":2," SAMPLE "}"
#define BUFFER(value)                                                          \
	"{\"name\":\"m\",\"source\":\"ringbuf\",\"value\":" #value "}"
#define OF_KEY(key)                                                            \
	"{\"name\":\"m\",\"source\":\"sample\",\"key\":" #key                  \
	",\"value\":0," SAMPLE "}"

enum order { AS_THEY_ARE, BY_NAME, BY_OFFSET };

/* Checks the names of the fields, with blanks between them: all of the map, or
 * one that only names. */
static void
check_fields(const char *map, const char *only, bool deep, enum order order,
    const char *want)
{
	struct fields c = { 0 };
	struct stream_reader r;
	struct buf text = { 0 };

	buf_printf(&text, HEAD("\"maps\":[%s]," KINDS), map);
	CHECK_NUM(open_bytes(&r, text.data, text.len), STREAM_OPENED);
	fields_add_selected(
	    &c, &r.header, 0, &only, only != NULL ? 1 : 0, deep);
	if (order == BY_NAME)
		fields_sort(&c);
	else if (order == BY_OFFSET)
		fields_sort_by_offset(&c);
	CHECK(!c.failed);
	text.len = 0;
	for (size_t i = 0; i < c.n; i++)
		buf_printf(&text, "%s%s", i > 0 ? " " : "", c.v[i].name);
	buf_chr(&text, '\0');
	CHECK_STR(text.data, want);
	fields_free(&c);
	close_reader(&r);
	buf_free(&text);
}

static void
only_integers_of_all_cpus_are_added(void)
{
	check_fields(ON_CPUS(0), NULL, false, AS_THEY_ARE, "key value");
	check_fields(ON_CPUS(2), NULL, false, AS_THEY_ARE, "key value");
	check_fields(ON_CPUS(3), NULL, false, AS_THEY_ARE, "key n slots");
	check_fields(ON_CPUS(1), NULL, false, AS_THEY_ARE, "key values");
	check_fields(ON_CPUS(4), NULL, false, AS_THEY_ARE, "key values");
	check_fields(ON_CPUS(5), NULL, false, AS_THEY_ARE, "key values");
	check_fields(ON_CPUS(0), "values", false, AS_THEY_ARE, "values");
	check_fields(ON_CPUS(4), "value", false, AS_THEY_ARE, "");
}

static void
members_have_their_own_names(void)
{
	check_fields(BUFFER(0), NULL, true, AS_THEY_ARE, "value");
	check_fields(BUFFER(7), NULL, false, AS_THEY_ARE, "pid in");
	check_fields(BUFFER(7), NULL, true, AS_THEY_ARE, "pid in.n in.state");
	check_fields(OF_KEY(7), NULL, false, AS_THEY_ARE, "pid in value");
	check_fields(
	    OF_KEY(7), NULL, true, AS_THEY_ARE, "pid in.n in.state value");
}

static void
names_are_found_whole(void)
{
	check_fields(BUFFER(7), "in", false, AS_THEY_ARE, "in");
	check_fields(BUFFER(7), "in", true, AS_THEY_ARE, "in.n in.state");
	check_fields(BUFFER(7), "in.state", true, AS_THEY_ARE, "in.state");
	check_fields(OF_KEY(7), "in.state", true, AS_THEY_ARE, "in.state");
	check_fields(OF_KEY(7), "key.in.n", true, AS_THEY_ARE, "key.in.n");
	check_fields(BUFFER(7), "pi", true, AS_THEY_ARE, "");
	check_fields(BUFFER(7), "pids", true, AS_THEY_ARE, "");
	check_fields(BUFFER(7), "in.", true, AS_THEY_ARE, "");
	check_fields(BUFFER(7), "in.stat", true, AS_THEY_ARE, "");
	check_fields(BUFFER(7), "pid.n", true, AS_THEY_ARE, "");
	check_fields(BUFFER(7), "", true, AS_THEY_ARE, "");
}

static void
fields_are_sorted(void)
{
	check_fields(BUFFER(6), NULL, true, AS_THEY_ARE, "high low next");
	check_fields(BUFFER(6), NULL, true, BY_OFFSET, "low high next");
	check_fields(BUFFER(6), NULL, true, BY_NAME, "high low next");
	check_fields(BUFFER(7), NULL, false, BY_NAME, "in pid");
}

int
main(void)
{
	only_integers_of_all_cpus_are_added();
	members_have_their_own_names();
	names_are_found_whole();
	fields_are_sorted();
	return check_done();
}
