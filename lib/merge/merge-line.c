#include "merge/merge-line.h"

#include <string.h>

#include "base/json-cursor.h"
#include "base/json-doc.h"
#include "base/text.h"
#include "stream/cobs.h"
#include "stream/line.h"

/* Where the index of the map is in a line whose first block is not empty. */
enum { CODE_AT = 1, INDEX_AT = 2 };

/* Stuff the body anew: the index was a newline, which is in no line, or is one
 * now. */
static void
stuff_again(struct buf *out, const char *text, size_t len, unsigned int map,
    struct buf *scratch)
{
	const unsigned char *stuffed = (const unsigned char *)text + CODE_AT;
	unsigned char *body;
	struct cobs_piece piece;
	ssize_t n;
	char *p;

	scratch->len = 0;
	body = (unsigned char *)buf_room(scratch, len);
	if (body == NULL ||
	    (n = cobs_unstuff(body, stuffed, len - CODE_AT)) < 1) {
		out->failed |= body == NULL;
		return;
	}
	body[0] = (unsigned char)map;
	piece = (struct cobs_piece){ body, (size_t)n };
	if ((p = buf_room(out, 1 + COBS_MAX((size_t)n) + 1)) == NULL)
		return;
	*p = STREAM_TAG;
	n = (ssize_t)cobs_stuff((unsigned char *)p + 1, &piece, 1);
	p[1 + n] = '\n';
	out->len += 1 + (size_t)n + 1;
}

void
merge_line_record(struct buf *out, const char *text, size_t len,
    unsigned int map, struct buf *scratch)
{
	unsigned int block = (unsigned char)text[CODE_AT] ^ '\n';
	char *p;

	if (block < 2 || map == '\n') {
		stuff_again(out, text, len, map, scratch);
		return;
	}
	if ((p = buf_room(out, len + 1)) == NULL)
		return;
	memcpy(p, text, len);
	p[INDEX_AT] = (char)map;
	p[len] = '\n';
	out->len += len + 1;
}

/* Append "KEY":"TEXT" after before. */
static void
add_text(struct buf *out, const char *before, const char *text)
{
	buf_str(out, before);
	text_write(out, text, strlen(text), STYLE_JSON);
	buf_chr(out, '"');
}

int
merge_line_json(struct buf *out, const char *text, size_t len,
    const struct stream_header *h, unsigned int map, size_t *wrong_at)
{
	const struct stream_map *m = &h->maps[map];
	size_t start = out->len;
	struct json_value key, value;
	struct json_cursor c;
	int got = -1;

	add_text(out, "{\"@map\":\"", m->name);
	add_text(out, ",\"@host\":\"", stream_header_host(h, map));
	if (stream_header_needs_host_index(h, map))
		buf_printf(out, ",\"@host_index\":\"%u\"", m->host);
	if (m->label != NULL)
		add_text(out, ",\"@type\":\"", m->label);
	json_cursor_open(&c, text, len);
	if (json_cursor_enter(&c))
		while ((got = json_cursor_next_member(&c, &key)) == 1) {
			if (!json_cursor_read(&c, &value)) {
				got = -1;
				break;
			}
			if (json_value_is(&key, "@map") ||
			    json_value_is(&key, "@host") ||
			    json_value_is(&key, "@host_index") ||
			    (m->label != NULL && json_value_is(&key, "@type")))
				continue;
			buf_chr(out, ',');
			buf_add(out, key.text,
			    (size_t)(value.text + value.len - key.text));
		}
	if (got == -1 || !json_cursor_is_done(&c)) {
		*wrong_at = (size_t)(c.p - text) + 1;
		out->len = start;
		return -1;
	}
	buf_str(out, "}\n");
	return 0;
}

void
merge_line_control(struct buf *out, json_t *line, uint32_t host)
{
	json_t *value = json_object_iter_value(json_object_iter(line));

	if ((json_is_object(value) && json_object_set_new(value, "host",
					  json_doc_u64_new(host)) == -1) ||
	    json_doc_write(line, out) == -1)
		out->failed = true;
	buf_chr(out, '\n');
}
