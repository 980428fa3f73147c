#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/util.h"
#include "stream/decompressor.h"

enum {
	GZIP_WINDOW = 15 + 16, /* any window, and the header of gzip */
	ZSTD_WINDOW = 27,      /* a power of two, in bytes */
};

struct decompressor {
	enum decompressor_format format;
	bool inside; /* a member or frame has begun, and has not ended */
	z_stream gzip;
	ZSTD_DStream *zstd; /* owned, or NULL */
};

static const struct {
	enum decompressor_format format;
	size_t len;
	char magic[4];
} formats[] = {
	{ DECOMPRESSOR_GZIP, 2, "\x1f\x8b" },
	{ DECOMPRESSOR_ZSTD, 4, { '\x28', '\xb5', '\x2f', '\xfd' } },
};

enum decompressor_format
decompressor_detect(const char *bytes, size_t n)
{
	for (size_t i = 0; i < nitems(formats); i++) {
		size_t len = formats[i].len;

		if (memcmp(bytes, formats[i].magic, n < len ? n : len) == 0)
			return n < len ? DECOMPRESSOR_UNKNOWN
				       : formats[i].format;
	}
	return DECOMPRESSOR_NONE;
}

struct decompressor *
decompressor_new(enum decompressor_format format)
{
	struct decompressor *d = calloc(1, sizeof(*d));
	bool good;

	if (d == NULL)
		return NULL;
	d->format = format;
	if (format == DECOMPRESSOR_GZIP)
		good = inflateInit2(&d->gzip, GZIP_WINDOW) == Z_OK;
	else
		good = (d->zstd = ZSTD_createDStream()) != NULL &&
		       !ZSTD_isError(ZSTD_DCtx_setParameter(
			   d->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW));
	if (good)
		return d;
	decompressor_free(d);
	return NULL;
}

void
decompressor_free(struct decompressor *d)
{
	if (d == NULL)
		return;
	if (d->format == DECOMPRESSOR_GZIP)
		inflateEnd(&d->gzip);
	ZSTD_freeDStream(d->zstd);
	free(d);
}

static const char *
run_gzip(struct decompressor *d)
{
	z_stream *z = &d->gzip;
	int ret;

	/* Inside a member there may be more than what was taken gives. */
	while (z->avail_out > 0 && (z->avail_in > 0 || d->inside)) {
		if (!d->inside && inflateReset(z) != Z_OK)
			return "the gzip data cannot be read";
		d->inside = true;
		ret = inflate(z, Z_NO_FLUSH);
		if (ret == Z_MEM_ERROR)
			return "out of memory for gzip data";
		if (ret == Z_BUF_ERROR)
			break;
		if (ret == Z_STREAM_END)
			d->inside = false;
		else if (ret != Z_OK)
			return "the gzip data is damaged";
	}
	return NULL;
}

static const char *
run_zstd(struct decompressor *d, ZSTD_inBuffer *in, ZSTD_outBuffer *out)
{
	size_t ret, before;

	do {
		before = in->pos + out->pos;
		ret = ZSTD_decompressStream(d->zstd, out, in);
		if (!ZSTD_isError(ret)) {
			/* Without input, 0 is no end of a frame. */
			if (in->pos + out->pos != before)
				d->inside = ret != 0;
			continue;
		}
		switch (ZSTD_getErrorCode(ret)) {
		case ZSTD_error_frameParameter_windowTooLarge:
			return "the zstd data needs a window of more than 128 "
			       "MiB";
		case ZSTD_error_memory_allocation:
			return "out of memory for zstd data";
		default:
			return "the zstd data is damaged";
		}
	} while (in->pos + out->pos != before && out->pos < out->size);
	return NULL;
}

const char *
decompressor_run(struct decompressor *d, const char **in, size_t *n, char *out,
    size_t room, size_t *got)
{
	ZSTD_inBuffer zin = { *in, *n, 0 };
	ZSTD_outBuffer zout = { out, room, 0 };
	const char *wrong;

	if (d->format == DECOMPRESSOR_ZSTD) {
		wrong = run_zstd(d, &zin, &zout);
	} else {
		d->gzip.next_in = (unsigned char *)(uintptr_t)*in;
		d->gzip.avail_in = (unsigned int)*n;
		d->gzip.next_out = (unsigned char *)out;
		d->gzip.avail_out = (unsigned int)room;
		wrong = run_gzip(d);
		zin.pos = *n - d->gzip.avail_in;
		zout.pos = room - d->gzip.avail_out;
	}
	*in += zin.pos;
	*n -= zin.pos;
	*got = zout.pos;
	return wrong;
}

const char *
decompressor_end(const struct decompressor *d)
{
	if (!d->inside)
		return NULL;
	return d->format == DECOMPRESSOR_GZIP ? "the gzip data ends early"
					      : "the zstd data ends early";
}
