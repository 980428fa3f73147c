/*
 * One run of skel-load, from its options to its exit status.
 */
#ifndef SKEL_LOAD_RUN_H
#define SKEL_LOAD_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attach/attach.h"
#include "stream/header.h"

struct skel_load_options {
	const char *package;    /* a file, or "-" */
	char *const *arguments; /* those of the program */
	int narguments;
	const char *elf, *btf;
	enum stream_encoding encoding;
	const char **maps; /* owned: the exports to read; all if none */
	size_t nmaps;
	struct attach_where *wheres; /* owned */
	size_t nwheres;
	uint64_t count, timeout_ns, latency_ns;
	bool has_latency; /* --latency was given */
	bool check, pin, detach, trace_pipe;
	const char *dir;    /* --pin=DIR, or NULL */
	const char *unload; /* --unload DIR, or NULL: do nothing else */
};

/* Returns the exit status of the command. */
int skel_load_run(const struct skel_load_options *o);

#endif
