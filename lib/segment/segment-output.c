#include <errno.h>
#include <string.h>

#include "base/report.h"
#include "segment/segment-output.h"

int
segment_output_open(
    struct segment_output *o, int fd, const char *name, bool zstd)
{
	*o = (struct segment_output){ .fd = fd, .name = name };
	if (zstd && (o->compressor = compressor_new()) == NULL)
		return report_nomem();
	return 0;
}

static int
write_bytes(struct segment_output *o, struct buf *b)
{
	o->written += b->len;
	if (buf_write_fd(b, o->fd) == 0)
		return 0;
	report_error("%s: %s", o->name, strerror(errno));
	return -1;
}

int
segment_output_write(struct segment_output *o, struct buf *b)
{
	if (b->failed)
		return report_nomem();
	if (b->len == 0)
		return 0;
	if (o->compressor == NULL)
		return write_bytes(o, b);
	if (!compressor_run(o->compressor, b->data, b->len, &o->packed, false))
		return report_nomem();
	b->len = 0;
	return write_bytes(o, &o->packed);
}

int
segment_output_end(struct segment_output *o)
{
	if (o->compressor == NULL)
		return 0;
	if (!compressor_run(o->compressor, NULL, 0, &o->packed, true))
		return report_nomem();
	return write_bytes(o, &o->packed);
}

void
segment_output_free(struct segment_output *o)
{
	compressor_free(o->compressor);
	buf_free(&o->packed);
	*o = (struct segment_output){ .fd = -1 };
}
