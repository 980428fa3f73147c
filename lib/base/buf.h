/*
 * A growable run of bytes.  Appending returns nothing: when memory runs out,
 * failed is set and what follows is not appended, so the caller checks failed
 * once, before it uses the bytes.
 */
#ifndef SKEL_BASE_BUF_H
#define SKEL_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

/* A zeroed one is empty. */
struct buf {
	char *data; /* owned; not NUL-terminated; NULL at first */
	size_t len;
	size_t cap;
	bool failed; /* memory ran out; len no longer grows */
};

/* Release the bytes and make b empty. */
void buf_free(struct buf *b);

/* The part of buf_room() that allocates. */
char *buf_grow(struct buf *b, size_t more);

/*
 * Make room for more bytes after len.  Returns a pointer to them, where the
 * caller writes before it adds to len, or NULL with failed set.
 */
static inline char *
buf_room(struct buf *b, size_t more)
{
	/* Inline, because every record asks several times and nearly always
	 * there is room. */
	if (!b->failed && b->cap - b->len >= more)
		return b->data + b->len;
	return buf_grow(b, more);
}

void buf_add(struct buf *b, const void *data, size_t len);
void buf_str(struct buf *b, const char *s);
void buf_blanks(struct buf *b, size_t n);

/* Append an item to the list that starts at offset start: "a, b, c". */
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
 * Read fd to its end and append what comes, waiting also if fd is nonblocking.
 * Returns 0, or -1 with errno set:
 * EFBIG if b then holds more than max bytes.
 */
int buf_read_fd(struct buf *b, int fd, size_t max);

/*
 * Write all of b to fd, waiting also if fd is nonblocking, and make b empty,
 * but keep its memory.  Returns 0, or -1 with errno set and b unchanged, though
 * some of it may have been written.
 */
int buf_write_fd(struct buf *b, int fd);

#endif
