/*
 * Writes the lines of a stream after its header.  Each function appends one
 * whole line to out, whose member failed tells if memory ran out.
 */
#ifndef SKEL_STREAM_WRITER_H
#define SKEL_STREAM_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "stream/header.h"

/* Writes a binary record.  map is the index in the header and time_ns is of
 * CLOCK_REALTIME.  Key and value are as they lie in memory; without a key
 * key_len is 0. */
void stream_write_record(struct buf *out, unsigned int map, uint64_t time_ns,
    const void *key, size_t key_len, const void *value, size_t value_len);

/* How full a ring buffer was, in bytes. */
struct stream_ring {
	const char *map; /* borrowed */
	bool has_host;   /* of a merged stream: its host is said */
	uint32_t host;
	uint64_t size, most;
};

/* Write the control lines "@lost", "@sampled" (for a pass), "@error" for count
 * records of one kind, "@clock", and "@end", with n rings. */
void stream_write_lost(struct buf *out, const struct stream_header *h,
    unsigned int map, uint64_t count);
void stream_write_pass(struct buf *out, const struct stream_header *h,
    unsigned int map, uint64_t pass, uint64_t keys);
void stream_write_error(struct buf *out, const struct stream_header *h,
    unsigned int map, const char *message, uint64_t count);
void stream_write_clock(struct buf *out, const struct clock_offsets *clock);
void stream_write_end(struct buf *out, uint64_t records, uint64_t lost);
void stream_write_end_rings(struct buf *out, uint64_t records, uint64_t lost,
    const struct stream_ring *rings, size_t n);

/*
 * Refuses to write a stream in this encoding to fd if that is a terminal and
 * the encoding binary.  Returns 0, or -1 after reporting what to type instead.
 */
int stream_check_terminal(enum stream_encoding encoding, int fd);

#endif
