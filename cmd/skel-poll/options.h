/*
 * The options of skel-poll's command line.
 */
#ifndef CMD_SKEL_POLL_OPTIONS_H
#define CMD_SKEL_POLL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lookup/client.h"
#include "package/sample-option.h"
#include "stream/header.h"
#include "type-file.h"

struct skel_poll_options {
	bool has_encoding; /* -f was given */
	enum stream_encoding encoding;
	const char **maps; /* owned: the names of -m, borrowed themselves */
	size_t nmaps;
	const char **as; /* owned: the arguments of --as, borrowed themselves */
	size_t nas;
	uint64_t count;      /* records; 0: no limit */
	uint64_t timeout_ns; /* 0: no limit */
	bool no_symbols;     /* addresses are shown as numbers */
	/* Borrowed: the process that finds names, which cannot be started any
	 * more when it is known whether they are needed. */
	struct lookup_client *lookup;
	uint64_t latency_ns; /* as in struct poller_options */
	bool once;
	/* For maps that somebody else loaded.  Owned. */
	bool list;
	struct type_option *types;
	struct sample_option *samples;
	size_t ntypes, nsamples;
};

/* Returns whether the map of this name is to be read: one that -m names, or any
 * if there was no -m. */
bool skel_poll_wants_map(const struct skel_poll_options *o, const char *map);

/*
 * Checks that every -m names a map of the header h, which was read from where.
 * Returns 0, or -1 after reporting.
 */
int skel_poll_check_maps(const struct skel_poll_options *o,
    const struct stream_header *h, const char *where);

#endif
