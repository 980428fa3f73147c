/* lib/lookup/message: messages there and back, and packets that are not sound.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "lookup/message.h"
#include "types/kind.h"

static int ends[2];
static struct lookup_packet p;

static int
get(void)
{
	lookup_packet_close(&p);
	return lookup_receive(ends[1], &p, true);
}

/* Sends the bytes and receives them, with descriptors that may be -1. */
static int
pass(const void *bytes, size_t len, int first, int second)
{
	const int fds[2] = { first, second };

	CHECK_NUM(lookup_send(ends[0], bytes, len, fds, true), 0);
	return get();
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

static void
check_file(void)
{
	struct lookup_file f = { .head = { LOOKUP_FILE, 7 },
		.has_fd = 1,
		.has_root = 1,
		.path = "/bin/x" };
	int fd = open("/", O_PATH | O_CLOEXEC), own;
	size_t len = lookup_file_len(&f);

	CHECK_NUM(pass(&f, len, fd, fd), 1);
	CHECK_NUM(p.len, len);
	CHECK_STR(p.m.file.path, "/bin/x");
	CHECK(is_open(p.fds[0]) && is_open(p.fds[1]));
	CHECK_NUM(fcntl(p.fds[0], F_GETFD), FD_CLOEXEC);
	own = p.fds[1];
	lookup_packet_close(&p);
	CHECK(!is_open(own));
	/* A root directory alone is the second. */
	f.has_fd = 0;
	CHECK_NUM(pass(&f, len, fd, -1), 1);
	CHECK(p.fds[0] == -1 && is_open(p.fds[1]));
	/* More descriptors or fewer than it says. */
	CHECK_NUM(pass(&f, len, fd, fd), -1);
	CHECK_NUM(errno, EPROTO);
	CHECK(p.fds[0] == -1 && p.fds[1] == -1);
	CHECK_NUM(pass(&f, len, -1, -1), -1);
	f.has_root = 2;
	CHECK_NUM(pass(&f, len, fd, fd), -1);
	f.has_root = 0;
	CHECK_NUM(pass(&f, len, -1, -1), 1);
	/* A path without its end, or none at all. */
	CHECK_NUM(pass(&f, len - 1, -1, -1), -1);
	CHECK_NUM(pass(&f, offsetof(struct lookup_file, path), -1, -1), -1);
	close(fd);
}

static void
check_find(void)
{
	struct lookup_find f = {
		.head = { LOOKUP_FIND, 9 }, .file = 3, .n = LOOKUP_OFFSETS_MAX
	};
	int fd = open("/", O_PATH | O_CLOEXEC);

	f.v[LOOKUP_OFFSETS_MAX - 1].at = 42;
	CHECK_NUM(pass(&f, lookup_find_len(&f), -1, -1), 1);
	CHECK_NUM(p.m.find.v[LOOKUP_OFFSETS_MAX - 1].at, 42);
	CHECK_NUM(pass(&f, lookup_find_len(&f) - 8, -1, -1), -1);
	CHECK_NUM(pass(&f, lookup_find_len(&f), fd, -1), -1);
	f.n = 0;
	CHECK_NUM(pass(&f, lookup_find_len(&f), -1, -1), -1);
	f.n = LOOKUP_OFFSETS_MAX + 1;
	CHECK_NUM(pass(&f, sizeof(f), -1, -1), -1);
	f.n = UINT32_MAX;
	CHECK_NUM(pass(&f, sizeof(f), -1, -1), -1);
	close(fd);
}

/* Of the host only numbers that have names are asked for. */
static void
check_host(void)
{
	struct lookup_find f = {
		.head = { LOOKUP_FIND, 9 },
		.file = LOOKUP_HOST,
		.n = 2,
		.v = { { .at = 1000, .is_return = KIND_UID },
		    { .at = 2311, .is_return = KIND_CONTAINER } },
	};
	struct lookup_file file = { .head = { LOOKUP_FILE, LOOKUP_HOST } };

	CHECK_NUM(pass(&f, lookup_find_len(&f), -1, -1), 1);
	CHECK_NUM(p.m.find.v[1].is_return, KIND_CONTAINER);
	f.v[1].is_return = KIND_PID_NS;
	CHECK_NUM(pass(&f, lookup_find_len(&f), -1, -1), -1);
	f.v[1].is_return = (uint64_t)1 << 32 | KIND_UID;
	CHECK_NUM(pass(&f, lookup_find_len(&f), -1, -1), -1);
	f.file = LOOKUP_KERNEL;
	CHECK_NUM(pass(&f, lookup_find_len(&f), -1, -1), 1);
	/* The host is no file. */
	CHECK_NUM(pass(&file, lookup_file_len(&file), -1, -1), -1);
	CHECK_NUM(errno, EPROTO);
}

static void
check_found(void)
{
	static union lookup_message m;
	static char name[SYMBOL_STORE_TEXT_MAX + 2];
	struct symbol_frame in[SYMBOL_STORE_INLINES_MAX] = {
		{ .symbol = "inner", .file = "x.c", .line = 5 },
		{ .symbol = "outer", .has_offset = true, .offset = 17 },
	};
	struct symbol_frame out[SYMBOL_STORE_INLINES_MAX];
	struct lookup_found *f = &m.found;
	size_t len = lookup_found_fill(&m, 9, 3, in, 2, true), n;

	CHECK_NUM(pass(&m, len, -1, -1), 1);
	CHECK_NUM(p.m.found.index, 3);
	CHECK_NUM(p.m.found.settled, 1);
	CHECK_NUM(lookup_found_frames(&p, out), 2);
	CHECK_STR(out[0].symbol, "inner");
	CHECK_STR(out[0].file, "x.c");
	CHECK_NUM(out[0].line, 5);
	CHECK(!out[0].has_offset && out[1].has_offset);
	CHECK_STR(out[1].symbol, "outer");
	CHECK(out[1].file == NULL);
	CHECK_NUM(out[1].offset, 17);
	/* Texts outside of the message: no file, and no frame. */
	f->v[0].file = (uint32_t)len;
	f->v[1].symbol = UINT32_MAX - 1;
	CHECK_NUM(pass(&m, len, -1, -1), 1);
	CHECK_NUM(lookup_found_frames(&p, out), 1);
	CHECK_STR(out[0].symbol, "inner");
	CHECK(out[0].file == NULL);
	/* The last text does not end; the frames do not fit; too many. */
	CHECK_NUM(pass(&m, len - 1, -1, -1), -1);
	CHECK_NUM(
	    pass(&m, offsetof(struct lookup_found, v[2]) - 1, -1, -1), -1);
	f->n = SYMBOL_STORE_INLINES_MAX + 1;
	CHECK_NUM(pass(&m, sizeof(m), -1, -1), -1);
	f->n = UINT32_MAX;
	CHECK_NUM(pass(&m, len, -1, -1), -1);
	/* Long names are cut, and what does not fit is left out. */
	memset(name, 'a', sizeof(name) - 1);
	for (size_t i = 0; i < SYMBOL_STORE_INLINES_MAX; i++)
		in[i] = (struct symbol_frame){ .symbol = name };
	len = lookup_found_fill(&m, 9, 0, in, SYMBOL_STORE_INLINES_MAX, true);
	CHECK(len <= sizeof(m));
	CHECK_NUM(pass(&m, len, -1, -1), 1);
	n = lookup_found_frames(&p, out);
	CHECK(n > 1 && n < SYMBOL_STORE_INLINES_MAX);
	CHECK_NUM(strlen(out[0].symbol), SYMBOL_STORE_TEXT_MAX);
	CHECK_NUM(
	    pass(&m, lookup_found_fill(&m, 9, 0, NULL, 0, false), -1, -1), 1);
	CHECK_NUM(lookup_found_frames(&p, out), 0);
}

static void
check_others(void)
{
	struct lookup_bad bad = {
		.head = { LOOKUP_BAD, 3 }, .reason = LOOKUP_STRIKES, .value = 1
	};
	struct lookup_head head = { LOOKUP_DONE, 3 };

	CHECK_NUM(pass(&bad, sizeof(bad), -1, -1), 1);
	CHECK_NUM(pass(&bad, sizeof(bad) - 1, -1, -1), -1);
	bad.reason = LOOKUP_REASONS;
	CHECK_NUM(pass(&bad, sizeof(bad), -1, -1), -1);
	CHECK_NUM(pass(&head, sizeof(head), -1, -1), 1);
	CHECK_NUM(pass(&head, sizeof(head) - 1, -1, -1), -1);
	CHECK_NUM(pass(&head, 1, -1, -1), -1);
	head.type = LOOKUP_FORGET + 1;
	CHECK_NUM(pass(&head, sizeof(head), -1, -1), -1);
}

/* No noise is more than refused: every byte of a sound message is read. */
static void
check_noise_is_safe(void)
{
	static struct symbol_frame frames[SYMBOL_STORE_INLINES_MAX];
	static char noise[512];
	size_t len, n;

	srandom(1);
	for (int i = 0; i < 20000; i++) {
		len = check_noise(noise, sizeof(noise), "\0\1\2\3\4\5a\xff", 8);
		if (len > 4)
			noise[1] = noise[2] = noise[3] = 0;
		if (len == 0 || pass(noise, len, -1, -1) != 1 ||
		    p.m.head.type != LOOKUP_FOUND)
			continue;
		n = lookup_found_frames(&p, frames);
		for (size_t k = 0; k < n; k++)
			CHECK(strlen(frames[k].symbol) < len);
	}
}

int
main(void)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1)
		return 1;
	p.fds[0] = p.fds[1] = -1;
	CHECK_NUM(get(), -1);
	CHECK_NUM(errno, EAGAIN);
	check_file();
	check_find();
	check_host();
	check_found();
	check_others();
	check_noise_is_safe();
	close(ends[0]);
	CHECK_NUM(get(), 0);
	lookup_packet_close(&p);
	return check_done();
}
