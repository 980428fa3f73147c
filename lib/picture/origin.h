/*
 * Origin: what a picture says of the streams that it is of: programs, hosts,
 * and the times when they began, and how much of them was lost.
 */
#ifndef SKEL_PICTURE_ORIGIN_H
#define SKEL_PICTURE_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "stream/header.h"

/* A zeroed one is of no stream. */
struct origin {
	/* Owned: of the first stream; NULL: there was none. */
	char *program, *host, *started;
	size_t streams;
	bool other_program, other_host; /* than those of the first stream */
	uint64_t lost;                  /* records that never arrived */
	uint64_t unread;                /* and that could not be read */
	size_t cut;                     /* streams without their end */
	bool failed;                    /* memory ran out */
};

void origin_free(struct origin *o);

/* Note that records of a stream are shown. */
void origin_add(struct origin *o, const struct stream_header *h);

/* Append the title of a picture, as XML: "WHAT: PROGRAM on HOST". */
void origin_write_title(
    const struct origin *o, const char *what, struct buf *out);

/* Append when it began, as XML: "since 2026-11-22T14:48:00Z". */
void origin_write_start(const struct origin *o, struct buf *out);

/* Append what was lost, as XML; nothing if nothing was. */
void origin_write_lost(const struct origin *o, struct buf *out);

#endif
