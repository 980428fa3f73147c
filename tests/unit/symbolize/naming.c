/* lib/symbolize/naming: numbers are asked for once, and told when an answer
 * comes, whatever the process does that finds names. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "stream-text.h"
#include "symbolize/naming.h"

/* 0 u32, 1 u64, 2 struct event. */
#define NAMED_TYPES                                                            \
	"\"types\":["                                                          \
	"{\"kind\":\"int\",\"name\":\"u32\",\"size\":4,\"signed\":false},"     \
	"{\"kind\":\"int\",\"name\":\"u64\",\"size\":8,\"signed\":false},"     \
	"{\"kind\":\"struct\",\"name\":\"event\",\"size\":24,\"members\":["    \
	"{\"name\":\"pid\",\"type\":0,\"offset\":0},"                          \
	"{\"name\":\"owner\",\"type\":0,\"offset\":4,\"as\":\"uid\"},"         \
	"{\"name\":\"fn\",\"type\":1,\"offset\":8,\"as\":\"ksym\"},"           \
	"{\"name\":\"at\",\"type\":1,\"offset\":16,\"as\":\"usym\"}]}]"
#define NAMED_HEAD                                                             \
	HEAD("\"maps\":[{\"name\":\"e\",\"source\":\"ringbuf\",\"value\":2},"  \
	     "{\"name\":\"n\",\"source\":\"ringbuf\",\"value\":1}]"            \
	     "," NAMED_TYPES)

struct event {
	uint32_t pid, owner;
	uint64_t fn, at;
};

struct naming_test {
	struct stream_reader r;
	struct lookup_client client;
	int other; /* the end of the process that finds names */
	struct naming *n;
	struct buf out;
	struct lookup_packet packet;
	uint64_t program; /* of all processes */
	bool unmapped;    /* no address is anywhere */
};

static struct naming_place
locate(void *ctx, uint64_t pid, uint64_t addr)
{
	const struct naming_test *t = ctx;

	return (struct naming_place){ .none = t->unmapped,
		.program = t->program,
		.file = (uint32_t)pid,
		.at = addr + 1 };
}

static void
open_test(struct naming_test *t)
{
	int pair[2];

	*t = (struct naming_test){ .client = LOOKUP_CLIENT_CLOSED,
		.program = 1 };
	t->client.last = &t->client.first;
	CHECK_NUM(open_text(&t->r, NAMED_HEAD), STREAM_OPENED);
	CHECK_NUM(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	t->client.fd = pair[0];
	t->other = pair[1];
	CHECK_NUM(naming_open(&t->n, &t->r.header, &t->client, locate, t), 0);
	CHECK(t->n != NULL);
}

static void
close_test(struct naming_test *t)
{
	naming_close(t->n);
	lookup_client_close(&t->client);
	if (t->other != -1)
		close(t->other);
	buf_free(&t->out);
	close_reader(&t->r);
}

/* What was told since the last call. */
static const char *
told(struct naming_test *t)
{
	CHECK_NUM(naming_flush(t->n, &t->out), 0);
	buf_chr(&t->out, '\0');
	t->out.len = 0;
	return t->out.data;
}

static void
see(struct naming_test *t, uint32_t pid, uint32_t owner, uint64_t fn,
    uint64_t at)
{
	const struct event e = { pid, owner, fn, at };

	CHECK_NUM(
	    naming_record(t->n, 0, (const unsigned char *)&e, &t->out), 0);
}

/* Takes the next request of one number.  Returns its number. */
static uint32_t
asked(struct naming_test *t, uint32_t file, uint64_t at, uint64_t is_return)
{
	const struct lookup_find *f = &t->packet.m.find;

	CHECK_NUM(lookup_receive(t->other, &t->packet, true), 1);
	CHECK_NUM(f->head.type, LOOKUP_FIND);
	CHECK(f->head.number & NAMING_REQUEST);
	CHECK_NUM(f->n, 1);
	CHECK_NUM(f->file, file);
	CHECK(f->v[0].at == at);
	CHECK(f->v[0].is_return == is_return);
	return f->head.number;
}

static void
nothing_is_asked(struct naming_test *t)
{
	CHECK_NUM(lookup_receive(t->other, &t->packet, true), -1);
}

/* Answers a request, with no name if it is NULL.  Returns what was told. */
static int
answer(
    struct naming_test *t, uint32_t number, const char *name, uint64_t offset)
{
	const struct symbol_frame f = {
		.symbol = name, .has_offset = offset != 0, .offset = offset
	};

	lookup_found_fill(&t->packet.m, number, 0, &f, name != NULL, true);
	CHECK(naming_is_answer(&t->packet));
	return naming_take(t->n, &t->packet, &t->out);
}

static void
a_number_is_asked_for_and_told_once(void)
{
	struct naming_test t;
	uint32_t owner, fn, at;

	open_test(&t);
	CHECK(naming_has(t.n, KIND_UID) && naming_has(t.n, KIND_USYM));
	CHECK(!naming_has(t.n, KIND_GID));
	see(&t, 42, 1000, 0x10, 0x20);
	owner = asked(&t, LOOKUP_HOST, 1000, KIND_UID);
	fn = asked(&t, LOOKUP_KERNEL, 0x10, 0);
	at = asked(&t, 42, 0x21, 0);
	see(&t, 42, 1000, 0x10, 0x20);
	nothing_is_asked(&t);
	CHECK_NUM(naming_waiting(t.n), 3);
	CHECK_STR(told(&t), "");
	/* Of a request that was never made. */
	CHECK_NUM(answer(&t, owner + 65536, "eve", 0), 0);
	CHECK_NUM(answer(&t, fn, "f", 0x1f), 1);
	CHECK_NUM(answer(&t, owner, "ana", 0), 1);
	CHECK_NUM(answer(&t, at, NULL, 0), 1);
	CHECK_NUM(naming_waiting(t.n), 0);
	CHECK_STR(told(&t),
	    "{\"@names\":{\"kind\":\"ksym\",\"names\":[[16,\"f+0x1f\"]]}}\n"
	    "{\"@names\":{\"kind\":\"uid\",\"names\":[[1000,\"ana\"]]}}\n"
	    "{\"@names\":{\"kind\":\"usym\",\"pid\":42,\"names\":[[32,null]]}}"
	    "\n");
	/* An answer that came twice, and one to nothing. */
	CHECK_NUM(answer(&t, owner, "eve", 0), 0);
	CHECK_NUM(answer(&t, owner + 100, "eve", 0), 0);
	CHECK_STR(told(&t), "");
	CHECK_STR(name_store_find(naming_names(t.n), KIND_UID, 1000), "ana");
	close_test(&t);
}

static void
maps_without_such_numbers_ask_for_nothing(void)
{
	const uint64_t number = 1000;
	struct naming_test t;

	open_test(&t);
	CHECK_NUM(
	    naming_record(t.n, 1, (const unsigned char *)&number, NULL), 0);
	nothing_is_asked(&t);
	CHECK_NUM(naming_record(NULL, 0, NULL, NULL), 0);
	CHECK_NUM(naming_flush(NULL, NULL), 0);
	CHECK_NUM(naming_waiting(NULL), 0);
	close_test(&t);
}

static void
another_program_of_a_process_has_other_functions(void)
{
	struct naming_test t;

	open_test(&t);
	see(&t, 42, 0, 0, 0x20);
	asked(&t, LOOKUP_HOST, 0, KIND_UID);
	asked(&t, LOOKUP_KERNEL, 0, 0);
	answer(&t, asked(&t, 42, 0x21, 0), "f", 0);
	t.program++;
	see(&t, 42, 0, 0, 0x20);
	answer(&t, asked(&t, 42, 0x21, 0), "g", 0);
	CHECK_STR(told(&t), "{\"@names\":{\"kind\":\"usym\",\"pid\":42,"
			    "\"names\":[[32,\"f\"]]}}\n"
			    "{\"@names\":{\"kind\":\"usym\",\"pid\":42,"
			    "\"names\":[[32,\"g\"]]}}\n");
	/* An address that is nowhere may be somewhere later. */
	t.unmapped = true;
	see(&t, 42, 0, 0, 0x30);
	see(&t, 42, 0, 0, 0x30);
	nothing_is_asked(&t);
	CHECK_STR(told(&t), "{\"@names\":{\"kind\":\"usym\",\"pid\":42,"
			    "\"names\":[[48,null]]}}\n");
	t.unmapped = false;
	see(&t, 42, 0, 0, 0x30);
	answer(&t, asked(&t, 42, 0x31, 0), "h", 0);
	CHECK_STR(told(&t), "{\"@names\":{\"kind\":\"usym\",\"pid\":42,"
			    "\"names\":[[48,\"h\"]]}}\n");
	/* What is no process. */
	see(&t, 0, 0, 0, 0x40);
	see(&t, UINT32_MAX, 0, 0, 0x40);
	nothing_is_asked(&t);
	CHECK_STR(told(&t), "");
	close_test(&t);
}

/* What does not fit into the socket is asked for later. */
static void
many_numbers_wait_for_room(void)
{
	const uint32_t count = 20000;
	struct naming_test t;
	uint32_t n = 0;

	open_test(&t);
	for (uint32_t i = 1; i <= count; i++)
		see(&t, 0, i, 0, 0);
	CHECK(naming_waiting(t.n) >= count);
	while (lookup_receive(t.other, &t.packet, true) == 1) {
		if (t.packet.m.find.file == LOOKUP_HOST)
			n += answer(&t, t.packet.m.head.number, "x", 0) == 1;
		/* It sends what waits in the client. */
		lookup_client_receive(&t.client, &t.packet);
		naming_flush(t.n, &t.out);
		t.out.len = 0;
	}
	CHECK_NUM(n, count);
	close_test(&t);
}

static void
too_many_numbers_of_a_kind_are_over(void)
{
	struct naming_test t;

	open_test(&t);
	for (uint32_t i = 0; i < NAMING_KIND_MAX; i++) {
		see(&t, 0, i, 0, 0);
		while (lookup_receive(t.other, &t.packet, true) == 1)
			answer(&t, t.packet.m.head.number, "x", 0);
	}
	told(&t);
	see(&t, 0, NAMING_KIND_MAX, 0, 0);
	nothing_is_asked(&t);
	CHECK_STR(told(&t), "{\"@names\":{\"kind\":\"uid\",\"over\":true}}\n");
	CHECK(name_store_is_told(naming_names(t.n), KIND_UID, 0, 77777));
	see(&t, 0, NAMING_KIND_MAX + 1, 0x99, 0);
	asked(&t, LOOKUP_KERNEL, 0x99, 0);
	CHECK_STR(told(&t), "");
	close_test(&t);
}

static void
without_the_process_all_is_told_to_have_no_name(void)
{
	struct naming_test t;

	open_test(&t);
	see(&t, 0, 1, 2, 0);
	CHECK_NUM(naming_finish(t.n, false, &t.out), 0);
	CHECK_NUM(naming_waiting(t.n), 0);
	CHECK_STR(told(&t),
	    "{\"@names\":{\"kind\":\"uid\",\"names\":[[1,null]]}}\n"
	    "{\"@names\":{\"kind\":\"ksym\",\"names\":[[2,null]]}}\n");
	close(t.other);
	t.other = -1;
	lookup_client_close(&t.client);
	see(&t, 0, 3, 2, 0);
	CHECK_STR(told(&t),
	    "{\"@names\":{\"kind\":\"uid\",\"over\":true}}\n"
	    "{\"@names\":{\"kind\":\"ksym\",\"over\":true}}\n"
	    "{\"@names\":{\"kind\":\"usym\",\"over\":true}}\n"
	    "{\"@names\":{\"kind\":\"uid\",\"names\":[[3,null]]}}\n");
	see(&t, 42, 4, 5, 6);
	CHECK_STR(told(&t), "");
	close_test(&t);
}

int
main(void)
{
	a_number_is_asked_for_and_told_once();
	maps_without_such_numbers_ask_for_nothing();
	another_program_of_a_process_has_other_functions();
	many_numbers_wait_for_room();
	too_many_numbers_of_a_kind_are_over();
	without_the_process_all_is_told_to_have_no_name();
	return check_done();
}
