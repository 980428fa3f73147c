#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "split.h"
#include "stream/writer.h"

enum {
	FULL = 64 << 10, /* bytes that are written at once */
	END_ROOM = 96,   /* for "@end" in a segment of limited size */
};

/*
 * A segment of a live stream ends when its time is over, even if nothing comes:
 * this long afterwards, since records come later than their times.  A stream is
 * live if that is not long ago.
 */
#define IDLE_NS CLOCK_SECOND
#define LIVE_NS (10 * CLOCK_SECOND)

static void
free_part(struct split_part *p)
{
	if (p == NULL)
		return;
	segment_free(&p->segment);
	segment_output_free(&p->output);
	output_file_discard(&p->file);
	buf_free(&p->out);
	free(p->path);
	free(p);
}

static bool
is_in_use(const void *ctx, const char *name)
{
	const struct split *s = ctx;

	for (size_t i = 0; i < s->nlate; i++)
		if (strcmp(s->late[i]->file.name, name) == 0)
			return true;
	return s->part != NULL && strcmp(s->part->file.name, name) == 0;
}

/* Begin a segment.  Returns 0, or -1 after reporting. */
static int
open_part(struct split *s, uint64_t time_ns)
{
	struct split_part *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return report_nomem();
	p->file = (struct output_file)OUTPUT_FILE_NONE;
	p->path = segment_dir_create(&s->dir, &p->file, s->prefix, time_ns);
	if (p->path == NULL || segment_output_open(&p->output, p->file.fd,
				   p->path, s->dir.zstd) == -1) {
		free_part(p);
		return -1;
	}
	p->start_ns = time_ns;
	s->part = p;
	s->any = true;
	if (s->header != NULL)
		segment_begin(&p->segment, s->has_told ? &s->told : NULL,
		    &p->out, s->header_text.data, s->header_text.len, s->header,
		    stream_header_clocks(s->header), s->clocks);
	return s->keep == 0 ? 0
			    : segment_dir_remove_old(
				  &s->dir, s->prefix, s->keep, is_in_use, s);
}

/* Begin a segment with a line that is no record. */
static int
open_part_for_line(struct split *s)
{
	uint64_t time_ns = s->last_ns;

	if (s->part != NULL)
		return 0;
	if (time_ns == 0 &&
	    (s->header == NULL ||
		clock_parse(s->header->started, strlen(s->header->started),
		    &time_ns) == -1))
		time_ns = clock_now();
	return open_part(s, time_ns);
}

static int
write_part(struct split_part *p)
{
	return segment_output_write(&p->output, &p->out);
}

/* Write and close the file of a segment, and print its name.  Takes it over. */
static int
close_part(struct split *s, struct split_part *p)
{
	int ret = write_part(p);

	if (ret == 0)
		ret = segment_output_end(&p->output);
	if (ret == 0)
		ret = output_file_publish(&p->file, false);
	if (ret == 0) {
		buf_str(&s->out->buf, p->path);
		buf_chr(&s->out->buf, '\n');
		/* Segments are ended also when nobody reads their names. */
		if (output_flush(s->out) == -1 && !s->out->gone)
			ret = -1;
	}
	s->ended_lost += p->segment.lost;
	free_part(p);
	return ret;
}

/* The same, with the end of the stream that it is. */
static int
end_part(struct split *s, struct split_part *p)
{
	if (s->header != NULL)
		stream_write_end(&p->out, p->segment.records, p->segment.lost);
	return close_part(s, p);
}

/* End the segments that waited for names and have them, or all of them. */
static int
release_late(struct split *s, bool all)
{
	size_t n = 0;
	int ret = 0;

	while (n < s->nlate && ret == 0 &&
	       (all || s->late[n]->segment.lacking == 0 ||
		   s->late[n]->deadline <= s->walk.clock.now))
		ret = end_part(s, s->late[n++]);
	s->nlate -= n;
	memmove(s->late, s->late + n, s->nlate * sizeof(s->late[0]));
	return ret;
}

/* The current segment has all of its records. */
static int
cut(struct split *s)
{
	struct split_part *p = s->part;

	s->part = NULL;
	p->deadline = s->walk.clock.now + HELD_RECORDS_NS;
	s->late[s->nlate++] = p;
	return release_late(s, false);
}

static uint64_t
part_size(const struct split *s, const struct split_part *p)
{
	return p->output.written + (s->dir.zstd ? 0 : p->out.len);
}

/* Whether the current segment has as much as it may have before a record of len
 * bytes. */
static bool
is_full(const struct split *s, uint64_t time_ns, size_t len)
{
	const struct segment_limits *l = &s->limits;
	const struct split_part *p = s->part;

	return (l->records != 0 && p->segment.records >= l->records) ||
	       (l->time_ns != 0 && time_ns > p->start_ns &&
		   time_ns - p->start_ns >= l->time_ns) ||
	       (l->bytes != 0 && part_size(s, p) + len + END_ROOM > l->bytes);
}

/* Whether a segment ends before a record of len bytes. */
static bool
must_cut(struct split *s, uint64_t time_ns, size_t len)
{
	struct split_part *p = s->part;

	if (p == NULL || p->segment.records == 0 ||
	    (!p->full && !is_full(s, time_ns, len)))
		return false;
	p->full = true;
	if (s->nlate == SPLIT_LATE_MAX)
		return false;
	if (s->npasses == 0 || p->more_records >= SPLIT_PASS_RECORDS ||
	    p->more_bytes >= SPLIT_PASS_BYTES)
		return true;
	p->more_records++;
	p->more_bytes += len;
	return false;
}

/* Make a segment that takes a record, whose line has len bytes. */
static int
prepare(struct split *s, uint64_t time_ns, size_t len)
{
	if (must_cut(s, time_ns, len) && cut(s) == -1)
		return -1;
	if (s->part == NULL && open_part(s, time_ns) == -1)
		return -1;
	s->last_ns = time_ns;
	return 0;
}

/* Note that a record was added to the current segment. */
static int
note_record(struct split *s, unsigned int map)
{
	struct split_part *p = s->part;

	p->segment.records++;
	if (s->header != NULL && map < s->header->nmaps &&
	    (s->header->maps[map].source == STREAM_SAMPLE ||
		s->header->maps[map].source == STREAM_ITER) &&
	    s->pass[map]++ == 0)
		s->npasses++;
	return p->out.len < FULL && !p->out.failed ? 0 : write_part(p);
}

static int
split_records(
    void *ctx, const struct stream_record *r, size_t n, const char *end)
{
	struct split *s = ctx;

	for (size_t i = 0; i < n; i++) {
		const char *next = i + 1 < n ? r[i + 1].text : end;
		size_t len = (size_t)(next - r[i].text);

		if (prepare(s, r[i].time_ns, len) == -1)
			return -1;
		if (s->has_told)
			segment_add_names(
			    &s->part->segment, r[i].map, r[i].data, r[i].len);
		buf_add(&s->part->out, r[i].text, len);
		if (note_record(s, r[i].map) == -1)
			return -1;
	}
	return 0;
}

/* Copy a line to the current segment. */
static int
copy_line(struct split *s, const struct stream_line *line)
{
	struct buf *out;

	if (open_part_for_line(s) == -1)
		return -1;
	out = &s->part->out;
	buf_add(out, line->text, line->text_len);
	buf_chr(out, '\n');
	return out->len < FULL && !out->failed ? 0 : write_part(s->part);
}

static int
split_json(struct split *s, const struct stream_line *line)
{
	unsigned int map;
	uint64_t time_ns;
	bool has_time;

	if (stream_walk_json_time(&s->walk, line, &time_ns, &has_time) == -1 ||
	    stream_walk_json_map(&s->walk, line, &map) == -1)
		return 0;
	if (!has_time)
		time_ns = clock_now();
	if (prepare(s, time_ns, line->text_len + 1) == -1 ||
	    copy_line(s, line) == -1)
		return -1;
	return note_record(s, map);
}

/* Take what the host tells of names.  A segment that is not begun yet gets what
 * its records need. */
static int
take_names(struct split *s, const struct stream_line *line)
{
	struct stream_reader *in = &s->walk.in;
	char where[1024];
	int ret;

	if (s->part != NULL && copy_line(s, line) == -1)
		return -1;
	if (!s->has_told)
		return 0;
	snprintf(where, sizeof(where), "%s:%lu: names", in->name, in->line);
	stream_reader_try(in);
	ret = told_names_take(&s->told, line, where);
	stream_reader_tried(in, ret);
	if (ret == -1)
		return 0;
	for (size_t i = 0; i < s->nlate; i++)
		segment_add_late(&s->late[i]->segment, line);
	if (s->part != NULL)
		segment_note_line(&s->part->segment, line);
	return release_late(s, false);
}

static void
end_pass(struct split *s, unsigned int map)
{
	s->npasses -= s->pass[map] > 0;
	s->pass[map] = 0;
}

static int
split_line(void *ctx, const struct stream_line *line)
{
	struct split *s = ctx;

	switch (line->kind) {
	case LINE_JSON:
		return split_json(s, line);
	case LINE_SYMBOLS:
	case LINE_STACK:
	case LINE_NAMES:
		return take_names(s, line);
	case LINE_CLOCK:
		/* That of the header has it for the next segment. */
		return s->part != NULL ? copy_line(s, line) : 0;
	case LINE_FINISH:
		if (s->header == NULL)
			return 0;
		json_decref(s->end);
		s->end = json_copy((json_t *)line->value);
		s->end_lost = line->lost;
		return s->end != NULL ? 0 : report_nomem();
	case LINE_PASS:
		if (copy_line(s, line) == -1)
			return -1;
		end_pass(s, line->map);
		return 0;
	case LINE_LOST:
		if (copy_line(s, line) == -1)
			return -1;
		s->part->segment.lost += line->count;
		return 0;
	default:
		return copy_line(s, line);
	}
}

/* Write "@end" of the last segment with all that that of the stream says. */
static int
write_last_end(struct split *s, struct split_part *p)
{
	json_t *end;
	int ret = 0;

	/* Losses of which no "@lost" line told. */
	if (s->end_lost > s->ended_lost + p->segment.lost)
		p->segment.lost = s->end_lost - s->ended_lost;
	end = json_pack("{sO}", "@end", s->end);
	if (end == NULL ||
	    json_object_set_new(s->end, "records",
		json_doc_u64_new(p->segment.records)) == -1 ||
	    json_object_set_new(
		s->end, "lost", json_doc_u64_new(p->segment.lost)) == -1 ||
	    json_doc_write(end, &p->out) == -1)
		ret = report_nomem();
	buf_chr(&p->out, '\n');
	json_decref(end);
	return ret;
}

/* End the last segment of a stream. */
static int
end_last(struct split *s, enum walk_end why)
{
	struct split_part *p = s->part;

	s->part = NULL;
	if (s->end != NULL && write_last_end(s, p) == -1) {
		free_part(p);
		return -1;
	}
	/* A stream that was cut stays one. */
	if (s->end != NULL || why != WALK_STOPPED)
		return close_part(s, p);
	return end_part(s, p);
}

static void
close_stream(struct split *s)
{
	for (size_t i = 0; i < s->nlate; i++)
		free_part(s->late[i]);
	free_part(s->part);
	if (s->has_told)
		told_names_close(&s->told);
	json_decref(s->end);
	free(s->clocks);
	s->clocks = NULL;
	s->part = NULL;
	s->end = NULL;
	s->has_told = false;
	s->nlate = 0;
}

static int
end_stream(void *ctx, enum walk_end why)
{
	struct split *s = ctx;
	int ret = release_late(s, true);
	/* What "@end" says has to be somewhere. */
	bool rest =
	    s->header != NULL &&
	    (!s->any || (s->end != NULL && s->end_lost > s->ended_lost));

	if (ret == 0 && s->part == NULL && rest)
		ret = open_part_for_line(s);
	if (ret == 0 && s->part != NULL)
		ret = end_last(s, why);
	close_stream(s);
	return ret;
}

static int
begin_stream(void *ctx, const struct stream_header *header)
{
	struct split *s = ctx;
	const struct stream_reader *in = &s->walk.in;

	s->header = header;
	s->any = false;
	s->ended_lost = s->last_ns = s->end_lost = 0;
	memset(s->pass, 0, sizeof(s->pass));
	s->npasses = 0;
	if (header == NULL) {
		segment_name_prefix(s->prefix, "", "ndjson");
		return 0;
	}
	segment_name_prefix(s->prefix,
	    header->nhosts > 0 ? "merged" : header->host, header->name);
	s->header_text.len = 0;
	buf_add(&s->header_text, in->header_text, in->header_len);
	if (s->header_text.failed)
		return report_nomem();
	if ((s->clocks = stream_walk_copy_clocks(header)) == NULL)
		return -1;
	if (header->encoding != STREAM_BINARY)
		return 0;
	s->has_told = true;
	return told_names_open(&s->told, header);
}

/* After how many ns the time of a live segment is over; UINT64_MAX if nothing
 * is known of that. */
static uint64_t
time_left(const struct split *s)
{
	const uint64_t limit = s->limits.time_ns, now = clock_now();
	uint64_t end;

	if (s->part == NULL || limit == 0 || s->part->segment.records == 0 ||
	    s->npasses > 0 || s->nlate == SPLIT_LATE_MAX ||
	    s->walk.clock.stopped ||
	    __builtin_add_overflow(s->part->start_ns, limit + IDLE_NS, &end) ||
	    now > end + LIVE_NS)
		return UINT64_MAX;
	return now < end ? end - now : 0;
}

static int
write_out(void *ctx, uint64_t *ns)
{
	struct split *s = ctx;
	uint64_t left;

	for (size_t i = 0; i < s->nlate; i++)
		if (write_part(s->late[i]) == -1)
			return -1;
	if (s->part != NULL && write_part(s->part) == -1)
		return -1;
	if (time_left(s) == 0 && cut(s) == -1)
		return -1;
	if (release_late(s, false) == -1)
		return -1;
	*ns = time_left(s);
	if (s->nlate > 0 && !s->walk.clock.stopped) {
		left = s->late[0]->deadline - s->walk.clock.now;
		*ns = left < *ns ? left : *ns;
	}
	return output_flush(s->out);
}

static const struct walk_ops ops = { begin_stream, split_records, split_line,
	end_stream, write_out, NULL };

int
split_run(struct split *s, int fd, const char *name)
{
	s->walk.ops = &ops;
	s->walk.ctx = s;
	s->walk.out = s->out;
	return stream_walk_run(&s->walk, fd, name);
}

void
split_close(struct split *s)
{
	close_stream(s);
	buf_free(&s->header_text);
}
