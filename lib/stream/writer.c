#include <unistd.h>

#include "base/json-doc.h"
#include "base/report.h"
#include "base/util.h"
#include "stream/cobs.h"
#include "stream/line.h"
#include "stream/stream-clock.h"
#include "stream/writer.h"

void
stream_write_record(struct buf *out, unsigned int map, uint64_t time_ns,
    const void *key, size_t key_len, const void *value, size_t value_len)
{
	unsigned char head[STREAM_BODY_HEAD];
	const struct cobs_piece pieces[] = {
		{ head, sizeof(head) },
		{ key, key_len },
		{ value, value_len },
	};
	size_t body = sizeof(head) + key_len + value_len;
	char *p = buf_room(out, 1 + COBS_MAX(body) + 1);

	if (p == NULL)
		return;
	head[0] = (unsigned char)map;
	for (int i = 0; i < 8; i++)
		head[1 + i] = (unsigned char)(time_ns >> (8 * i));
	*p = STREAM_TAG;
	body = cobs_stuff((unsigned char *)p + 1, pieces, nitems(pieces));
	p[1 + body] = '\n';
	out->len += 1 + body + 1;
}

/* Appends {"NAME":value} and a newline.  Takes over the reference to value,
 * which is NULL if memory ran out. */
static void
write_control_line(struct buf *out, const char *name, json_t *value)
{
	json_t *line = json_pack("{so}", name, value);

	if (line == NULL || json_doc_write(line, out) == -1)
		out->failed = true;
	else
		buf_chr(out, '\n');
	json_decref(line);
}

/* The same for a line about a map, which in a merged stream has its host. */
static void
write_map_line(struct buf *out, const struct stream_header *h, unsigned int map,
    const char *name, json_t *value)
{
	if (h->nhosts > 0 && value != NULL &&
	    json_object_set_new(
		value, "host", json_doc_u64_new(h->maps[map].host)) == -1)
		out->failed = true;
	write_control_line(out, name, value);
}

void
stream_write_lost(struct buf *out, const struct stream_header *h,
    unsigned int map, uint64_t count)
{
	write_map_line(out, h, map, "@lost",
	    json_pack("{ssso}", "map", h->maps[map].name, "count",
		json_doc_u64_new(count)));
}

void
stream_write_pass(struct buf *out, const struct stream_header *h,
    unsigned int map, uint64_t pass, uint64_t keys)
{
	write_map_line(out, h, map, "@sampled",
	    json_pack("{sssoso}", "map", h->maps[map].name, "round",
		json_doc_u64_new(pass), "keys", json_doc_u64_new(keys)));
}

void
stream_write_error(struct buf *out, const struct stream_header *h,
    unsigned int map, const char *message, uint64_t count)
{
	json_t *error =
	    json_pack("{ssss}", "map", h->maps[map].name, "message", message);

	if (count != 1 && json_object_set_new(
			      error, "count", json_doc_u64_new(count)) == -1) {
		json_decref(error);
		error = NULL;
	}
	write_map_line(out, h, map, "@error", error);
}

void
stream_write_clock(struct buf *out, const struct clock_offsets *clock)
{
	write_control_line(out, "@clock", stream_clock_to_json(clock));
}

void
stream_write_end(struct buf *out, uint64_t records, uint64_t lost)
{
	stream_write_end_rings(out, records, lost, NULL, 0);
}

static json_t *
ring_to_json(const struct stream_ring *ring)
{
	json_t *json = json_pack("{sssoso}", "map", ring->map, "size",
	    json_doc_u64_new(ring->size), "most", json_doc_u64_new(ring->most));

	if (json != NULL && ring->has_host &&
	    json_object_set_new(json, "host", json_doc_u64_new(ring->host)) ==
		-1) {
		json_decref(json);
		return NULL;
	}
	return json;
}

void
stream_write_end_rings(struct buf *out, uint64_t records, uint64_t lost,
    const struct stream_ring *rings, size_t n)
{
	json_t *list = n > 0 ? json_array() : NULL;

	/* json_array_append_new() fails if memory ran out. */
	for (size_t i = 0; i < n; i++)
		if (json_array_append_new(list, ring_to_json(&rings[i])) == -1)
			out->failed = true;
	write_control_line(out, "@end",
	    json_pack("{sososo*}", "records", json_doc_u64_new(records), "lost",
		json_doc_u64_new(lost), "rings", list));
}

int
stream_check_terminal(enum stream_encoding encoding, int fd)
{
	if (encoding != STREAM_BINARY || !isatty(fd))
		return 0;
	report_error("a terminal cannot show a binary stream; append "
		     "\"| skel-fmt\" to the command, or add -f json");
	return -1;
}
