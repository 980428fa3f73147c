/*
 * Mapping store: which files the code of processes is mapped from, as
 * "@symbols" lines tell it (skel-stream(5)).
 *
 * The command that polls fills it and writes each mapping to the stream once;
 * readers of the stream fill theirs from these lines.
 */
#ifndef SKEL_RECORD_MAPPING_STORE_H
#define SKEL_RECORD_MAPPING_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"

/* The addresses [start, end) of a process.  The strings are borrowed from the
 * store until its next change. */
struct symbol_mapping {
	uint64_t start, end;
	uint64_t offset;      /* of start in the file */
	const char *file;     /* or NULL: no file */
	const char *build_id; /* the GNU build ID in hex digits, or NULL */
};

enum {
	MAPPING_STORE_PROCESS_MAX = 4096, /* mappings of a process */
	/* Of all processes; beyond them those of the process that was told of
	 * first are dropped. */
	MAPPING_STORE_MAX = 1 << 16,
	MAPPING_STORE_BYTES_MAX = 64 << 20,
	MAPPING_FILE_MAX = 4096,      /* bytes of a name; longer ones are cut */
	MAPPING_BUILD_ID_MAX = 2 * 64 /* digits */
};

/* A zeroed one is empty once mapping_store_init() was called. */
struct mapping_store {
	struct hash processes;
	size_t n, bytes;
	size_t max, bytes_max; /* set to the most that there can be */
};

void mapping_store_init(struct mapping_store *s);
void mapping_store_free(struct mapping_store *s);

/* Keep less: what takes about so many bytes of memory. */
void mapping_store_limit(struct mapping_store *s, size_t bytes);

/* Find the mapping that contains an address; pid 0 is the kernel.  Returns NULL
 * if none is known. */
const struct symbol_mapping *mapping_store_find(
    const struct mapping_store *s, uint64_t pid, uint64_t addr);

/*
 * Set a mapping to a copy of *m, in place of those that it overlaps.  Returns
 * 1; 0 if the store has just this one, or too many of the process; or -1 after
 * reporting that memory ran out.
 */
int mapping_store_set(
    struct mapping_store *s, uint64_t pid, const struct symbol_mapping *m);

/* Add the mappings of an "@symbols" line, an array, after checking them.  where
 * begins reports.  Returns 0, or -1 after reporting. */
int mapping_store_parse(struct mapping_store *s, uint64_t pid,
    const json_t *array, const char *where);

/* Append a mapping as an "@symbols" line has it, {"start":4096,...}.  If memory
 * runs out, out->failed is set. */
void mapping_store_write(struct buf *out, const struct symbol_mapping *m);

#endif
