/*
 * The directory in which a confined filter makes files.  It is opened before
 * the filter confines itself, with confine_filter_writing() of host/confine.h,
 * and the files are made relative to its descriptor afterwards, so that nobody
 * can have them made elsewhere.
 *
 * A file is made new, never opened if it exists, and no symbolic link is
 * followed in its name.  Its mode is 0644 without the bits of the umask.
 *
 * The functions report errors and return -1, unless they say otherwise.
 */
#ifndef SKEL_OUTPUT_DIR_H
#define SKEL_OUTPUT_DIR_H

#include <limits.h>
#include <stdbool.h>

struct output_dir {
	int fd;       /* owned; -1: none */
	char *prefix; /* owned: before the name of a file in a message, "d/" */
};

/* A file that is being written. */
struct output_file {
	struct output_dir *dir;  /* borrowed */
	int fd;                  /* owned: write here; -1: none */
	int lock;                /* owned: a copy, for its lock; -1: none */
	char name[NAME_MAX + 1]; /* that it has, or will have */
	char temp[NAME_MAX + 1]; /* that it has meanwhile; "": none */
};

/* Initialise what no function has opened yet. */
#define OUTPUT_DIR_NONE                                                        \
	{                                                                      \
		.fd = -1                                                       \
	}
#define OUTPUT_FILE_NONE                                                       \
	{                                                                      \
		.fd = -1, .lock = -1                                           \
	}

/* Open a directory, which must exist.  Returns 0. */
int output_dir_open(struct output_dir *d, const char *path);

/*
 * Open the directory of a file that is to be made or replaced, and store where
 * its name begins in path.  What has that name already must be a regular file.
 * Returns 0.
 */
int output_dir_open_parent(
    struct output_dir *d, const char *path, const char **name);

void output_dir_close(struct output_dir *d);

/* When the process is confined: whether files can be made there at all.
 * Capabilities do not count any more, so root may not in a directory of others.
 * Returns 0. */
int output_dir_check(const struct output_dir *d);

/* Make a new file.  Returns 0; or 1, without a report, if there is something
 * of that name. */
int output_file_create(
    struct output_file *f, struct output_dir *d, const char *name);

/*
 * Make a file that takes the place of name when it is complete; until then it
 * is called ".skel-NAME.", with 16 hex digits behind, and locked.  It is
 * removed if a signal that is caught (base/signals.h) kills the process.
 * Returns 0.
 */
int output_file_replace(
    struct output_file *f, struct output_dir *d, const char *name);

/*
 * Remove what a process that was killed while it replaced name has left: files
 * of this user with such a name that nobody has locked.  For when the process
 * is not confined yet.  Nothing is reported.
 */
void output_dir_sweep(struct output_dir *d, const char *name);

/*
 * Close a file, and give one of output_file_replace() its name: whoever opens
 * that finds the old file or the whole new one.  With sync its bytes are on the
 * disk before, which takes as long as the disk takes.  If that fails, the file
 * is removed, and the old one stays.  Returns 0.
 */
int output_file_publish(struct output_file *f, bool sync);

/* Close a file, and remove it if it has a name for the meantime only.  Does
 * nothing for OUTPUT_FILE_NONE. */
void output_file_discard(struct output_file *f);

/* Remove a file.  Returns 0, also if there is none. */
int output_dir_remove(struct output_dir *d, const char *name);

/* Call fn for each name in the directory but "." and "..", in no order.  Ends
 * early if fn returns -1, and does not report for it.  Returns 0. */
int output_dir_list(
    struct output_dir *d, int (*fn)(void *ctx, const char *name), void *ctx);

#endif
