/* Gives the input to skel-poll(1), which reads a session, whose maps do not
 * exist, or a stream that it passes on.  The first byte selects the encoding:
 * binary (b), JSON (j), or that of the stream. */
#include "fuzz.h"
#include "skel-poll/follow-session.h"
#include "skel-poll/pass-stream.h"

static void
poll_input(struct stream_reader *r, int fd, const struct skel_poll_options *c,
    struct output *out)
{
	switch (stream_reader_open(r, fd, "<stdin>")) {
	case STREAM_SESSION:
		/* One without maps is polled, for which the process gives up
		 * for good what the next inputs need. */
		if (r->header.nmaps == 0)
			break;
		if (skel_poll_follow_session(r, c, out) == 1)
			fuzz_refused();
		break;
	case STREAM_OPENED:
		if (skel_poll_pass_stream(r, c, out) == 1)
			fuzz_refused();
		break;
	case STREAM_REFUSED:
		fuzz_refused();
		break;
	default:
		break;
	}
	stream_reader_close(r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct skel_poll_options c = { .once = true };
	struct stream_reader r;
	struct output out;
	int in, fd;

	if (size == 0)
		return 0;
	c.has_encoding = data[0] == 'b' || data[0] == 'j';
	c.encoding = data[0] == 'j' ? STREAM_JSON : STREAM_BINARY;
	fuzz_start();
	in = fuzz_file(data + 1, size - 1);
	fd = fuzz_file("", 0);
	if (output_open(&out, fd, "<stdout>") == -1)
		fuzz_wrong("no output");
	poll_input(&r, in, &c, &out);
	if (output_flush(&out) == -1)
		fuzz_wrong("output failed");
	buf_free(&out.buf);
	close(in);
	close(fd);
	return 0;
}
