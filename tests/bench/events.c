/*
 * Make events: a stream for skel-fmt, and a file with the same events for the
 * rivals.
 *
 *	events COUNT STREAM FILE
 *
 * The events look like those of assets/bootstrap on a machine that compiles
 * software.  64 records at a time have the same time, as in a stream under
 * load.
 */
#include <err.h>
#include <string.h>

#include "base/buf.h"
#include "event.h"
#include "stream/writer.h"

static const char header[] =
    "{\"skel\":\"stream\",\"version\":1,\"name\":\"bootstrap_bpf\","
    "\"encoding\":\"binary\",\"host\":\"bench\",\"boot_id\":\"\","
    "\"started\":\"2026-11-22T14:48:00.000000000Z\","
    "\"maps\":[{\"name\":\"rb\",\"source\":\"ringbuf\",\"value\":9}],"
    "\"types\":[{\"kind\":\"int\",\"name\":\"int\",\"size\":4,\"signed\":true},"
    "{\"kind\":\"int\",\"name\":\"unsigned int\",\"size\":4,\"signed\":false},"
    "{\"kind\":\"int\",\"name\":\"unsigned long long\",\"size\":8,"
    "\"signed\":false},"
    "{\"kind\":\"char\",\"name\":\"char\",\"size\":1,\"signed\":true},"
    "{\"kind\":\"array\",\"name\":\"\",\"size\":16,\"of\":3,\"count\":16},"
    "{\"kind\":\"array\",\"name\":\"\",\"size\":127,\"of\":3,\"count\":127},"
    "{\"kind\":\"bool\",\"name\":\"_Bool\",\"size\":1},"
    "{\"kind\":\"typedef\",\"name\":\"bool\",\"size\":1,\"of\":6},"
    "{\"kind\":\"enum\",\"name\":\"event_kind\",\"size\":4,\"signed\":false,"
    "\"values\":[[\"EXEC\",0],[\"EXIT\",1]]},"
    "{\"kind\":\"struct\",\"name\":\"event\",\"size\":176,\"members\":["
    "{\"name\":\"pid\",\"type\":0,\"offset\":0},"
    "{\"name\":\"ppid\",\"type\":0,\"offset\":4},"
    "{\"name\":\"exit_code\",\"type\":1,\"offset\":8},"
    "{\"name\":\"duration_ns\",\"type\":2,\"offset\":16},"
    "{\"name\":\"comm\",\"type\":4,\"offset\":24},"
    "{\"name\":\"filename\",\"type\":5,\"offset\":40},"
    "{\"name\":\"exit_event\",\"type\":7,\"offset\":167},"
    "{\"name\":\"kind\",\"type\":8,\"offset\":168}]}]}\n";

static struct timed
make_event(uint64_t i)
{
	static const char *const comms[] = { "sh", "cc1", "as", "collect2",
		"ld", "make", "sed", "python3" };
	static const uint64_t start = 1795358880000000000;
	const char *comm = comms[i / 2 % 8];
	struct timed t = { 0 };

	t.time_ns = start + i / 64 * 1234567;
	t.e.pid = (int)(1000 + i / 2 * 7 % 4000000);
	t.e.ppid = (int)(900 + i / 32 * 7 % 4000000);
	snprintf(t.e.comm, sizeof(t.e.comm), "%s", comm);
	t.e.kind = i % 2;
	t.e.exit_event = i % 2;
	if (t.e.exit_event) {
		t.e.duration_ns = 300000 + i * 7919 % 90000000;
		t.e.exit_code = i % 34 == 1;
	} else {
		snprintf(
		    t.e.filename, sizeof(t.e.filename), "/usr/bin/%s", comm);
	}
	return t;
}

static void
flush(struct buf *out, FILE *file)
{
	if (out->failed || fwrite(out->data, out->len, 1, file) != 1)
		err(1, "stream");
	out->len = 0;
}

int
main(int argc, char *argv[])
{
	enum { FULL = 64 << 10 };
	struct buf out = { 0 };
	FILE *stream, *plain;
	uint64_t count;

	if (argc != 4)
		errx(2, "usage: events COUNT STREAM FILE");
	count = strtoull(argv[1], NULL, 10);
	if ((stream = fopen(argv[2], "w")) == NULL)
		err(1, "%s", argv[2]);
	if ((plain = fopen(argv[3], "w")) == NULL)
		err(1, "%s", argv[3]);
	buf_str(&out, header);
	for (uint64_t i = 0; i < count; i++) {
		struct timed t = make_event(i);

		if (fwrite(&t, sizeof(t), 1, plain) != 1)
			err(1, "%s", argv[3]);
		stream_write_record(
		    &out, 0, t.time_ns, NULL, 0, &t.e, sizeof(t.e));
		if (out.len >= FULL)
			flush(&out, stream);
	}
	stream_write_end(&out, count, 0);
	flush(&out, stream);
	buf_free(&out);
	if (fclose(stream) == EOF || fclose(plain) == EOF)
		err(1, "closing");
	return 0;
}
