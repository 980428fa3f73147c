/*
 * Protocol buffers: appends the fields of a message in the wire format, as
 * https://protobuf.dev/programming-guides/encoding/ describes it.  Only what
 * profiles need: varints, and fields that have a length.
 *
 * A field that is 0 or empty is left out, which is what proto3 means by it.
 */
#ifndef SKEL_PROFILE_PROTOBUF_H
#define SKEL_PROFILE_PROTOBUF_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Append a number in 7 bits a byte, the lowest ones first; a negative one as
 * its two's complement in 64 bits. */
void protobuf_varint(struct buf *out, uint64_t v);

/* Append a field of a number: of the types int64, uint64, and bool. */
void protobuf_number(struct buf *out, uint32_t field, uint64_t v);

/* Append a field of len bytes: of the types string, bytes, message, and packed
 * numbers.  It is written also if it is empty. */
void protobuf_bytes(
    struct buf *out, uint32_t field, const void *data, size_t len);

#endif
