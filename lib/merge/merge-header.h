/*
 * Merge header: the header of a stream that is made of several, from theirs;
 * see "Merged streams" in skel-stream(5).
 */
#ifndef SKEL_MERGE_MERGE_HEADER_H
#define SKEL_MERGE_MERGE_HEADER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "stream/header.h"

/* A stream that is merged: the inputs that are parts of it, such as segments,
 * have the same header. */
struct merge_source {
	char *text; /* owned: the line of its header, without the newline */
	size_t len;
	json_t *header; /* owned: the same as a tree */
	size_t nmaps, nhosts;
	enum stream_encoding encoding;
	/* Set by merge_header_make(): where its maps and its hosts begin. */
	unsigned int first_map;
	uint32_t first_host;
};

/* Make a source of a header that was parsed, whose line this is.  Returns 0, or
 * -1 after reporting. */
int merge_source_open(struct merge_source *s, const struct stream_header *h,
    const char *text, size_t len);
void merge_source_close(struct merge_source *s);

/*
 * Make the header of the n streams, at least one: of one stream it is the same
 * line.  Appends the line to text, with its newline, and sets *h to what it
 * says, to be freed by the caller.  Returns 0; or -1 after reporting that they
 * are too many for one stream, with h empty.
 */
int merge_header_make(struct merge_source *const *sources, size_t n,
    struct stream_header *h, struct buf *text);

#endif
