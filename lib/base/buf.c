#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/nomem.h"
#include "base/signals.h"

void
buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}

char *
buf_grow(struct buf *b, size_t more)
{
	size_t cap = b->cap < 256 ? 256 : b->cap;
	char *p;

	if (b->failed || more > SIZE_MAX / 4 - b->len) {
		b->failed = true;
		return NULL;
	}
	while (cap - b->len < more)
		cap *= 2;
	if ((p = realloc(b->data, cap)) == NULL) {
		b->failed = true;
		nomem_note();
		return NULL;
	}
	b->data = p;
	b->cap = cap;
	return p + b->len;
}

void
buf_add(struct buf *b, const void *data, size_t len)
{
	char *p;

	if (len == 0 || (p = buf_room(b, len)) == NULL)
		return;
	memcpy(p, data, len);
	b->len += len;
}

void
buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_list(struct buf *b, size_t start, const char *item)
{
	if (b->len > start)
		buf_str(b, ", ");
	buf_str(b, item);
}

void
buf_blanks(struct buf *b, size_t n)
{
	enum { FEW = 32 };
	char *p = buf_room(b, n < FEW ? FEW : n);

	if (p == NULL)
		return;
	/* The compiler turns a constant length into two wide stores. */
	memset(p, ' ', FEW);
	if (n > FEW)
		memset(p + FEW, ' ', n - FEW);
	b->len += n;
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || (p = buf_room(b, (size_t)n + 1)) == NULL) {
		b->failed = true;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

/* After a read or write of fd that failed: whether to do it again, because a
 * signal came, or because somebody who shares the pipe made it nonblocking and
 * it is ready only now. */
static bool
buf_may_retry(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	if (errno == EAGAIN)
		return poll(&p, 1, -1) != -1 || errno == EINTR;
	return errno == EINTR;
}

int
buf_read_fd(struct buf *b, int fd, size_t max)
{
	ssize_t n;
	char *p;

	for (;;) {
		if ((p = buf_room(b, 65536)) == NULL) {
			errno = ENOMEM;
			return -1;
		}
		n = read(fd, p, 65536);
		if (n == -1 && buf_may_retry(fd, POLLIN)) {
			if (!signals_stop())
				continue;
			errno = EINTR;
		}
		if (n <= 0)
			return (int)n;
		b->len += (size_t)n;
		if (b->len > max) {
			errno = EFBIG;
			return -1;
		}
	}
}

int
buf_write_fd(struct buf *b, int fd)
{
	size_t done = 0;
	ssize_t n;

	while (done < b->len) {
		n = write(fd, b->data + done, b->len - done);
		if (n == -1 && buf_may_retry(fd, POLLOUT))
			continue;
		if (n == -1)
			return -1;
		done += (size_t)n;
	}
	b->len = 0;
	return 0;
}
