/*
 * Mappings: what code a process has in memory, from /proc/PID/maps.
 */
#ifndef SKEL_HOST_MAPPINGS_H
#define SKEL_HOST_MAPPINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum mapping_kind {
	MAPPING_FILE,
	MAPPING_VDSO,
	MAPPING_ANONYMOUS, /* no file behind it: a JIT's, the stack */
};

/* One executable mapping. */
struct mapping {
	uint64_t start, end;
	uint64_t offset; /* in the file */
	enum mapping_kind kind;
	unsigned int major, minor; /* of the file's device */
	uint64_t inode;
	/* owned: as the process's mount namespace has it; or NULL */
	char *path;
};

/* A zeroed one is empty. */
struct mappings {
	struct mapping *v; /* owned; by address, none overlaps */
	size_t n;
};

void mappings_free(struct mappings *m);

/*
 * Take the mappings from text in the form of /proc/PID/maps, in place of those
 * that were there; lines that are none, or overlap one before, are skipped.
 * Returns 0, or -1 when memory ran out, which is reported.
 */
int mappings_parse(struct mappings *m, const char *text, size_t len);

/* Take those of a process.  Returns 0, or -1 with errno set and m as it was;
 * not reported. */
int mappings_read(struct mappings *m, pid_t pid);

/* Whether both are the same. */
bool mappings_equal(const struct mappings *a, const struct mappings *b);

/* The one that addr lies in, or NULL. */
const struct mapping *mappings_find(const struct mappings *m, uint64_t addr);

#endif
