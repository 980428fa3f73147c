/* lib/poll/stream-sink: the end of a stream, with what was lost and how full
 * the ring buffers were, and that nothing is written in a turn. */
#include <fcntl.h>
#include <unistd.h>

#include "check.h"
#include "poll/stream-sink.h"

static char a[] = "a", b[] = "b";
static struct stream_map maps[] = {
	{ .name = a,
	    .source = STREAM_RINGBUF,
	    .key = TYPE_NONE,
	    .value = TYPE_NONE },
	{ .name = b,
	    .source = STREAM_RINGBUF,
	    .key = TYPE_NONE,
	    .value = TYPE_NONE },
};
static const struct stream_header header = { .maps = maps, .nmaps = 2 };

struct scene {
	int pipe[2];
	struct output out;
	struct stream_sink sink;
	char got[65536];
};

static void
begin(struct scene *s)
{
	CHECK_NUM(pipe2(s->pipe, O_NONBLOCK), 0);
	CHECK_NUM(output_open(&s->out, s->pipe[1], "out"), 0);
	CHECK_NUM(stream_sink_open(&s->sink, &header, &s->out, NULL), 0);
}

static void
end(struct scene *s)
{
	stream_sink_close(&s->sink);
	output_close(&s->out);
	close(s->pipe[0]);
	close(s->pipe[1]);
}

/* Returns what has been written since the last call. */
static const char *
written(struct scene *s)
{
	ssize_t n = read(s->pipe[0], s->got, sizeof(s->got) - 1);

	s->got[n > 0 ? n : 0] = '\0';
	return s->got;
}

static void
losses_of_all_maps_are_added_up(void)
{
	struct scene s;

	begin(&s);
	CHECK_NUM(stream_poll_sink.lost(&s.sink, 0, 5), 0);
	CHECK_NUM(stream_poll_sink.lost(&s.sink, 1, 7), 0);
	CHECK_NUM(stream_poll_sink.lost(&s.sink, 0, 1), 0);
	check_forget();
	CHECK_NUM(stream_sink_end(&s.sink), 0);
	CHECK_STR(written(&s), "{\"@lost\":{\"map\":\"a\",\"count\":5}}\n"
			       "{\"@lost\":{\"map\":\"b\",\"count\":7}}\n"
			       "{\"@lost\":{\"map\":\"a\",\"count\":1}}\n"
			       "{\"@end\":{\"records\":0,\"lost\":13}}\n");
	CHECK_STR(check_reports, "13 records were lost\n");
	end(&s);
}

static void
the_end_says_how_full_the_rings_were(void)
{
	const struct ring_fullness f = {
		.size = 4096, .most = 8, .largest = 8
	};
	struct scene s;

	begin(&s);
	CHECK_NUM(stream_poll_sink.fullness(&s.sink, 1, &f), 0);
	CHECK_NUM(stream_sink_end(&s.sink), 0);
	CHECK_STR(written(&s), "{\"@end\":{\"records\":0,\"lost\":0,\"rings\":["
			       "{\"map\":\"b\",\"size\":4096,\"most\":8}]}}\n");
	end(&s);
}

static void
nothing_is_written_in_a_turn(void)
{
	static const char record[1000];
	struct scene s;

	begin(&s);
	CHECK_NUM(stream_poll_sink.hold(&s.sink, true), 0);
	for (int i = 0; i < 50; i++)
		CHECK_NUM(stream_poll_sink.record(
			      &s.sink, 0, 1, record, sizeof(record)),
		    0);
	CHECK_STR(written(&s), "");
	CHECK_NUM(stream_poll_sink.hold(&s.sink, false), 0);
	CHECK(strlen(written(&s)) > 0);
	end(&s);
}

int
main(void)
{
	losses_of_all_maps_are_added_up();
	the_end_says_how_full_the_rings_were();
	nothing_is_written_in_a_turn();
	return check_done();
}
