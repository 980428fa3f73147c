#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "poll/bpf-iter.h"

enum { READ_BYTES = 64 << 10 }; /* by one read(2), which is a step */

void
bpf_iter_open(struct bpf_iter *i, const char *name, size_t size)
{
	*i = (struct bpf_iter){ .name = name, .size = size, .fd = -1 };
}

static void
end_iter_pass(struct bpf_iter *i)
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
	end_iter_pass(i);
	buf_free(&i->in);
}

int
bpf_iter_check_link(const struct bpf_iter *i, int link)
{
	struct bpf_link_info info = { 0 };
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(link, &info, &len) != 0) {
		report_error("iterator %s: its link cannot be used: %s",
		    i->name, report_error_text(errno));
		return -1;
	}
	if (info.type == BPF_LINK_TYPE_ITER)
		return 0;
	report_error(
	    "iterator %s: its link is not a link to an iterator", i->name);
	return -1;
}

int
bpf_iter_start(struct bpf_iter *i, int link)
{
	end_iter_pass(i);
	i->seen = 0;
	i->fd = bpf_iter_create(link);
	i->running = i->fd >= 0;
	if (i->running)
		return 0;
	report_error("iterator %s: a pass cannot be started: %s", i->name,
	    report_error_text(errno));
	return -1;
}

/* Returns the length of the line that begins the n bytes at p, and sets *used
 * to its length with the newline; or to 0 if the line is not complete. */
static size_t
find_iter_line(struct bpf_iter *i, const char *p, size_t n, size_t *used)
{
	const char *end = memchr(p + i->scanned, '\n', n - i->scanned);

	if (end != NULL) {
		*used = (size_t)(end - p) + 1;
		return *used - 1;
	}
	if (n >= BPF_ITER_LINE_MAX)
		return *used = BPF_ITER_LINE_MAX;
	i->scanned = n;
	*used = 0;
	return 0;
}

/* Passes on the records that are complete. */
static int
emit_iter_records(struct bpf_iter *i, poll_record_fn *fn, void *ctx)
{
	size_t at = 0, len, used;
	int ret = 0;

	while (ret == 0 && at < i->in.len) {
		const char *p = i->in.data + at;
		size_t n = i->in.len - at;

		if (i->size == 0)
			len = find_iter_line(i, p, n, &used);
		else
			len = used = n >= i->size ? i->size : 0;
		if (used == 0)
			break;
		i->scanned = 0;
		i->seen++;
		ret = fn(ctx, p, len);
		at += used;
	}
	if (at == 0)
		return ret;
	i->in.len -= at;
	memmove(i->in.data, i->in.data + at, i->in.len);
	return ret;
}

/* Ends the pass, and passes on what is left: a line without its newline, or
 * part of a record. */
static int
emit_iter_rest(struct bpf_iter *i, poll_record_fn *fn, void *ctx)
{
	int ret = 0;

	if (i->in.len > 0) {
		i->seen++;
		ret = fn(ctx, i->in.data, i->in.len);
	}
	end_iter_pass(i);
	return ret;
}

int
bpf_iter_step(struct bpf_iter *i, poll_record_fn *fn, void *ctx)
{
	uint64_t seen = i->seen;
	int ret = emit_iter_records(i, fn, ctx);
	char *room;
	ssize_t n;

	/* The last step ended before all that was read had been passed on. */
	if (ret != 0 || i->seen > seen)
		return ret;
	room = buf_room(&i->in, READ_BYTES);
	if (room == NULL)
		return report_nomem();
	n = read(i->fd, room, READ_BYTES);
	if (n == 0)
		return emit_iter_rest(i, fn, ctx);
	if (n > 0) {
		i->in.len += (size_t)n;
		return emit_iter_records(i, fn, ctx);
	}
	/* The kernel returns EAGAIN after a million objects for which the
	 * program wrote nothing (kernel/bpf/bpf_iter.c). */
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	if (errno == E2BIG)
		report_error("iterator %s: the program writes more for one "
			     "object than the kernel's buffer holds",
		    i->name);
	else
		report_error("iterator %s: cannot read its output: %s", i->name,
		    report_error_text(errno));
	end_iter_pass(i);
	return -1;
}
