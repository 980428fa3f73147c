#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/util.h"
#include "lookup/message.h"
#include "types/kind.h"

bool
lookup_is_host_kind(uint64_t kind)
{
	return kind == KIND_UID || kind == KIND_GID || kind == KIND_IFINDEX ||
	       kind == KIND_CGROUP || kind == KIND_CONTAINER;
}

size_t
lookup_file_len(const struct lookup_file *f)
{
	return offsetof(struct lookup_file, path) + strlen(f->path) + 1;
}

size_t
lookup_find_len(const struct lookup_find *f)
{
	return offsetof(struct lookup_find, v) + f->n * sizeof(f->v[0]);
}

int
lookup_send(
    int fd, const void *message, size_t len, const int fds[2], bool dont_wait)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec part = { .iov_base = (void *)(uintptr_t)message,
		.iov_len = len };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
	int sent[2] = { -1, -1 };
	size_t n = 0;

	for (size_t i = 0; fds != NULL && i < 2; i++)
		if (fds[i] != -1)
			sent[n++] = fds[i];
	if (n > 0) {
		control.header = (struct cmsghdr){
			.cmsg_len = CMSG_LEN(n * sizeof(int)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		};
		memcpy(CMSG_DATA(&control.header), sent, n * sizeof(int));
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(n * sizeof(int));
	}
	while (sendmsg(fd, &m, MSG_NOSIGNAL | (dont_wait ? MSG_DONTWAIT : 0)) ==
	       -1)
		if (errno != EINTR)
			return -1;
	return 0;
}

/* Whether the kinds of a request are those of its file. */
static bool
has_sound_kinds(const struct lookup_find *f)
{
	for (uint32_t i = 0; f->file == LOOKUP_HOST && i < f->n; i++)
		if (!lookup_is_host_kind(f->v[i].is_return))
			return false;
	return true;
}

/* Whether the lengths and the counts of a message are sound. */
static bool
is_sound(struct lookup_packet *p, size_t nfds)
{
	const union lookup_message *m = &p->m;
	size_t len = p->len, head = offsetof(struct lookup_found, v);

	if (len < sizeof(m->head))
		return false;
	switch ((enum lookup_type)m->head.type) {
	case LOOKUP_FILE:
		head = offsetof(struct lookup_file, path);
		if (len <= head || len - head > LOOKUP_PATH_MAX ||
		    m->file.path[len - head - 1] != '\0' ||
		    m->head.number == LOOKUP_HOST || m->file.has_fd > 1 ||
		    m->file.has_root > 1 ||
		    m->file.has_fd + m->file.has_root != nfds)
			return false;
		/* A root directory alone came first. */
		if (m->file.has_root && !m->file.has_fd) {
			p->fds[1] = p->fds[0];
			p->fds[0] = -1;
		}
		return true;
	case LOOKUP_FIND:
		return len >= offsetof(struct lookup_find, v) &&
		       m->find.n > 0 && m->find.n <= LOOKUP_OFFSETS_MAX &&
		       len == lookup_find_len(&m->find) && nfds == 0 &&
		       has_sound_kinds(&m->find);
	case LOOKUP_IMAGE:
		return len == sizeof(m->image) && m->image.n > 0 &&
		       m->image.n <= LOOKUP_BUILD_ID_MAX && nfds == 0;
	case LOOKUP_FOUND:
		return len >= head && m->found.n <= SYMBOL_STORE_INLINES_MAX &&
		       len - head >= m->found.n * sizeof(m->found.v[0]) &&
		       nfds == 0 &&
		       (m->found.n == 0 || m->bytes[len - 1] == '\0');
	case LOOKUP_BAD:
		return len == sizeof(m->bad) &&
		       m->bad.reason < LOOKUP_REASONS && nfds == 0;
	case LOOKUP_READY:
	case LOOKUP_DONE:
	case LOOKUP_FORGET:
		return len == sizeof(m->head) && nfds == 0;
	}
	return false;
}

int
lookup_receive(int fd, struct lookup_packet *p, bool dont_wait)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct iovec part = { .iov_base = &p->m, .iov_len = sizeof(p->m) };
	struct msghdr m = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c;
	size_t nfds = 0;
	ssize_t n;

	p->fds[0] = p->fds[1] = -1;
	while ((n = recvmsg(fd, &m,
		    MSG_CMSG_CLOEXEC | (dont_wait ? MSG_DONTWAIT : 0))) == -1)
		if (errno != EINTR)
			return errno == ECONNRESET ? 0 : -1;
	if (n == 0)
		return 0;
	c = CMSG_FIRSTHDR(&m);
	if (c != NULL && c->cmsg_level == SOL_SOCKET &&
	    c->cmsg_type == SCM_RIGHTS) {
		nfds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(p->fds, CMSG_DATA(c), nfds * sizeof(int));
	}
	p->len = (size_t)n;
	if ((m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 && is_sound(p, nfds))
		return 1;
	lookup_packet_close(p);
	errno = EPROTO;
	return -1;
}

void
lookup_packet_close(struct lookup_packet *p)
{
	for (size_t i = 0; i < nitems(p->fds); i++)
		if (p->fds[i] != -1)
			close(p->fds[i]);
	p->fds[0] = p->fds[1] = -1;
}

/* Appends a text if it fits.  Returns its offset in the text that begins at
 * start, or UINT32_MAX. */
static uint32_t
add_text(union lookup_message *m, size_t start, size_t *len, const char *text)
{
	size_t at = *len, n;

	if (text == NULL)
		return UINT32_MAX;
	n = strnlen(text, SYMBOL_STORE_TEXT_MAX);
	if (n >= sizeof(m->bytes) - at)
		return UINT32_MAX;
	memcpy(m->bytes + at, text, n);
	m->bytes[at + n] = '\0';
	*len = at + n + 1;
	return (uint32_t)(at - start);
}

size_t
lookup_found_fill(union lookup_message *m, uint32_t request, uint32_t index,
    const struct symbol_frame *frames, size_t n, bool settled)
{
	struct lookup_found *f = &m->found;
	size_t start = offsetof(struct lookup_found, v) + n * sizeof(f->v[0]);
	size_t len = start;

	f->head = (struct lookup_head){ LOOKUP_FOUND, request };
	f->index = index;
	f->n = (uint32_t)n;
	f->settled = settled;
	f->unused = 0;
	for (size_t i = 0; i < n; i++) {
		f->v[i] = (struct lookup_frame){
			.offset = frames[i].offset,
			.line = frames[i].line,
			.has_offset = frames[i].has_offset,
		};
		f->v[i].symbol = add_text(m, start, &len, frames[i].symbol);
		f->v[i].file = add_text(m, start, &len, frames[i].file);
	}
	return len;
}

/* The text at an offset of those that end at end, or NULL. */
static const char *
text_at(const char *start, const char *end, uint32_t offset)
{
	return offset < (size_t)(end - start) ? start + offset : NULL;
}

size_t
lookup_found_frames(const struct lookup_packet *p, struct symbol_frame *frames)
{
	const struct lookup_found *f = &p->m.found;
	const char *start = (const char *)&f->v[f->n];
	const char *end = p->m.bytes + p->len;
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct lookup_frame *from = &f->v[i];
		struct symbol_frame to = {
			.symbol = text_at(start, end, from->symbol),
			.has_offset = from->has_offset != 0,
			.offset = from->offset,
			.file = text_at(start, end, from->file),
			.line = from->line,
		};

		if (to.symbol != NULL)
			frames[n++] = to;
	}
	return n;
}
