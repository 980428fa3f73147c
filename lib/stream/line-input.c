#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/report.h"
#include "stream/line-input.h"

enum {
	READ_SIZE = 256 << 10,  /* bytes that one read(2) asks for */
	PACKED_SIZE = 64 << 10, /* and of compressed data */
};

void
line_input_close(struct line_input *l)
{
	buf_free(&l->in);
	buf_free(&l->packed);
	decompressor_free(l->decompressor);
	*l = (struct line_input){ .fd = -1 };
}

static size_t
read_size(const struct line_input *l)
{
	return l->read_size != 0 ? l->read_size : READ_SIZE;
}

/* Moves what was not consumed to the front if the end of the buffer is near. */
static void
compact_input(struct line_input *l)
{
	size_t len = line_input_len(l);

	if (l->start == 0 ||
	    (len != 0 && l->in.cap - l->in.len >= read_size(l)))
		return;
	memmove(l->in.data, l->in.data + l->start, len);
	l->in.len = len;
	l->start = 0;
}

/* Room for what is read; or NULL after reporting. */
static char *
make_room(struct line_input *l, struct buf *b, size_t size)
{
	char *p = buf_room(b, size);

	if (p == NULL) {
		report_nomem();
		l->error = errno = ENOMEM;
	}
	return p;
}

/* Reads once to the end of b.  Returns as read(2) does. */
static ssize_t
read_once(struct line_input *l, struct buf *b, size_t size)
{
	char *p = make_room(l, b, size);
	ssize_t n;

	if (p == NULL)
		return -1;
	n = read(l->fd, p, size);
	if (n > 0)
		b->len += (size_t)n;
	else if (n == -1 && errno != EINTR && errno != EAGAIN)
		l->error = errno;
	return n;
}

static int
set_damage(struct line_input *l, const char *damage)
{
	l->damage = damage;
	l->error = errno = EBADMSG;
	l->is_full = false;
	return -1;
}

/* Reads compressed data, if there is none left.  Returns as line_input_fill()
 * does. */
static int
fill_packed(struct line_input *l)
{
	const char *damage;
	ssize_t n;

	if (l->is_full)
		return 1;
	l->packed.len = l->packed_start = 0;
	n = read_once(l, &l->packed, PACKED_SIZE);
	if (n != 0)
		return n > 0 ? 1 : -1;
	if ((damage = decompressor_end(l->decompressor)) != NULL)
		return set_damage(l, damage);
	l->eof = true;
	return 0;
}

static int
fill_decompressed(struct line_input *l)
{
	const char *from, *damage;
	size_t left, got;
	int ret = fill_packed(l);
	char *p;

	if (ret != 1)
		return ret;
	if ((p = make_room(l, &l->in, read_size(l))) == NULL) {
		l->is_full = false;
		return -1;
	}
	from = l->packed.data + l->packed_start;
	left = l->packed.len - l->packed_start;
	damage = decompressor_run(
	    l->decompressor, &from, &left, p, read_size(l), &got);
	l->in.len += got;
	l->packed_start = l->packed.len - left;
	l->is_full = left > 0 || got == read_size(l);
	if (damage != NULL)
		return set_damage(l, damage);
	errno = EAGAIN;
	return got > 0 ? 1 : -1;
}

/* Finds out whether what was read so far is compressed.  Returns 1, or -1 with
 * errno set. */
static int
detect_compression(struct line_input *l)
{
	enum decompressor_format format =
	    decompressor_detect(l->in.data, l->in.len);

	l->is_known = format != DECOMPRESSOR_UNKNOWN;
	if (format == DECOMPRESSOR_NONE)
		return 1;
	errno = EAGAIN;
	if (!l->is_known)
		return -1;
	if ((l->decompressor = decompressor_new(format)) == NULL) {
		report_nomem();
		l->error = errno = ENOMEM;
		return -1;
	}
	l->packed = l->in;
	l->in = (struct buf){ 0 };
	l->is_full = true;
	return fill_decompressed(l);
}

int
line_input_fill(struct line_input *l)
{
	ssize_t n;

	compact_input(l);
	if (l->decompressor != NULL)
		return fill_decompressed(l);
	n = read_once(l, &l->in, read_size(l));
	l->eof = n == 0;
	if (n > 0 && !l->is_known)
		return detect_compression(l);
	return n > 0 ? 1 : (int)n;
}

const char *
line_input_error(const struct line_input *l)
{
	return l->damage != NULL ? l->damage : strerror(l->error);
}

int
line_input_wait(struct line_input *l)
{
	struct pollfd p = { .fd = l->fd, .events = POLLIN };
	int got;

	while ((got = line_input_fill(l)) == -1 && l->error == 0)
		if (errno == EAGAIN && !l->is_full)
			poll(&p, 1, -1);
	return got == 1 || line_input_len(l) > 0;
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
