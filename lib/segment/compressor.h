/*
 * Compressor: bytes as zstd (RFC 8878), of which those up to a flush can be
 * read whatever becomes of the rest.
 */
#ifndef SKEL_SEGMENT_COMPRESSOR_H
#define SKEL_SEGMENT_COMPRESSOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct compressor; /* opaque */

/* Returns NULL if memory runs out, which is not reported. */
struct compressor *compressor_new(void);
void compressor_free(struct compressor *c);

/* Appends n compressed bytes to out, and with ends the end of the frame, behind
 * which another one may begin.  Returns false if memory runs out. */
bool compressor_run(struct compressor *c, const char *data, size_t n,
    struct buf *out, bool ends);

#endif
