#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/output.h"
#include "base/report.h"
#include "base/signals.h"
#include "base/text.h"
#include "base/util.h"

enum {
	/* Half of a pipe: if one write filled it, the reader would wait for
	 * the write, and then the writer for the reader. */
	FULL = 32 << 10,
	WIDE = 1 << 20, /* bytes in a pipe that need no privilege */
	FULL_WIDE = 64 << 10,
};

/* Report errno.  Returns -1. */
static int
output_fail(struct output *o)
{
	o->failed = true;
	report_error("%s: %s", o->name, strerror(errno));
	return -1;
}

int
output_open(struct output *o, int fd, const char *name)
{
	*o = (struct output){ .fd = fd, .name = name, .full = FULL };
	return fcntl(fd, F_GETFD) != -1 ? 0 : output_fail(o);
}

void
output_widen(struct output *o)
{
	/* It fails if fd is no pipe or the user has too many large ones. */
	if (fcntl(o->fd, F_SETPIPE_SZ, WIDE) != -1)
		o->full = FULL_WIDE;
}

void
output_protect(struct output *o)
{
	o->terminal = true;
}

/* Append the text of from to out, safe for a terminal, and empty from. */
static void
show_on_terminal(struct buf *out, struct buf *from)
{
	const char *p = from->data, *end = p + from->len;

	while (p < end) {
		size_t n = (size_t)(end - p), len = 0;

		while (len < n && p[len] != '\n' && p[len] != '\t' &&
		       p[len] != '\0')
			len++;
		text_write(out, p, len, STYLE_VIS);
		if (len < n && p[len] == '\0')
			buf_printf(out, "\\^@");
		else if (len < n)
			buf_chr(out, p[len]);
		p += len + (len < n);
	}
	from->len = 0;
}

int
output_flush(struct output *o)
{
	struct buf *b = &o->buf;

	if (o->gone || o->failed)
		return -1;
	if (o->rewrite != NULL) {
		o->rewrite(&o->rewritten, b->data, b->len);
		b->len = 0;
		b = &o->rewritten;
	}
	if (o->terminal) {
		if (b->len > 0)
			show_on_terminal(&o->shown, b);
		b = &o->shown;
	}
	if (o->buf.failed || o->rewritten.failed || o->shown.failed) {
		o->failed = true;
		return report_nomem();
	}
	if (b->len == 0 || buf_write_fd(b, o->fd) == 0)
		return 0;
	if (errno == EPIPE) {
		o->gone = true;
		return -1;
	}
	return output_fail(o);
}

int
output_flush_stdio(void)
{
	if (fflush(stdout) == 0)
		return 0;
	report_error("<stdout>: %s", strerror(errno));
	return -1;
}

int
output_close(struct output *o)
{
	int fd, ret = output_flush(o);

	buf_free(&o->buf);
	buf_free(&o->rewritten);
	buf_free(&o->shown);
	/* Some file systems report a full disk only when a descriptor is
	 * closed.  Close a copy, because fd is borrowed. */
	if (o->fd == -1)
		return ret;
	if (ret == 0 && ((fd = dup(o->fd)) == -1 || close(fd) == -1))
		ret = output_fail(o);
	return ret;
}

int
output_wait(const struct output *o, int in_fd, int timeout_ms)
{
	struct pollfd p[] = {
		{ .fd = in_fd, .events = POLLIN },
		{ .fd = o->fd, .events = 0 },
		{ .fd = signals_wake_fd(), .events = POLLIN },
	};
	int ret = 0;

	if (poll(p, nitems(p), timeout_ms) <= 0)
		return 0;
	if (p[2].revents != 0)
		signals_clear_wake();
	if (p[0].revents != 0)
		ret |= OUTPUT_READY;
	if (p[1].revents & (POLLERR | POLLHUP | POLLNVAL))
		ret |= OUTPUT_GONE;
	return ret;
}
