/*
 * lib/lookup/image: the functions of ELF files, of this program itself and
 * of damaged copies of it, which may give wrong names but must not do harm.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "check.h"
#include "host/mappings.h"
#include "lookup/image.h"

enum { ROUNDS = 300, LOOKS = 64 };

static struct buf own;

__attribute__((noinline)) static int
looked_for(void)
{
	return check_failures;
}

static void __attribute__((noreturn)) fail_without_memory(void)
{
	fprintf(stderr, "libdw found no memory\n");
	exit(1);
}

static int
open_own(void)
{
	return open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
}

/* The offset in its file of the code at address p. */
static uint64_t
offset_of(const void *p)
{
	struct mappings m = { 0 };
	const struct mapping *at;
	uint64_t addr = (uint64_t)(uintptr_t)p, offset = 0;

	CHECK_NUM(mappings_read(&m, getpid()), 0);
	at = mappings_find(&m, addr);
	CHECK(at != NULL);
	if (at != NULL)
		offset = addr - at->start + at->offset;
	mappings_free(&m);
	return offset;
}

static void
check_own(void)
{
	struct symbol_frame f[SYMBOL_STORE_INLINES_MAX];
	struct image *m =
	    image_open(open_own(), NULL, -1, UINT64_MAX, fail_without_memory);
	uint64_t offset = offset_of((const void *)(uintptr_t)looked_for);

	CHECK(m != NULL);
	if (m == NULL)
		return;
	CHECK_NUM(image_find(m, offset, false, f, SYMBOL_STORE_INLINES_MAX), 1);
	CHECK_STR(f[0].symbol, "looked_for");
	CHECK_NUM(f[0].offset, 0);
	CHECK(f[0].file != NULL && strstr(f[0].file, "image.c") != NULL);
	/* A call at the end of a function returns to the next function. */
	CHECK_NUM(
	    image_find(m, offset + 1, true, f, SYMBOL_STORE_INLINES_MAX), 1);
	CHECK_STR(f[0].symbol, "looked_for");
	CHECK_NUM(f[0].offset, 1);
	CHECK_NUM(
	    image_find(m, UINT64_MAX, true, f, SYMBOL_STORE_INLINES_MAX), 0);
	image_close(m);
}

/* Resolve addresses in a file of these bytes. */
static void
look_at(const char *bytes, size_t n)
{
	struct symbol_frame f[SYMBOL_STORE_INLINES_MAX];
	int fd = memfd_create("damaged", MFD_CLOEXEC);
	struct image *m;

	CHECK(write(fd, bytes, n) == (ssize_t)n);
	m = image_open(fd, NULL, -1, UINT64_MAX, fail_without_memory);
	for (size_t i = 0; m != NULL && i < LOOKS; i++) {
		size_t found = image_find(m, (uint64_t)random() % n, i % 2 == 0,
		    f, SYMBOL_STORE_INLINES_MAX);

		CHECK(found <= SYMBOL_STORE_INLINES_MAX);
		for (size_t k = 0; k < found; k++)
			CHECK(strlen(f[k].symbol) > 0);
	}
	image_close(m);
}

/* Damage the headers, which are at both ends, more often than the rest. */
static size_t
somewhere(size_t n)
{
	switch (random() % 4) {
	case 0:
		return (size_t)random() % 1024;
	case 1:
		return n - 1 - (size_t)random() % 4096;
	default:
		return (size_t)random() % n;
	}
}

static void
check_damaged(void)
{
	char *copy = malloc(own.len);

	CHECK(copy != NULL && own.len > 8192);
	if (copy == NULL || own.len <= 8192)
		return;
	srandom(1);
	for (int round = 0; round < ROUNDS; round++) {
		memcpy(copy, own.data, own.len);
		for (long hits = 1 + random() % 32; hits > 0; hits--)
			copy[somewhere(own.len)] =
			    random() % 2 == 0 ? (char)random() : '\xff';
		look_at(copy, own.len);
	}
	free(copy);
	for (size_t n = 0; n < own.len; n += 1 + own.len / 50)
		look_at(own.data, n);
}

int
main(void)
{
	int fd = open_own();

	CHECK_NUM(buf_read_fd(&own, fd, 256 << 20), 0);
	close(fd);
	check_own();
	check_damaged();
	buf_free(&own);
	return looked_for() + check_done();
}
