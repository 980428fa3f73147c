#include "merge-write.h"

#include <stdlib.h>
#include <string.h>

#include "base/json-doc.h"
#include "base/report.h"
#include "merge/merge-line.h"
#include "stream/json-record.h"
#include "stream/writer.h"

enum {
	RINGS_MAX = 4096, /* entries of "rings" that are kept */
	/* What streams have told is kept for another header, of each of them
	 * and of all together. */
	TOLD_MAX = 16 << 20,
	TOLD_ALL_MAX = 256 << 20,
};

static void
copy_text(struct merge *m, const char *text, size_t len)
{
	buf_add(&m->out->buf, text, len);
	buf_chr(&m->out->buf, '\n');
}

void
merge_write_record(struct merge *m, const struct merge_input *in,
    unsigned int map, const char *text, size_t len)
{
	m->records++;
	if (merge_is_alone(m))
		copy_text(m, text, len);
	else
		merge_line_record(&m->out->buf, text, len,
		    in->stream->source.first_map + map, &m->scratch);
}

void
merge_write_json(
    struct merge *m, struct merge_input *in, const char *text, size_t len)
{
	struct stream_line line = { .text = text, .text_len = len };
	size_t wrong_at;
	int map;

	if (merge_is_alone(m)) {
		m->records++;
		copy_text(m, text, len);
		return;
	}
	if (stream_json_string(&in->in, &line, "@map", &m->map) == -1 ||
	    (map = stream_json_entry(
		 &in->in, &line, m->map.data, &m->scratch)) == -1) {
		m->out->buf.failed |= m->map.failed || m->scratch.failed;
		return;
	}
	if (merge_line_json(&m->out->buf, text, len, &m->header,
		in->stream->source.first_map + (unsigned int)map,
		&wrong_at) == -1)
		stream_reader_bad(
		    &in->in, "not JSON from column %zu on", wrong_at);
	else
		m->records++;
}

/* The host that a line of a stream is about, in the output. */
static uint32_t
host_of_line(const struct merge_stream *s, const json_t *value)
{
	uint64_t host = 0;

	if (s->source.nhosts > 1)
		json_doc_u64(json_object_get(value, "host"), &host);
	if (host >= s->source.nhosts)
		host = 0;
	return s->source.first_host + (uint32_t)host;
}

/* Append a line that is about a stream. */
static void
write_about(struct merge *m, const struct merge_stream *s, const char *text,
    size_t len, json_t *tree)
{
	json_t *parsed = NULL;

	if (merge_is_alone(m)) {
		copy_text(m, text, len);
		return;
	}
	if (tree == NULL)
		tree = parsed = json_doc_parse(text, len, "<merged>", 0);
	if (tree == NULL)
		m->out->buf.failed = true;
	else
		merge_line_control(&m->out->buf, tree,
		    host_of_line(
			s, json_object_iter_value(json_object_iter(tree))));
	json_decref(parsed);
}

void
merge_write_control(struct merge *m, const struct merge_input *in,
    const char *text, size_t len, json_t *tree)
{
	write_about(m, in->stream, text, len, tree);
}

void
merge_write_cut(struct merge *m, const struct merge_stream *s)
{
	if (merge_is_alone(m))
		return;
	for (uint32_t i = 0; i < s->source.nhosts; i++)
		buf_printf(&m->out->buf, "{\"@cut\":{\"host\":%u}}\n",
		    s->source.first_host + i);
}

/*
 * The ends.
 */

/* Add a number of one end to that of all. */
static int
add_number(json_t *end, const char *key, uint64_t more)
{
	uint64_t n = 0;

	json_doc_u64(json_object_get(end, key), &n);
	if (__builtin_add_overflow(n, more, &n))
		n = UINT64_MAX;
	return json_object_set_new(end, key, json_doc_u64_new(n));
}

/* The entry for the same ring, or NULL. */
static json_t *
find_ring(const json_t *rings, const json_t *ring)
{
	const json_t *name = json_object_get(ring, "map"),
		     *host = json_object_get(ring, "host");
	json_t *entry;
	size_t i;

	json_array_foreach (rings, i, entry)
		if (json_equal(json_object_get(entry, "map"), name) &&
		    (host == NULL ||
			json_equal(json_object_get(entry, "host"), host)))
			return entry;
	return NULL;
}

/* Add how full a ring was; parts of one stream have had one ring. */
static int
add_ring(const struct merge *m, const struct merge_stream *s, json_t *rings,
    const json_t *from)
{
	json_t *ring = json_copy((json_t *)(uintptr_t)from), *same;
	uint64_t most, before;
	int ret = ring == NULL ? -1 : 0;

	if (ret == 0 && !merge_is_alone(m))
		ret = json_object_set_new(
		    ring, "host", json_doc_u64_new(host_of_line(s, from)));
	if (ret == 0 && (same = find_ring(rings, ring)) != NULL) {
		if (json_doc_u64(json_object_get(ring, "most"), &most) &&
		    json_doc_u64(json_object_get(same, "most"), &before) &&
		    most > before)
			ret = json_object_set_new(
			    same, "most", json_doc_u64_new(most));
	} else if (ret == 0 && json_array_size(rings) < RINGS_MAX) {
		ret = json_array_append(rings, ring);
	}
	json_decref(ring);
	return ret;
}

static int
add_rings(struct merge *m, const struct merge_stream *s, const json_t *from)
{
	json_t *rings = json_object_get(m->end, "rings"), *ring;
	size_t i;

	if (rings == NULL) {
		rings = json_array();
		if (json_object_set_new(m->end, "rings", rings) == -1)
			return -1;
	}
	json_array_foreach (from, i, ring)
		if (json_is_object(ring) && add_ring(m, s, rings, ring) == -1)
			return -1;
	return 0;
}

/* Records and losses come first, and are known at the end. */
static json_t *
new_end(void)
{
	return json_pack("{sisi}", "records", 0, "lost", 0);
}

void
merge_take_end(
    struct merge *m, const struct merge_input *in, const struct stream_line *l)
{
	const char *key;
	json_t *value;
	uint64_t n;
	int ret = 0;

	in->stream->lost_ends += l->lost;
	json_decref(m->last_end);
	m->last_end = json_incref((json_t *)(uintptr_t)l->value);
	m->last_line.len = 0;
	buf_add(&m->last_line, l->text, l->text_len);
	m->out->buf.failed |= m->last_line.failed;
	if (m->end == NULL && (m->end = new_end()) == NULL)
		m->out->buf.failed = true;
	json_object_foreach ((json_t *)(uintptr_t)l->value, key, value) {
		if (strcmp(key, "records") == 0 || strcmp(key, "lost") == 0)
			continue;
		if (json_doc_u64(value, &n))
			ret |= add_number(m->end, key, n);
		else if (strcmp(key, "rings") == 0 && json_is_array(value))
			ret |= add_rings(m, in->stream, value);
	}
	if (ret != 0)
		m->out->buf.failed = true;
}

/* What all streams of the output have lost since the last end. */
static uint64_t
take_lost(struct merge *m)
{
	uint64_t lost = 0;

	for (struct merge_stream *s = m->streams; s != NULL; s = s->next) {
		uint64_t all =
		    s->lost_lines > s->lost_ends ? s->lost_lines : s->lost_ends;

		if (!s->in_header)
			continue;
		lost += all - s->reported;
		s->reported = all;
	}
	return lost;
}

/* A stream that is alone has an end if its last part had one, or if it goes on
 * behind another header. */
static bool
has_end(const struct merge *m)
{
	const struct merge_stream *s = m->streams;

	if (!merge_is_alone(m))
		return true;
	while (s != NULL && !s->in_header)
		s = s->next;
	return s != NULL && (s->users > 0 || s->last_ended);
}

void
merge_write_end(struct merge *m)
{
	struct buf *out = &m->out->buf;
	uint64_t lost = take_lost(m);
	json_t *line;

	if (m->begun && has_end(m)) {
		if (m->end == NULL)
			m->end = new_end();
		line = json_pack("{sO}", "@end", m->end);
		if (line == NULL ||
		    json_object_set_new(m->end, "records",
			json_doc_u64_new(m->records)) == -1 ||
		    json_object_set_new(
			m->end, "lost", json_doc_u64_new(lost)) == -1)
			out->failed = true;
		else if (merge_is_alone(m) && json_equal(m->end, m->last_end))
			buf_add(out, m->last_line.data, m->last_line.len);
		else if (json_doc_write(line, out) == -1)
			out->failed = true;
		buf_chr(out, '\n');
		json_decref(line);
	}
	json_decref(m->end);
	json_decref(m->last_end);
	m->end = m->last_end = NULL;
	m->records = 0;
	m->begun = false;
}

/*
 * The header.
 */

/* The oldest are dropped. */
void
merge_keep_told(
    struct merge *m, struct merge_stream *s, const char *text, size_t len)
{
	size_t most = TOLD_ALL_MAX / m->n, half;
	const char *end;

	if (most > TOLD_MAX)
		most = TOLD_MAX;
	if (len > most / 2)
		return;
	if (s->told.len + len > most) {
		half = s->told.len / 2;
		end = memchr(s->told.data + half, '\n', s->told.len - half);
		half = (size_t)(end + 1 - s->told.data);
		memmove(s->told.data, end + 1, s->told.len - half);
		s->told.len -= half;
	}
	buf_add(&s->told, text, len);
	buf_chr(&s->told, '\n');
	m->out->buf.failed |= s->told.failed;
}

/* Append the lines about names and clocks that a stream has had. */
static void
write_told(struct merge *m, const struct merge_stream *s)
{
	const char *p = s->told.data, *end;

	for (size_t left = s->told.len; left > 0;
	     left -= (size_t)(end + 1 - p), p = end + 1) {
		end = memchr(p, '\n', left);
		write_about(m, s, p, (size_t)(end - p), NULL);
	}
}

/* Make a header.  If it cannot be made, the streams of the one before go on as
 * they are in that. */
static int
make_header(struct merge_source *const *sources, size_t n,
    struct stream_header *h, struct buf *text)
{
	struct merge_source *old = calloc(n, sizeof(*old));
	int ret = old == NULL ? report_nomem() : 0;

	for (size_t i = 0; i < n && ret == 0; i++)
		old[i] = *sources[i];
	if (ret == 0)
		ret = merge_header_make(sources, n, h, text);
	for (size_t i = 0; i < n && ret == -1 && old != NULL; i++)
		*sources[i] = old[i];
	free(old);
	return ret;
}

int
merge_write_header(
    struct merge *m, struct merge_stream *const *streams, size_t n)
{
	struct merge_source **sources = calloc(n, sizeof(*sources));
	struct stream_header header;
	struct buf text = { 0 };
	int ret = -1;

	if (sources == NULL)
		return report_nomem();
	for (size_t i = 0; i < n; i++)
		sources[i] = &streams[i]->source;
	if (make_header(sources, n, &header, &text) == 0) {
		ret = 0;
		merge_write_end(m);
		stream_header_free(&m->header);
		m->header = header;
		m->nstreams = n;
		m->begun = true;
		buf_add(&m->out->buf, text.data, text.len);
		for (struct merge_stream *s = m->streams; s != NULL;
		     s = s->next)
			s->in_header = false;
		for (size_t i = 0; i < n; i++) {
			streams[i]->in_header = true;
			write_told(m, streams[i]);
		}
	}
	buf_free(&text);
	free(sources);
	return ret;
}
