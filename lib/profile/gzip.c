#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>

#include "profile/gzip.h"

enum {
	GZIP_WINDOW_BITS = 15 + 16, /* deflateInit2(): with gzip's header */
	GZIP_MEMORY_LEVEL = 8,
	CHUNK = 1 << 16,
	INPUT_MAX = 1 << 30, /* of one call, whose numbers have 32 bits */
};

/* Compress what z has as input, and with Z_FINISH end the file.  Returns
 * whether there was memory. */
static bool
deflate_all(z_stream *z, int flush, struct buf *out)
{
	int got;

	do {
		z->next_out = (Bytef *)buf_room(out, CHUNK);
		z->avail_out = CHUNK;
		if (z->next_out == NULL)
			return false;
		got = deflate(z, flush);
		out->len += CHUNK - z->avail_out;
	} while (z->avail_out == 0 || (flush == Z_FINISH && got == Z_OK));
	return true;
}

void
gzip_write(struct buf *out, const void *data, size_t len)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)data };
	bool last = false;

	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
		GZIP_WINDOW_BITS, GZIP_MEMORY_LEVEL,
		Z_DEFAULT_STRATEGY) != Z_OK) {
		out->failed = true;
		return;
	}
	while (!last) {
		z.avail_in = len < INPUT_MAX ? (uInt)len : INPUT_MAX;
		len -= z.avail_in;
		last = len == 0;
		if (!deflate_all(&z, last ? Z_FINISH : Z_NO_FLUSH, out))
			break;
	}
	deflateEnd(&z);
}
