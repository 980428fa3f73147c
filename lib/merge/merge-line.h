/*
 * Merge lines: the lines of a stream as they are in one of several streams,
 * where maps and hosts have other numbers.
 *
 * Each function appends one whole line; if memory runs out, out->failed is set.
 */
#ifndef SKEL_MERGE_MERGE_LINE_H
#define SKEL_MERGE_MERGE_LINE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "stream/header.h"

/* Append a binary record, whose line without its newline is the len bytes at
 * text and was read without an error, as one of map.  scratch is room. */
void merge_line_record(struct buf *out, const char *text, size_t len,
    unsigned int map, struct buf *scratch);

/*
 * Append a JSON record, the object of len bytes at text, as one of map of h,
 * which is merged: its map and its host come first, and its type if it needs
 * one.  Returns 0; or -1 if the text is no JSON, with the column where it
 * ceases to be in *wrong_at: then nothing was appended.
 */
int merge_line_json(struct buf *out, const char *text, size_t len,
    const struct stream_header *h, unsigned int map, size_t *wrong_at);

/* Append a control line, the tree of its object, as one about a host.  The tree
 * is changed. */
void merge_line_control(struct buf *out, json_t *line, uint32_t host);

#endif
