#include <stdlib.h>

#include "command.h"
#include "poll/stream-sink.h"
#include "symbolize/symbolizer.h"
#include "write-stream.h"

/* Writes the stream from the header to "@end".  Returns 0, 1 if the reader
 * left, or -1 after reporting. */
static int
run_poller(struct poller *p, struct stream_sink *sink)
{
	int ret = stream_sink_begin(sink);

	if (ret != 0)
		return ret;
	switch (poller_run(p)) {
	case POLLER_GONE:
		return 1;
	case POLLER_FAILED:
		return -1;
	default:
		return poller_drain(p) == -1 ? -1 : stream_sink_end(sink);
	}
}

static struct poller *
open_stream_poller(const struct stream_header *h, const struct map_fds *fds,
    const struct poller_options *settings,
    const struct skel_poll_options *options, struct stream_sink *sink)
{
	struct poller_options o = *settings;

	o.count = options->count;
	o.timeout_ns = options->timeout_ns;
	o.latency_ns = options->latency_ns;
	o.once = options->once;
	o.out_fd = sink->out->fd;
	o.sink_fd = symbolizer_fd(sink->symbolizer);
	return poller_open(h, fds, &o, &stream_poll_sink, sink);
}

int
skel_poll_write_stream(struct stream_header *h, const struct map_fds *fds,
    const struct poller_options *o, const struct skel_poll_options *options,
    struct confine_needs *needs, struct output *out)
{
	struct stream_sink sink;
	struct symbolizer *z;
	struct poller *p;
	int status = EXIT_FAILURE;

	if (symbolizer_open(&z, h, fds, options->lookup,
		options->no_symbols ? SYMBOLIZER_NONE : SYMBOLIZER_CHILD) == -1)
		return EXIT_FAILURE;
	if (stream_sink_open(&sink, h, out, z) == 0) {
		p = open_stream_poller(h, fds, o, options, &sink);
		if (p != NULL) {
			symbolizer_add_needs(z, needs);
			confine_privileged(needs);
			if (run_poller(p, &sink) != -1 && sink.errors == 0)
				status = sink.lost.all > 0 ? EXIT_LOST
							   : EXIT_SUCCESS;
		}
		poller_close(p);
		stream_sink_close(&sink);
	}
	symbolizer_close(z);
	return status;
}
