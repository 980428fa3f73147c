/*
 * A growable run of bytes.  Memory that runs out is remembered, not returned
 * by each call: append freely, look at failed once before the bytes are used.
 */
#ifndef SKEL_BASE_BUF_H
#define SKEL_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data; /* owned; not NUL-terminated */
	size_t len;
	size_t cap;
	bool failed; /* memory ran out; len no longer grows */
};

/* Release what b holds and make it empty; a zeroed struct buf is empty too. */
void buf_free(struct buf *b);

/* buf_room() where there is none yet. */
char *buf_grow(struct buf *b, size_t more);

/*
 * Make room for more bytes behind len and return where they start, or NULL
 * with failed set.  The caller writes there and adds to len.
 */
static inline char *
buf_room(struct buf *b, size_t more)
{
	/* Nearly always there is room, and records ask several times. */
	if (!b->failed && b->cap - b->len >= more)
		return b->data + b->len;
	return buf_grow(b, more);
}

void buf_add(struct buf *b, const void *data, size_t len);
void buf_str(struct buf *b, const char *s);
void buf_blanks(struct buf *b, size_t n);

/* Append an item to the list that starts at start in b: "a, b, c". */
void buf_list(struct buf *b, size_t start, const char *item);

static inline void
buf_chr(struct buf *b, char c)
{
	char *p = buf_room(b, 1);

	if (p == NULL)
		return;
	*p = c;
	b->len++;
}

void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Read fd to its end into b.  Returns 0, or -1 with errno set: EFBIG when
 * there are more than max bytes.
 */
int buf_read_fd(struct buf *b, int fd, size_t max);

/*
 * Write all of b to fd and make b empty.  Returns 0, or -1 with errno set;
 * EINTR is tried again.
 */
int buf_write_fd(struct buf *b, int fd);

#endif
