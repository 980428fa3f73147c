/*
 * The executable mappings of a process, from /proc/PID/maps.
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
	MAPPING_ANONYMOUS, /* no file: code of a JIT compiler, the stack */
};

struct mapping {
	uint64_t start, end;
	uint64_t offset; /* of start in the file */
	enum mapping_kind kind;
	unsigned int major, minor; /* of the file's device */
	uint64_t inode;
	char *path; /* owned: in the mount namespace of the process; or NULL */
};

/* A zeroed one is empty. */
struct mappings {
	struct mapping *v; /* owned; sorted by address, without overlaps */
	size_t n;
};

void mappings_free(struct mappings *m);

/*
 * Parse text in the format of /proc/PID/maps; m's mappings are replaced.
 * Invalid lines, and mappings that overlap the one before, are skipped.
 * Returns 0, or -1 after reporting that memory ran out.
 */
int mappings_parse(struct mappings *m, const char *text, size_t len);

/* Read the mappings of a process.  Returns 0, or -1 with errno set and m
 * unchanged; reports nothing but that memory ran out. */
int mappings_read(struct mappings *m, pid_t pid);

bool mappings_equal(const struct mappings *a, const struct mappings *b);

/* The mapping that contains addr, or NULL. */
const struct mapping *mappings_find(const struct mappings *m, uint64_t addr);

#endif
