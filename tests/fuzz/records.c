/* Reads the input as the lines after a good header, and prints them in the
 * format that its first byte names. */
#include "base/buf.h"
#include "print.h"

#include <ctype.h>

static const char header[] =
    "{\"skel\":\"stream\",\"version\":1,\"name\":\"x\","
    "\"encoding\":\"binary\",\"maps\":["
    "{\"name\":\"e\",\"source\":\"ringbuf\",\"value\":8},"
    "{\"name\":\"h\",\"source\":\"sample\",\"key\":0,\"value\":10,"
    "\"sample\":{\"interval\":1000,\"type\":\"log2_hist\",\"unit\":\"us\"}},"
    "{\"name\":\"c\",\"source\":\"sample\",\"key\":9,\"value\":1,\"cpus\":2,"
    "\"sample\":{\"interval\":1,\"type\":\"default_kv\",\"clear_map\":true},"
    "\"stacks\":\"s\",\"intepreter\":{\"stack_trace\":{}}},"
    "{\"name\":\"l\",\"source\":\"iter\",\"text\":true},"
    "{\"name\":\"r\",\"source\":\"perf\"},"
    "{\"name\":\"t\",\"source\":\"ringbuf\",\"value\":3},"
    "{\"name\":\"n\",\"source\":\"ringbuf\",\"value\":12},"
    "{\"name\":\"f\",\"source\":\"perf\",\"value\":14},"
    "{\"name\":\"m\",\"source\":\"ringbuf\",\"value\":8},"
    "{\"name\":\"m\",\"source\":\"ringbuf\",\"value\":12}],\"types\":["
    "{\"kind\":\"int\",\"name\":\"int\",\"size\":4,\"signed\":true},"
    "{\"kind\":\"int\",\"name\":\"u64\",\"size\":8},"
    "{\"kind\":\"char\",\"name\":\"char\",\"size\":1,\"signed\":true},"
    "{\"kind\":\"array\",\"name\":\"\",\"size\":8,\"of\":2,\"count\":8},"
    "{\"kind\":\"float\",\"name\":\"double\",\"size\":8},"
    "{\"kind\":\"enum\",\"name\":\"k\",\"size\":4,\"values\":"
    "[[\"ONE\",1],[\"TWO\",2]]},"
    "{\"kind\":\"int\",\"name\":\"__int128\",\"size\":16,\"signed\":true},"
    "{\"kind\":\"bool\",\"name\":\"_Bool\",\"size\":1},"
    "{\"kind\":\"struct\",\"name\":\"e\",\"size\":56,\"members\":["
    "{\"name\":\"comm\",\"type\":3,\"offset\":0},"
    "{\"name\":\"d\",\"type\":4,\"offset\":8},"
    "{\"name\":\"k\",\"type\":5,\"offset\":16},"
    "{\"name\":\"bit\",\"type\":0,\"offset\":20,\"bit_offset\":3,\"bits\":5},"
    "{\"name\":\"b\",\"type\":7,\"offset\":24},"
    "{\"name\":\"w\",\"type\":6,\"offset\":32},"
    "{\"name\":\"pid\",\"type\":0,\"offset\":48}]},"
    "{\"kind\":\"struct\",\"name\":\"key\",\"size\":16,\"members\":["
    "{\"name\":\"pid\",\"type\":0,\"offset\":0},"
    "{\"name\":\"kstack\",\"type\":0,\"offset\":4},"
    "{\"name\":\"ustack\",\"type\":0,\"offset\":8}]},"
    "{\"kind\":\"struct\",\"name\":\"hist\",\"size\":48,\"members\":["
    "{\"name\":\"slots\",\"type\":11,\"offset\":0},"
    "{\"name\":\"comm\",\"type\":3,\"offset\":32}]},"
    "{\"kind\":\"array\",\"name\":\"\",\"size\":32,\"of\":0,\"count\":8},"
    "{\"kind\":\"struct\",\"name\":\"n\",\"size\":40,\"members\":["
    "{\"name\":\"n\",\"type\":0,\"offset\":0},"
    "{\"name\":\"v\",\"type\":11,\"offset\":4}]},"
    "{\"kind\":\"array\",\"name\":\"\",\"size\":0,\"of\":2,\"count\":0},"
    "{\"kind\":\"struct\",\"name\":\"f\",\"size\":4,\"members\":["
    "{\"name\":\"n\",\"type\":0,\"offset\":0},"
    "{\"name\":\"v\",\"type\":13,\"offset\":4}]}"
    "]}\n";

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = { 0 };
	enum plan_form form;

	if (size == 0 || !fuzz_form((char)tolower(data[0]), &form))
		return 0;
	fuzz_start();
	buf_str(&text, header);
	buf_add(&text, data + 1, size - 1);
	fuzz_print(text.data, text.len, form, isupper(data[0]) != 0);
	buf_free(&text);
	return 0;
}
