#include "stream/json-record.h"
#include <stdlib.h>

#include "base/json-cursor.h"

static int
report_not_json(struct stream_reader *r, const struct stream_line *line,
    const struct json_cursor *c)
{
	stream_reader_bad(
	    r, "not JSON from column %zu on", (size_t)(c->p - line->text) + 1);
	return -1;
}

int
stream_json_string(struct stream_reader *r, const struct stream_line *line,
    const char *name, struct buf *text)
{
	struct json_value key, value;
	struct json_cursor c;
	int got = -1;

	text->len = 0;
	json_cursor_open(&c, line->text, line->text_len);
	if (json_cursor_enter(&c))
		while ((got = json_cursor_next_member(&c, &key)) == 1) {
			if (!json_cursor_read(&c, &value)) {
				got = -1;
				break;
			}
			if (!json_value_is(&key, name))
				continue;
			if (value.kind == JSON_VALUE_STRING)
				json_value_decode(&value, text);
			break;
		}
	if (got == -1)
		return report_not_json(r, line, &c);
	buf_chr(text, '\0');
	return text->failed ? -1 : 0;
}

/* Find the entry of a map of a host with this label; NULL: the first one.
 * index is that of the host, as a text, "" if its name is enough. */
static int
find_of_host(const struct stream_header *h, const char *map, const char *host,
    const char *index, const char *label)
{
	char *end;
	unsigned long i = strtoul(index, &end, 10);

	if (*index == '\0' || *end != '\0' || i >= h->nhosts)
		return stream_header_find_entry(h, map, host, label);
	return stream_header_find_entry_of(h, map, (uint32_t)i, label);
}

/* Find the entry in a merged stream, by its map, host and type. */
static int
find_merged_entry(struct stream_reader *r, const struct stream_line *line,
    const char *map, struct buf *host)
{
	const struct stream_header *h = &r->header;
	struct buf index = { 0 }, label = { 0 };
	int i = -1;

	if (*map == '\0') {
		stream_reader_bad(r, "the record does not name its map, and "
				     "the stream is merged");
		return -1;
	}
	if (stream_json_string(r, line, "@host", host) == -1)
		return -1;
	i = stream_header_find_entry(h, map, host->data, NULL);
	if (i != -1 && stream_header_needs_host_index(h, (unsigned int)i) &&
	    stream_json_string(r, line, "@host_index", &index) == 0)
		i = find_of_host(h, map, host->data, index.data, NULL);
	if (i != -1 && h->maps[i].label != NULL &&
	    stream_json_string(r, line, "@type", &label) == 0)
		i = find_of_host(h, map, host->data,
		    index.len > 0 ? index.data : "",
		    label.data[0] != '\0' ? label.data : NULL);
	host->failed |= index.failed || label.failed;
	if (i == -1 && !host->failed)
		stream_reader_bad(r,
		    "the record is of map \"%s\" of host \"%s\", which the "
		    "header does not have with its type",
		    map, host->data);
	buf_free(&index);
	buf_free(&label);
	return i;
}

int
stream_json_entry(struct stream_reader *r, const struct stream_line *line,
    const char *map, struct buf *scratch)
{
	const struct stream_header *h = &r->header;
	int i;

	if (h->nhosts > 0)
		return find_merged_entry(r, line, map, scratch);
	if (*map == '\0' && h->nmaps == 1)
		return 0;
	if (*map == '\0') {
		stream_reader_bad(r, "the record does not name its map, and "
				     "the header has several");
		return -1;
	}
	i = stream_header_find_map(h, map);
	if (i == -1)
		stream_reader_bad(r,
		    "the record is of map \"%s\", which the header does not "
		    "have",
		    map);
	if (i == -1 || h->maps[i].label == NULL)
		return i;
	if (stream_json_string(r, line, "@type", scratch) == -1)
		return -1;
	if (scratch->data[0] == '\0')
		return i;
	i = stream_header_find_entry(h, map, NULL, scratch->data);
	if (i == -1)
		stream_reader_bad(r,
		    "the record is of type \"%s\", which map \"%s\" does not "
		    "have in the header",
		    scratch->data, map);
	return i;
}

bool
stream_json_check(struct stream_reader *r, const struct stream_line *line)
{
	struct json_value object;
	struct json_cursor c;

	json_cursor_open(&c, line->text, line->text_len);
	if (json_cursor_read(&c, &object) && json_cursor_is_done(&c))
		return true;
	report_not_json(r, line, &c);
	return false;
}
