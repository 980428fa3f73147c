#include <zstd.h>

#include "segment/compressor.h"

struct compressor *
compressor_new(void)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();

	/* A reader then finds that a frame was damaged. */
	if (z != NULL)
		ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	return (struct compressor *)z;
}

void
compressor_free(struct compressor *c)
{
	ZSTD_freeCCtx((ZSTD_CCtx *)c);
}

bool
compressor_run(struct compressor *c, const char *data, size_t n,
    struct buf *out, bool ends)
{
	ZSTD_inBuffer in = { .src = data, .size = n };
	size_t left;

	do {
		ZSTD_outBuffer to = { .size = ZSTD_CStreamOutSize() };

		if ((to.dst = buf_room(out, to.size)) == NULL)
			return false;
		left = ZSTD_compressStream2(
		    (ZSTD_CCtx *)c, &to, &in, ends ? ZSTD_e_end : ZSTD_e_flush);
		if (ZSTD_isError(left))
			return false;
		out->len += to.pos;
	} while (left > 0);
	return true;
}
