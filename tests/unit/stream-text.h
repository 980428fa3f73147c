/*
 * Headers as text, and readers of text, for the unit programs of streams.
 */
#ifndef SKEL_UNIT_STREAM_TEXT_H
#define SKEL_UNIT_STREAM_TEXT_H

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "stream/reader.h"

#define HEAD(rest)                                                             \
	"{\"skel\":\"stream\",\"version\":1,\"name\":\"x_bpf\","               \
	"\"encoding\":\"binary\",\"host\":\"h\",\"boot_id\":\"b\","            \
	"\"started\":\"s\"," rest "}\n"
#define SESSION(rest)                                                          \
	"{\"skel\":\"session\",\"version\":1,\"name\":\"x_bpf\","              \
	"\"encoding\":\"binary\",\"host\":\"h\",\"boot_id\":\"b\","            \
	"\"started\":\"s\"," rest "}\n"
#define SAMPLE                                                                 \
	"\"sample\":{\"interval\":1000,\"type\":\"log2_hist\","                \
	"\"unit\":\"usecs\",\"clear_map\":true}"
#define TYPES                                                                  \
	"\"types\":[{\"kind\":\"int\",\"name\":\"u32\",\"size\":4,"            \
	"\"signed\":false},{\"kind\":\"int\",\"name\":\"u64\",\"size\":8,"     \
	"\"signed\":false}]"
#define MAPS(maps) HEAD("\"maps\":[" maps "]," TYPES)
#define RINGBUF "{\"name\":\"rb\",\"source\":\"ringbuf\",\"value\":1}"
#define RAW "{\"name\":\"raw\",\"source\":\"perf\"}"
#define SAMPLED                                                                \
	"{\"name\":\"s\",\"source\":\"sample\",\"value\":0,\"key\":1,"         \
	"\"cpus\":2," SAMPLE "}"
/* Three maps: 8 bytes a record; raw; 8 bytes of key and 8 for each of 2 CPUs.
 */
#define THREE MAPS(RINGBUF "," RAW "," SAMPLED)

/* Opens a reader of len bytes of text, in an unnamed file. */
static inline enum stream_opening
open_bytes(struct stream_reader *r, const char *text, size_t len)
{
	int fd = memfd_create("run.skel", MFD_CLOEXEC);
	struct buf b = { 0 };

	buf_add(&b, text, len);
	if (buf_write_fd(&b, fd) == -1 || lseek(fd, 0, SEEK_SET) == -1)
		perror("run.skel");
	buf_free(&b);
	check_forget();
	return stream_reader_open(r, fd, "run.skel");
}

static inline enum stream_opening
open_text(struct stream_reader *r, const char *text)
{
	return open_bytes(r, text, strlen(text));
}

static inline void
close_reader(struct stream_reader *r)
{
	int fd = r->input.fd;

	stream_reader_close(r);
	close(fd);
}

#endif
