/*
 * What the command line of skel-poll asks for.
 */
#ifndef SKEL_CHOICE_H
#define SKEL_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream/stream.h"

struct skel_poll_options {
	bool has_encoding; /* -f was given */
	enum stream_encoding encoding;
	const char **maps; /* owned: the names of -m, borrowed themselves */
	size_t nmaps;
	uint64_t count;      /* 0: no end */
	uint64_t timeout_ns; /* 0: no end */
	uint64_t latency_ns; /* of a session's records: poller_options */
	bool once;
};

/* Whether the map is one to show. */
bool skel_poll_wants_map(const struct skel_poll_options *c, const char *map);

/*
 * Check that every -m names a map of h, which came from where.
 * Returns 0, or -1 after reporting.
 */
int skel_poll_check_maps(const struct skel_poll_options *c,
    const struct stream_header *h, const char *where);

#endif
