/*
 * Decompressor: the bytes that were compressed as gzip (RFC 1952) or zstd (RFC
 * 8878), also as several members or frames, one after another.
 *
 * It works piece by piece, with bounded memory: of zstd at most a window of 128
 * MiB, which is the most that zstd(1) needs unless it is told otherwise.
 */
#ifndef SKEL_STREAM_DECOMPRESSOR_H
#define SKEL_STREAM_DECOMPRESSOR_H

#include <stdbool.h>
#include <stddef.h>

enum decompressor_format {
	DECOMPRESSOR_NONE,    /* neither */
	DECOMPRESSOR_UNKNOWN, /* the next bytes tell */
	DECOMPRESSOR_GZIP,
	DECOMPRESSOR_ZSTD,
};

struct decompressor; /* opaque */

/* What data is that begins with these n bytes. */
enum decompressor_format decompressor_detect(const char *bytes, size_t n);

/* For DECOMPRESSOR_GZIP or DECOMPRESSOR_ZSTD.  Returns NULL if memory runs out,
 * which is not reported. */
struct decompressor *decompressor_new(enum decompressor_format format);
void decompressor_free(struct decompressor *d);

/*
 * Takes bytes from *in, of which there are *n, and writes at most room bytes at
 * out.  Advances *in and *n by what was taken, and sets *got to what was
 * written: if that is less than room, more has to be given.  Returns NULL, or
 * what is wrong with the data, "the gzip data is damaged"; then d must not be
 * used any more.
 */
const char *decompressor_run(struct decompressor *d, const char **in, size_t *n,
    char *out, size_t room, size_t *got);

/* What is wrong if the data ends here; NULL if nothing is. */
const char *decompressor_end(const struct decompressor *d);

#endif
