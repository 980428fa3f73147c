#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/report.h"
#include "stream/line-input.h"

enum { READ_SIZE = 256 << 10 }; /* bytes that one read(2) asks for */

void
line_input_close(struct line_input *l)
{
	buf_free(&l->in);
	*l = (struct line_input){ .fd = -1 };
}

/* Moves what was not consumed to the front if the end of the buffer is near. */
static void
compact_input(struct line_input *l)
{
	size_t len = line_input_len(l);

	if (l->start == 0 || (len != 0 && l->in.cap - l->in.len >= READ_SIZE))
		return;
	memmove(l->in.data, l->in.data + l->start, len);
	l->in.len = len;
	l->start = 0;
}

int
line_input_fill(struct line_input *l)
{
	ssize_t n;
	char *p;

	compact_input(l);
	if ((p = buf_room(&l->in, READ_SIZE)) == NULL) {
		report_nomem();
		l->error = errno = ENOMEM;
		return -1;
	}
	n = read(l->fd, p, READ_SIZE);
	if (n > 0) {
		l->in.len += (size_t)n;
		return 1;
	}
	if (n == 0)
		l->eof = true;
	else if (errno != EINTR && errno != EAGAIN)
		l->error = errno;
	return (int)n;
}

int
line_input_wait(struct line_input *l)
{
	struct pollfd p = { .fd = l->fd, .events = POLLIN };
	int got;

	while ((got = line_input_fill(l)) == -1 && l->error == 0)
		if (errno == EAGAIN)
			poll(&p, 1, -1);
	return got == 1;
}

const char *
line_input_read(struct line_input *l, size_t max)
{
	const char *end;

	while ((end = line_input_find(l)) == NULL && line_input_len(l) <= max &&
	       !l->eof && l->error == 0)
		line_input_wait(l);
	return end;
}
