/*
 * FILE in --prom=FILE and in the like of other forms: a document that comes to
 * its place only when it is whole.  A form whose traits say that it is a
 * document takes such a file.
 *
 * The functions report errors and return -1.
 */
#ifndef SKEL_DOCUMENT_H
#define SKEL_DOCUMENT_H

#include "base/output.h"
#include "output-dir.h"

struct document {
	const char *path; /* borrowed; NULL: the form goes to standard output */
	const char *name; /* the last part of path */
	struct output_dir dir;
	struct output_file file;
};

/* Open the directory of path, before confine_filter_writing().  Returns 0. */
int document_open(struct document *d, const char *path);

/* Begin to write the document: what out holds, and flushes from now on.
 * Returns 0. */
int document_begin(struct document *d, struct output *out);

/* Write what out holds, and replace the file.  If any of it failed, the old one
 * stays.  Returns 0. */
int document_publish(struct document *d, struct output *out);

/*
 * Publish what is left, if there is any, and release d.  An input that had
 * nothing to show, as one that is no stream, replaces nothing.
 */
void document_end(struct document *d, struct output *out);

#endif
