/*
 * One run of skel-load, from its options to its exit status.
 */
#ifndef SKEL_LOAD_RUN_H
#define SKEL_LOAD_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "session/launch-option.h"
#include "traced-command.h"
#include "trust/trust.h"

/* An option that is set when the number of a process is known. */
struct skel_load_kept {
	const char *name, *value; /* borrowed */
};

struct skel_load_options {
	const char *package;    /* a file, or "-" */
	char *const *arguments; /* those of the program */
	int narguments;
	char **expanded; /* owned: what arguments points to, or NULL */
	const char *elf;
	const char *command;           /* of -c, or NULL */
	struct traced_command *traced; /* borrowed */
	struct skel_load_kept *kept;   /* owned */
	size_t nkept, kept_cap;
	struct launch_options launch; /* owned */
	uint64_t count, timeout_ns, latency_ns;
	bool has_latency; /* --latency was given */
	bool check, pin, detach, trace_pipe;
	const char *dir;    /* --pin=DIR, or NULL */
	const char *unload; /* --unload DIR, or NULL: do nothing else */
	struct trust trust; /* owned: whose packages may be loaded */
};

/* Returns the exit status of the command.  Options of skel-load among the
 * program's arguments are set in o. */
int skel_load_run(struct skel_load_options *o);

#endif
