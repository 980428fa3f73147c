/*
 * Compresses by gzip (RFC 1952), with a header that has no time and no name, so
 * that the same bytes always become the same file.
 */
#ifndef SKEL_PROFILE_GZIP_H
#define SKEL_PROFILE_GZIP_H

#include <stddef.h>

#include "base/buf.h"

/* Append the compressed form of len bytes.  If memory runs out, out->failed is
 * set. */
void gzip_write(struct buf *out, const void *data, size_t len);

#endif
