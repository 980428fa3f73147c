#include "profile/protobuf.h"

/* What follows a field's number: a varint, or a length and bytes. */
enum { WIRE_VARINT = 0, WIRE_LEN = 2 };

void
protobuf_varint(struct buf *out, uint64_t v)
{
	while (v >= 0x80) {
		buf_chr(out, (char)(v | 0x80));
		v >>= 7;
	}
	buf_chr(out, (char)v);
}

void
protobuf_number(struct buf *out, uint32_t field, uint64_t v)
{
	if (v == 0)
		return;
	protobuf_varint(out, (uint64_t)field << 3 | WIRE_VARINT);
	protobuf_varint(out, v);
}

void
protobuf_bytes(struct buf *out, uint32_t field, const void *data, size_t len)
{
	protobuf_varint(out, (uint64_t)field << 3 | WIRE_LEN);
	protobuf_varint(out, len);
	if (len > 0)
		buf_add(out, data, len);
}
