/*
 * One run of skel-load: from what the command line asked for to its exit
 * status.
 */
#ifndef SKEL_LOAD_RUN_H
#define SKEL_LOAD_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attach/attach.h"
#include "stream/stream.h"

struct skel_load_options {
	const char *package;    /* file, "-" */
	char *const *arguments; /* the program's own */
	int narguments;
	const char *elf, *btf;
	enum stream_encoding encoding;
	const char **maps; /* owned: exported ones to take, all if none */
	size_t nmaps;
	struct attach_where *wheres; /* owned */
	size_t nwheres;
	uint64_t count, timeout_ns, latency_ns;
	bool has_latency; /* it was given */
	bool check, pin, detach, trace_pipe;
	const char *dir;    /* of --pin, or NULL */
	const char *unload; /* what to unload; nothing else then */
};

/* Returns the exit status. */
int skel_load_run(const struct skel_load_options *o);

#endif
