/*
 * The directory that segments are written to, each to a new file that has its
 * name from the beginning.
 *
 * The functions report errors and return -1.
 */
#ifndef SKEL_SEGMENT_DIR_H
#define SKEL_SEGMENT_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output-dir.h"
#include "segment/segment-name.h"

struct segment_dir {
	struct output_dir dir;
	bool zstd; /* the names are those of compressed files */
	/* The times in the names of the first and the last file; 0: none. */
	uint64_t first_ns, last_ns;
	/* The files that there were of a prefix when they were counted, and
	 * those made since then. */
	char counted[SEGMENT_NAME_MAX];
	size_t count;
};

/* Open a directory, or with NULL the one in which the command runs, whose files
 * are then called by their names alone.  Returns 0. */
int segment_dir_open(struct segment_dir *d, const char *path);
void segment_dir_close(struct segment_dir *d);

/*
 * Make a file for a segment that begins at a time, the prefix of whose name is
 * that of segment_name_prefix().  Its name sorts behind the one before. Returns
 * how it is called from the directory in which the user is, to be freed; or
 * NULL.
 */
char *segment_dir_create(struct segment_dir *d, struct output_file *f,
    const char *prefix, uint64_t time_ns);

/*
 * Remove the oldest regular files with names of the prefix until there are only
 * keep.  Those of other users are left alone.  Those that were made here are
 * newer than all others, whatever the clock said when these were made.  Those
 * of which in_use() says so are counted, but stay.  To be called after each
 * file that is made: the directory is read when there may be too many.  Returns
 * 0.
 */
int segment_dir_remove_old(struct segment_dir *d, const char *prefix,
    size_t keep, bool (*in_use)(const void *ctx, const char *name),
    const void *ctx);

#endif
