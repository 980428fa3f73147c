#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "poll/bpf-iter.h"

enum { READ_BYTES = 64 << 10 }; /* by one read(2): a step */

void
bpf_iter_open(struct bpf_iter *i, const char *name, size_t size)
{
	*i = (struct bpf_iter){ .name = name, .size = size, .fd = -1 };
}

static void
end_pass(struct bpf_iter *i)
{
	if (i->running)
		close(i->fd);
	i->running = false;
	i->fd = -1;
	i->in.len = i->scanned = 0;
}

void
bpf_iter_close(struct bpf_iter *i)
{
	end_pass(i);
	buf_free(&i->in);
}

int
bpf_iter_check_link(const struct bpf_iter *i, int link)
{
	struct bpf_link_info info = { 0 };
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(link, &info, &len) != 0) {
		report_error("iterator %s: %s", i->name, strerror(errno));
		return -1;
	}
	if (info.type == BPF_LINK_TYPE_ITER)
		return 0;
	report_error("iterator %s: its link is none of an iterator", i->name);
	return -1;
}

int
bpf_iter_start(struct bpf_iter *i, int link)
{
	end_pass(i);
	i->seen = 0;
	i->fd = bpf_iter_create(link);
	i->running = i->fd >= 0;
	if (i->running)
		return 0;
	report_error(
	    "iterator %s: cannot be read: %s", i->name, strerror(errno));
	return -1;
}

/* The length of the next record in the n bytes at p with what ends it in
 * *used; 0 when it is not whole yet. */
static size_t
next_line(struct bpf_iter *i, const char *p, size_t n, size_t *used)
{
	const char *end = memchr(p + i->scanned, '\n', n - i->scanned);

	if (end != NULL) {
		*used = (size_t)(end - p) + 1;
		return *used - 1;
	}
	if (n >= ITER_LINE_MAX)
		return *used = ITER_LINE_MAX;
	i->scanned = n;
	*used = 0;
	return 0;
}

static size_t
next_record(struct bpf_iter *i, const char *p, size_t n, size_t *used)
{
	if (i->size == 0)
		return next_line(i, p, n, used);
	return *used = n >= i->size ? i->size : 0;
}

/* Hand on the records that are whole. */
static int
hand_on(struct bpf_iter *i, iter_fn *fn, void *ctx)
{
	size_t at = 0, len, used;
	int ret = 0;

	while (ret == 0 && at < i->in.len) {
		len = next_record(i, i->in.data + at, i->in.len - at, &used);
		if (used == 0)
			break;
		i->scanned = 0;
		i->seen++;
		ret = fn(ctx, i->in.data + at, len);
		at += used;
	}
	if (at == 0)
		return ret;
	i->in.len -= at;
	memmove(i->in.data, i->in.data + at, i->in.len);
	return ret;
}

/* What is left at the end: a line without its newline, or part of a record. */
static int
hand_on_rest(struct bpf_iter *i, iter_fn *fn, void *ctx)
{
	int ret = 0;

	if (i->in.len > 0) {
		i->seen++;
		ret = fn(ctx, i->in.data, i->in.len);
	}
	end_pass(i);
	return ret;
}

int
bpf_iter_step(struct bpf_iter *i, iter_fn *fn, void *ctx)
{
	uint64_t seen = i->seen;
	int ret = hand_on(i, fn, ctx);
	char *room;
	ssize_t n;

	/* fn wanted no more in the middle of what was read. */
	if (ret != 0 || i->seen > seen)
		return ret;
	room = buf_room(&i->in, READ_BYTES);
	if (room == NULL)
		return report_nomem();
	n = read(i->fd, room, READ_BYTES);
	if (n == 0)
		return hand_on_rest(i, fn, ctx);
	if (n > 0) {
		i->in.len += (size_t)n;
		return hand_on(i, fn, ctx);
	}
	/* EAGAIN: a million objects went by without a word of the program
	 * (Linux, kernel/bpf/bpf_iter.c). */
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	report_error("iterator %s: %s", i->name,
	    errno == E2BIG ? "it writes more for one object than the kernel's "
			     "buffer holds"
			   : strerror(errno));
	end_pass(i);
	return -1;
}
