#include <sys/stat.h>

#include "document.h"

int
document_open(struct document *d, const char *path)
{
	d->path = path;
	d->file = (struct output_file)OUTPUT_FILE_NONE;
	if (output_dir_open_parent(&d->dir, path, &d->name) == -1)
		return -1;
	output_dir_sweep(&d->dir, d->name);
	return 0;
}

int
document_begin(struct document *d, struct output *out)
{
	out->name = d->path;
	if (out->failed ||
	    output_file_replace(&d->file, &d->dir, d->name) == -1) {
		out->failed = true;
		return -1;
	}
	out->fd = d->file.fd;
	return 0;
}

int
document_publish(struct document *d, struct output *out)
{
	int ret = output_flush(out);

	/* Nothing is to be written between two documents. */
	out->fd = -1;
	if (ret == 0 && output_file_publish(&d->file, false) == -1)
		ret = -1;
	if (ret == -1) {
		output_file_discard(&d->file);
		out->failed = true;
	}
	return ret;
}

/* Whether anything was, or is to be, written. */
static bool
has_text(const struct document *d, const struct output *out)
{
	struct stat st;

	return out->buf.len > 0 ||
	       (d->file.fd != -1 && fstat(d->file.fd, &st) == 0 &&
		   st.st_size > 0);
}

void
document_end(struct document *d, struct output *out)
{
	if (!out->failed && has_text(d, out) &&
	    (d->file.fd != -1 || document_begin(d, out) == 0))
		document_publish(d, out);
	out->fd = -1;
	out->buf.len = 0;
	output_file_discard(&d->file);
	output_dir_close(&d->dir);
	d->path = NULL;
}
