/*
 * The files on the command line of a filter: each is read in turn, "-" is
 * standard input, and so are no files at all.
 */
#ifndef SKEL_INPUT_FILES_H
#define SKEL_INPUT_FILES_H

#include <stdbool.h>

#include "base/output.h"
#include "output-dir.h"

/* What is done with them. */
struct input_files_reader {
	/* Reads fd, whose name is for messages.  Returns 0, or -1 after
	 * reporting. */
	int (*run)(void *ctx, int fd, const char *name);
	/* Whether no further file matters. */
	bool (*is_over)(const void *ctx);
	void *ctx;
};

/* Whether there are files to open besides standard input. */
bool input_files_open_any(int nfiles, char *const files[]);

/* Reads all of them.  Returns 0, or -1 if one could not be opened, which is
 * reported, or if run() returned -1 for one. */
int input_files_run(
    int nfiles, char *const files[], const struct input_files_reader *r);

/*
 * The same as all that a filter does: catches signals, confines the process,
 * which may write to dir unless that is NULL, and has out as its standard
 * output.  Returns 0, or -1 after reporting; it is no failure if the reader of
 * the output leaves.
 */
int input_files_filter(int nfiles, char *const files[],
    const struct input_files_reader *r, struct output *out,
    const struct output_dir *dir);

#endif
