#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/report.h"
#include "base/utf8.h"
#include "profile/gzip.h"
#include "profile/profile.h"
#include "profile/protobuf.h"

/* The fields of the messages of profile.proto, by their numbers there. */
enum {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE,
	PROFILE_MAPPING,
	PROFILE_LOCATION,
	PROFILE_FUNCTION,
	PROFILE_STRING_TABLE,
	PROFILE_TIME_NANOS = 9,
	PROFILE_DURATION_NANOS,
	PROFILE_PERIOD_TYPE,
	PROFILE_PERIOD,
	PROFILE_COMMENT,
};
enum { VALUE_TYPE = 1, VALUE_UNIT };
enum { SAMPLE_LOCATION_ID = 1, SAMPLE_VALUE, SAMPLE_LABEL };
enum { LABEL_KEY = 1, LABEL_STR, LABEL_NUM };
enum {
	MAPPING_ID = 1,
	MAPPING_START,
	MAPPING_LIMIT,
	MAPPING_OFFSET,
	MAPPING_FILENAME,
	MAPPING_BUILD_ID,
	MAPPING_HAS_FUNCTIONS,
	MAPPING_HAS_FILENAMES,
	MAPPING_HAS_LINE_NUMBERS,
	MAPPING_HAS_INLINE_FRAMES,
};
enum { LOCATION_ID = 1, LOCATION_MAPPING, LOCATION_ADDRESS, LOCATION_LINE };
enum { LINE_FUNCTION = 1, LINE_LINE };
enum { FUNCTION_ID = 1, FUNCTION_NAME, FUNCTION_SYSTEM_NAME, FUNCTION_FILE };

/* The numbers of samples are unit 0. */
enum { UNITS_MAX = PROFILE_UNITS_MAX + 1 };

/* A string, a function or a location that was written, with its number. */
struct written {
	struct hash_key key;
	uint64_t number;
};

struct mapping {
	struct hash_key key;
	uint64_t start, limit, offset;
	uint64_t file, build_id; /* strings */
	/* Whether any of its locations has them. */
	bool functions, files, lines, inlines;
};

/* A sample, as it is written but for its values. */
struct sample {
	struct hash_key key;
	size_t at, len; /* in bodies */
};

struct entry {
	struct hash_key key;
	uint64_t count, weight;
	uint32_t pass; /* in which they were counted */
	uint32_t sample;
	uint32_t unit;
};

struct unit {
	uint64_t type, unit; /* strings */
};

struct profile {
	struct hash_key start; /* random, so that nobody can choose streams with
				  equal keys */
	uint64_t sources;
	struct hash strings, functions, locations; /* of struct written */
	struct hash mappings;                      /* of struct mapping */
	struct hash samples;                       /* of struct sample */
	struct hash entries;                       /* of struct entry */
	/* What was written of the messages that do not change any more. */
	struct buf strings_out, functions_out, locations_out, bodies;
	struct unit units[UNITS_MAX]; /* the first is samples/count */
	size_t nunits;
	struct unit cpu; /* cpu/nanoseconds */
	bool counts;     /* there is a source that counts samples */
	bool full;       /* it was reported that there are too many units */
	uint64_t period; /* of all sources that count so far */
	bool differ;     /* their periods are not equal */
	uint64_t begin;  /* when the first stream began, in ns; 0: unknown */
	uint64_t first, last;     /* times of records; 0: none */
	struct buf comments;      /* field PROFILE_COMMENT, encoded */
	struct hash commented;    /* of struct written */
	struct buf ids, labels;   /* of the sample that is being added */
	struct buf part, message; /* scratch */
	bool failed;
};

void
profile_free(struct profile *p)
{
	if (p == NULL)
		return;
	hash_free(&p->strings);
	hash_free(&p->functions);
	hash_free(&p->locations);
	hash_free(&p->mappings);
	hash_free(&p->samples);
	hash_free(&p->entries);
	hash_free(&p->commented);
	buf_free(&p->strings_out);
	buf_free(&p->functions_out);
	buf_free(&p->locations_out);
	buf_free(&p->bodies);
	buf_free(&p->comments);
	buf_free(&p->ids);
	buf_free(&p->labels);
	buf_free(&p->part);
	buf_free(&p->message);
	free(p);
}

/* The element of what n bytes stand for, which is added if there is none;
 * *is_new says so.  NULL when memory ran out. */
static void *
intern(
    struct profile *p, struct hash *h, const void *data, size_t n, bool *is_new)
{
	struct hash_key key = p->start;
	void *e;

	hash_mix(&key, data, n);
	e = hash_find(h, key);
	*is_new = e == NULL;
	if (e == NULL)
		e = hash_add(h, key);
	p->failed |= e == NULL;
	return e;
}

/* The same for what is numbered as it comes, from 1 on.  Returns the number, or
 * 0 when memory ran out. */
static uint64_t
number_of(
    struct profile *p, struct hash *h, const void *data, size_t n, bool *is_new)
{
	struct written *e = intern(p, h, data, n, is_new);

	if (e == NULL)
		return 0;
	if (*is_new)
		e->number = h->n;
	return e->number;
}

/* The number of a text in the string table.  The strings of a protocol buffer
 * are UTF-8; what is no character of it, or none to be seen, is replaced. */
static uint64_t
add_text(struct profile *p, const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;
	struct buf *part = &p->part;
	uint64_t number;
	uint32_t c;
	size_t len;
	bool is_new;

	part->len = 0;
	for (; n > 0; s += len, n -= len) {
		len = utf8_length(s, n, &c);
		if (len == 0)
			buf_str(part, "\xef\xbf\xbd");
		else if (*s < ' ' || *s == 0x7f)
			buf_chr(part, '_');
		else
			buf_add(part, s, len);
		if (len == 0)
			len = 1;
	}
	if (part->len == 0)
		return 0;
	number = number_of(p, &p->strings, part->data, part->len, &is_new);
	if (is_new)
		protobuf_bytes(&p->strings_out, PROFILE_STRING_TABLE,
		    part->data, part->len);
	return number;
}

static uint64_t
add_string(struct profile *p, const char *text)
{
	return text == NULL ? 0 : add_text(p, text, strlen(text));
}

static struct unit
make_unit(struct profile *p, const char *type, const char *unit)
{
	return (struct unit){ add_string(p, type), add_string(p, unit) };
}

struct profile *
profile_new(void)
{
	struct profile *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		report_nomem();
		return NULL;
	}
	p->strings.size = p->functions.size = p->locations.size =
	    p->commented.size = sizeof(struct written);
	p->mappings.size = sizeof(struct mapping);
	p->samples.size = sizeof(struct sample);
	p->entries.size = sizeof(struct entry);
	p->nunits = 1;
	if (hash_random(&p->start) == -1) {
		free(p);
		return NULL;
	}
	/* String 0 is the empty one. */
	protobuf_bytes(&p->strings_out, PROFILE_STRING_TABLE, "", 0);
	p->units[0] = make_unit(p, "samples", "count");
	p->cpu = make_unit(p, "cpu", "nanoseconds");
	return p;
}

/* Append p->message as a field, and empty it. */
static void
end_message(struct profile *p, struct buf *out, uint32_t field)
{
	p->failed |= p->message.failed;
	if (!p->failed)
		protobuf_bytes(out, field, p->message.data, p->message.len);
	p->message.len = 0;
}

/* Add "host: web1" to the comments, once. */
static void
add_comment(struct profile *p, const char *what, const char *text)
{
	struct buf line = { 0 };
	uint64_t string;
	bool is_new;

	if (text == NULL || *text == '\0')
		return;
	buf_printf(&line, "%s: %s", what, text);
	p->failed |= line.failed;
	string = line.failed ? 0 : add_text(p, line.data, line.len);
	buf_free(&line);
	number_of(p, &p->commented, &string, sizeof(string), &is_new);
	/* An element of a list is written also if it is 0; this is not. */
	if (is_new)
		protobuf_number(&p->comments, PROFILE_COMMENT, string);
}

void
profile_note_stream(
    struct profile *p, const char *name, const char *host, const char *started)
{
	uint64_t begin;

	add_comment(p, "program", name);
	add_comment(p, "host", host);
	if (started != NULL &&
	    clock_parse(started, strlen(started), &begin) == 0 &&
	    (p->begin == 0 || begin < p->begin))
		p->begin = begin;
}

void
profile_note_time(struct profile *p, uint64_t time_ns)
{
	if (time_ns > p->last)
		p->last = time_ns;
	if (time_ns < p->first || p->first == 0)
		p->first = time_ns;
}

unsigned int
profile_unit(struct profile *p, const char *type, const char *unit)
{
	const struct unit u = make_unit(p, type, unit);

	for (size_t i = 1; i < p->nunits; i++)
		if (p->units[i].type == u.type && p->units[i].unit == u.unit)
			return (unsigned int)i;
	if (p->nunits < UNITS_MAX) {
		p->units[p->nunits] = u;
		return (unsigned int)p->nunits++;
	}
	if (!p->full)
		report_error("--pprof: the values are of more than %d sorts; "
			     "those of %s are left out",
		    PROFILE_UNITS_MAX, type);
	p->full = true;
	return 0;
}

void
profile_add_source(struct profile *p, struct profile_source *s, uint64_t number)
{
	const uint64_t of[] = { number, number == 0 ? p->sources : 0 };

	p->sources++;
	s->key = p->start;
	hash_mix(&s->key, of, sizeof(of));
	if (!s->counts)
		return;
	p->differ |= p->counts && p->period != s->period_ns;
	p->period = s->period_ns;
	p->counts = true;
}

static void
add_saturated(uint64_t *sum, uint64_t v)
{
	if (__builtin_add_overflow(*sum, v, sum))
		*sum = UINT64_MAX;
}

bool
profile_count(struct profile *p, const struct hash_key *k, uint32_t pass,
    uint64_t count, uint64_t weight)
{
	struct entry *e = hash_find(&p->entries, *k);

	if (e == NULL)
		return false;
	if (e->pass != pass)
		e->count = e->weight = 0;
	e->pass = pass;
	add_saturated(&e->count, count);
	add_saturated(&e->weight, weight);
	return true;
}

/*
 * Samples.
 */

void
profile_begin_sample(struct profile *p)
{
	p->ids.len = p->labels.len = 0;
}

/* The mapping, or NULL; *number is its number in the profile, or 0. */
static struct mapping *
add_mapping(
    struct profile *p, const struct profile_mapping *m, uint64_t *number)
{
	uint64_t is[5];
	struct mapping *e;
	bool is_new;

	*number = 0;
	if (m == NULL)
		return NULL;
	is[0] = m->start;
	is[1] = m->limit;
	is[2] = m->offset;
	is[3] = add_string(p, m->file);
	is[4] = add_string(p, m->build_id);
	if ((e = intern(p, &p->mappings, is, sizeof(is), &is_new)) == NULL)
		return NULL;
	if (is_new) {
		e->start = m->start;
		e->limit = m->limit;
		e->offset = m->offset;
		e->file = is[3];
		e->build_id = is[4];
	}
	/* None is ever dropped, so the ring begins at its start. */
	*number =
	    (uint64_t)(e - (struct mapping *)hash_at(&p->mappings, 0)) + 1;
	return e;
}

static uint64_t
add_function(struct profile *p, const struct profile_line *line)
{
	const uint64_t is[] = { add_string(p, line->function),
		add_string(p, line->file) };
	bool is_new;
	uint64_t id = number_of(p, &p->functions, is, sizeof(is), &is_new);

	if (!is_new)
		return id;
	protobuf_number(&p->message, FUNCTION_ID, id);
	protobuf_number(&p->message, FUNCTION_NAME, is[0]);
	protobuf_number(&p->message, FUNCTION_SYSTEM_NAME, is[0]);
	protobuf_number(&p->message, FUNCTION_FILE, is[1]);
	end_message(p, &p->functions_out, PROFILE_FUNCTION);
	return id;
}

static void
note_symbols(struct mapping *m, const struct profile_line *lines, size_t n)
{
	for (size_t i = 0; m != NULL && i < n; i++) {
		m->functions = true;
		m->files |= lines[i].file != NULL;
		m->lines |= lines[i].line != 0;
	}
	/* Lines come from the debug information that has inlined functions
	 * too. */
	if (m != NULL)
		m->inlines |= m->lines || n > 1;
}

/* Append the message of a location but for its number, which makes it the one
 * that it is. */
static void
write_location(struct profile *p, uint64_t mapping, uint64_t address,
    const struct profile_line *lines, size_t n, struct buf *out)
{
	struct buf line = { 0 };

	protobuf_number(out, LOCATION_MAPPING, mapping);
	protobuf_number(out, LOCATION_ADDRESS, address);
	for (size_t i = 0; i < n; i++) {
		line.len = 0;
		protobuf_number(
		    &line, LINE_FUNCTION, add_function(p, &lines[i]));
		protobuf_number(&line, LINE_LINE, lines[i].line);
		protobuf_bytes(out, LOCATION_LINE, line.data, line.len);
	}
	p->failed |= line.failed;
	buf_free(&line);
}

void
profile_add_location(struct profile *p, const struct profile_mapping *m,
    uint64_t address, const struct profile_line *lines, size_t n)
{
	struct buf body = { 0 };
	uint64_t mapping, id;
	bool is_new;

	note_symbols(add_mapping(p, m, &mapping), lines, n);
	write_location(p, mapping, address, lines, n, &body);
	p->failed |= body.failed;
	id = p->failed
		 ? 0
		 : number_of(p, &p->locations, body.data, body.len, &is_new);
	if (!p->failed && is_new) {
		protobuf_number(&p->message, LOCATION_ID, id);
		if (body.len > 0)
			buf_add(&p->message, body.data, body.len);
		end_message(p, &p->locations_out, PROFILE_LOCATION);
	}
	buf_free(&body);
	protobuf_varint(&p->ids, id);
}

static void
end_label(struct profile *p)
{
	end_message(p, &p->labels, SAMPLE_LABEL);
}

void
profile_add_label(
    struct profile *p, const char *key, const char *text, size_t len)
{
	uint64_t string = text == NULL ? 0 : add_text(p, text, len);

	/* A label that is neither text nor number is one of 0. */
	if (string == 0)
		return;
	protobuf_number(&p->message, LABEL_KEY, add_string(p, key));
	protobuf_number(&p->message, LABEL_STR, string);
	end_label(p);
}

void
profile_add_number(struct profile *p, const char *key, uint64_t number)
{
	protobuf_number(&p->message, LABEL_KEY, add_string(p, key));
	protobuf_number(&p->message, LABEL_NUM, number);
	end_label(p);
}

int
profile_end_sample(struct profile *p, const struct profile_source *s,
    const struct hash_key *k, uint32_t pass, uint64_t count, uint64_t weight)
{
	struct sample *sample;
	struct entry *e;
	size_t at = p->bodies.len;
	bool is_new;

	protobuf_bytes(&p->bodies, SAMPLE_LOCATION_ID, p->ids.data, p->ids.len);
	if (p->labels.len > 0)
		buf_add(&p->bodies, p->labels.data, p->labels.len);
	p->failed |= p->bodies.failed || p->ids.failed || p->labels.failed ||
		     p->strings_out.failed || p->functions_out.failed ||
		     p->locations_out.failed || p->part.failed;
	if (p->failed)
		return -1;
	sample = intern(
	    p, &p->samples, p->bodies.data + at, p->bodies.len - at, &is_new);
	if (sample == NULL || (e = hash_add(&p->entries, *k)) == NULL) {
		p->failed = true;
		return -1;
	}
	if (is_new) {
		sample->at = at;
		sample->len = p->bodies.len - at;
	} else {
		p->bodies.len = at;
	}
	e->count = count;
	e->weight = weight;
	e->pass = pass;
	e->unit = s->unit;
	e->sample =
	    (uint32_t)(sample - (struct sample *)hash_at(&p->samples, 0));
	return 0;
}

/*
 * Writing.
 */

/* Append a ValueType as a field. */
static void
write_type(struct buf *out, uint32_t field, struct unit u)
{
	struct buf type = { 0 };

	protobuf_number(&type, VALUE_TYPE, u.type);
	protobuf_number(&type, VALUE_UNIT, u.unit);
	protobuf_bytes(out, field, type.data, type.len);
	out->failed |= type.failed;
	buf_free(&type);
}

static void
write_mappings(const struct profile *p, struct buf *out)
{
	const struct mapping *v = (const void *)p->mappings.v;
	struct buf m = { 0 };

	for (size_t i = 0; i < p->mappings.n; i++) {
		m.len = 0;
		protobuf_number(&m, MAPPING_ID, i + 1);
		protobuf_number(&m, MAPPING_START, v[i].start);
		protobuf_number(&m, MAPPING_LIMIT, v[i].limit);
		protobuf_number(&m, MAPPING_OFFSET, v[i].offset);
		protobuf_number(&m, MAPPING_FILENAME, v[i].file);
		protobuf_number(&m, MAPPING_BUILD_ID, v[i].build_id);
		protobuf_number(&m, MAPPING_HAS_FUNCTIONS, v[i].functions);
		protobuf_number(&m, MAPPING_HAS_FILENAMES, v[i].files);
		protobuf_number(&m, MAPPING_HAS_LINE_NUMBERS, v[i].lines);
		protobuf_number(&m, MAPPING_HAS_INLINE_FRAMES, v[i].inlines);
		protobuf_bytes(out, PROFILE_MAPPING, m.data, m.len);
	}
	out->failed |= m.failed;
	buf_free(&m);
}

/* The time between two samples, or 0 if it is not known of all. */
static uint64_t
get_period(const struct profile *p)
{
	return p->differ || p->period > INT64_MAX ? 0 : p->period;
}

/* Append a sample with its values, unless all are 0: the number of samples,
 * the time that they stand for, and one for each unit. */
static void
write_sample(const struct profile *p, const struct sample *s,
    const uint64_t *sums, struct buf *values, struct buf *sample,
    struct buf *out)
{
	uint64_t period = get_period(p), time;
	bool any = false;

	values->len = sample->len = 0;
	for (size_t i = 0; i < p->nunits; i++) {
		uint64_t v = sums[i] > INT64_MAX ? INT64_MAX : sums[i];

		any |= v > 0;
		if (i > 0 || p->counts)
			protobuf_varint(values, v);
		if (i > 0 || period == 0)
			continue;
		if (__builtin_mul_overflow(v, period, &time) ||
		    time > INT64_MAX)
			time = INT64_MAX;
		protobuf_varint(values, time);
	}
	if (!any)
		return;
	buf_add(sample, p->bodies.data + s->at, s->len);
	protobuf_bytes(sample, SAMPLE_VALUE, values->data, values->len);
	out->failed |= values->failed || sample->failed;
	if (!out->failed)
		protobuf_bytes(out, PROFILE_SAMPLE, sample->data, sample->len);
}

static void
write_samples(const struct profile *p, struct buf *out)
{
	const struct sample *samples = (const void *)p->samples.v;
	const struct entry *entries = (const void *)p->entries.v;
	uint64_t(*sums)[UNITS_MAX] = calloc(p->samples.n + 1, sizeof(*sums));
	struct buf values = { 0 }, sample = { 0 };

	if (sums == NULL) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < p->entries.n; i++) {
		const struct entry *e = &entries[i];

		add_saturated(&sums[e->sample][0], e->count);
		if (e->unit != 0)
			add_saturated(&sums[e->sample][e->unit], e->weight);
	}
	for (size_t i = 0; i < p->samples.n; i++)
		write_sample(p, &samples[i], sums[i], &values, &sample, out);
	buf_free(&values);
	buf_free(&sample);
	free(sums);
}

static void
add_written(struct buf *out, const struct buf *b)
{
	if (b->len > 0)
		buf_add(out, b->data, b->len);
	out->failed |= b->failed;
}

static void
write_times(const struct profile *p, struct buf *out)
{
	uint64_t begin = p->begin != 0 ? p->begin : p->first;

	protobuf_number(out, PROFILE_TIME_NANOS, begin);
	if (p->last > begin)
		protobuf_number(out, PROFILE_DURATION_NANOS, p->last - begin);
}

bool
profile_is_empty(const struct profile *p)
{
	return p->samples.n == 0;
}

void
profile_write(const struct profile *p, struct buf *out)
{
	struct buf all = { 0 };
	uint64_t period = get_period(p);

	if (p->sources == 0)
		return;
	if (p->counts)
		write_type(&all, PROFILE_SAMPLE_TYPE, p->units[0]);
	if (period != 0)
		write_type(&all, PROFILE_SAMPLE_TYPE, p->cpu);
	for (size_t i = 1; i < p->nunits; i++)
		write_type(&all, PROFILE_SAMPLE_TYPE, p->units[i]);
	write_samples(p, &all);
	write_mappings(p, &all);
	add_written(&all, &p->locations_out);
	add_written(&all, &p->functions_out);
	add_written(&all, &p->strings_out);
	write_times(p, &all);
	if (period != 0) {
		write_type(&all, PROFILE_PERIOD_TYPE, p->cpu);
		protobuf_number(&all, PROFILE_PERIOD, period);
	}
	add_written(&all, &p->comments);
	out->failed |= all.failed || p->failed;
	if (!out->failed)
		gzip_write(out, all.data, all.len);
	buf_free(&all);
}
