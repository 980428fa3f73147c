/*
 * Histograms whose bucket is in the key, for the table: the records of a pass
 * that differ in the bucket alone are one histogram.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "format/plan-column.h"

enum {
	LINEAR_BUCKETS = 4096, /* what is beyond is only counted */
	GROUPS_MAX = 65536,    /* then those so far are written early */
};

/* The records with the same key but for the bucket. */
struct bucket_group {
	struct hash_key key; /* of its text */
	size_t text, text_len;
	uint64_t *counts; /* owned: count of them */
	size_t count;
	uint64_t beyond; /* counted in no bucket that there is */
	uint64_t below;  /* counted in buckets below zero */
};

static bool
is_countable(const struct types *t, const struct field *c)
{
	const struct type *type = field_place_type(t, &c->place);

	return type != NULL && type->kind == TYPE_INT &&
	       type->size <= sizeof(uint64_t) && c->place.bits == 0 &&
	       c->place.cpus != FIELD_CPUS_ALL;
}

/* The last column of the key, and of the count: the only one of the value, or
 * the one called count. */
bool
plan_find_bucket_columns(
    const struct plan *p, const struct fields *all, size_t *key, size_t *value)
{
	size_t values = 0;
	bool named = false;

	*key = *value = SIZE_MAX;
	for (size_t i = 0; i < all->n; i++) {
		const struct field *c = &all->v[i];

		if (strncmp(c->path, "key", 3) == 0) {
			*key = i;
			continue;
		}
		values++;
		if (!named)
			*value = i;
		named |= strcmp(c->name, "count") == 0;
	}
	return *key != SIZE_MAX && *value != SIZE_MAX &&
	       (values == 1 || named) &&
	       is_countable(&p->header->types, &all->v[*key]) &&
	       is_countable(&p->header->types, &all->v[*value]);
}

bool
plan_find_buckets(struct plan *p)
{
	struct plan_buckets *b = &p->buckets;
	struct fields rest = { 0 };
	size_t key, value;

	if (plan_is_narrowed(p) ||
	    !plan_find_bucket_columns(p, &p->columns, &key, &value))
		return false;
	fields_add(&b->columns, &p->columns.v[key]);
	fields_add(&b->columns, &p->columns.v[value]);
	for (size_t i = 0; i < p->columns.n; i++)
		if (i != key && strncmp(p->columns.v[i].path, "key", 3) == 0)
			fields_add(&rest, &p->columns.v[i]);
	fields_free(&p->columns);
	p->columns = rest;
	b->groups.size = sizeof(struct bucket_group);
	p->formatter.failed |=
	    b->columns.failed || hash_random(&b->first) == -1;
	b->set = true;
	return true;
}

static void
clear_groups(struct plan_buckets *b)
{
	for (size_t i = 0; i < b->groups.n; i++)
		free(((struct bucket_group *)hash_at(&b->groups, i))->counts);
	hash_free(&b->groups);
	b->texts.len = 0;
}

void
plan_free_buckets(struct plan *p)
{
	clear_groups(&p->buckets);
	buf_free(&p->buckets.texts);
	fields_free(&p->buckets.columns);
}

void
plan_add_bucket_paths(struct plan *p)
{
	struct plan_buckets *b = &p->buckets;

	for (size_t i = 0; i < b->columns.n; i++)
		b->cells[i] = json_row_add(&p->row, b->columns.v[i].path);
}

/* Whether column i, the bucket or the count, may be negative. */
static bool
is_signed_column(const struct plan *p, size_t i)
{
	return field_place_type(
	    &p->header->types, &p->buckets.columns.v[i].place)
	    ->is_signed;
}

/* Reads column i of a record; it is an int64_t if it may be negative. */
static uint64_t
read_bucket_column(const struct plan *p, const struct plan_input *rec, size_t i)
{
	const struct field_place *at = &p->buckets.columns.v[i].place;
	size_t size = (size_t)field_place_type(&p->header->types, at)->size;
	size_t cpus = at->cpus == FIELD_CPUS_SUM ? p->formatter.cpus : 1;
	const struct json_value *cell;
	uint64_t sum = 0;

	if (rec->is_json) {
		cell = &p->row.cells[p->buckets.cells[i]];
		if (cell->kind == JSON_VALUE_SCALAR &&
		    (*cell->text != '-' || is_signed_column(p, i)))
			return hist_load_json(cell, is_signed_column(p, i));
		return i == 0 ? INT64_MAX : 0;
	}
	for (size_t c = 0; c < cpus; c++)
		sum += hist_load(
		    rec->run.data + at->offset + c * p->formatter.cpu_stride,
		    size, is_signed_column(p, i));
	return sum;
}

/* Appends what a histogram of the record is called to b->texts. */
static void
write_group_text(struct plan *p, const struct plan_input *rec)
{
	struct plan_input to = *rec;

	to.run.out = &p->buckets.texts;
	plan_write_key(p, &to, false);
}

/* Returns the group of the record; or NULL if memory ran out. */
static struct bucket_group *
find_group(struct plan *p, const struct plan_input *rec)
{
	struct plan_buckets *b = &p->buckets;
	size_t start = b->texts.len, len;
	struct hash_key key = b->first;
	struct bucket_group *g;

	write_group_text(p, rec);
	if (b->texts.failed)
		return NULL;
	len = b->texts.len - start;
	/* An empty buffer has no data. */
	if (len > 0)
		hash_mix(&key, b->texts.data + start, len);
	if ((g = hash_find(&b->groups, key)) != NULL) {
		b->texts.len = start;
		return g;
	}
	if ((g = hash_add(&b->groups, key)) == NULL)
		return NULL;
	g->text = start;
	g->text_len = len;
	return g;
}

/* Makes room for a bucket.  Returns false if memory ran out. */
static bool
grow_group(struct bucket_group *g, size_t bucket)
{
	size_t count =
	    bucket < HIST_EXP2_SLOTS ? HIST_EXP2_SLOTS : LINEAR_BUCKETS;
	uint64_t *counts;

	if (bucket < g->count)
		return true;
	if ((counts = reallocarray(g->counts, count, sizeof(*counts))) == NULL)
		return false;
	memset(counts + g->count, 0, (count - g->count) * sizeof(*counts));
	g->counts = counts;
	g->count = count;
	return true;
}

void
plan_add_to_buckets(struct plan *p, const struct plan_input *rec)
{
	bool exp2 = p->header->maps[p->map].sample == SAMPLE_EXP2_HIST;
	uint64_t bucket = read_bucket_column(p, rec, 0);
	uint64_t count = read_bucket_column(p, rec, 1);
	struct bucket_group *g;

	if (p->buckets.groups.n >= GROUPS_MAX)
		plan_write_buckets(p, rec->run.out);
	g = find_group(p, rec);
	p->buckets.time_ns = rec->run.time_ns;
	p->buckets.has_time = rec->has_time;
	if (g != NULL && bucket > INT64_MAX && is_signed_column(p, 0))
		g->below += count;
	else if (g != NULL && (bucket >= LINEAR_BUCKETS ||
				  (exp2 && bucket >= HIST_EXP2_SLOTS)))
		g->beyond += count;
	else if (g != NULL && grow_group(g, (size_t)bucket))
		g->counts[bucket] += count;
	else
		rec->run.out->failed = true;
}

/* Says how many records are in no bucket that is drawn, if there are any. */
static void
write_rest(
    const struct plan *p, uint64_t count, const char *where, struct buf *out)
{
	bool negative = count > INT64_MAX && is_signed_column(p, 1);

	if (count != 0)
		buf_printf(out, "and %s%" PRIu64 " %s\n", negative ? "-" : "",
		    negative ? 0 - count : count, where);
}

static void
draw_group(struct plan *p, const struct plan_input *rec,
    const struct bucket_group *g, const struct hist *h)
{
	struct buf *out = rec->run.out;

	if (plan_write_start(p, rec))
		buf_chr(out, g->text_len > 0 ? ' ' : '\n');
	if (g->text_len > 0) {
		buf_add(out, p->buckets.texts.data + g->text, g->text_len);
		buf_chr(out, '\n');
	}
	plan_write_hist(p, h, out);
}

static void
write_group(struct plan *p, const struct bucket_group *g, struct buf *out)
{
	struct plan_input rec = {
		.run = { .out = out,
		    .clock = &p->clock,
		    .time = p->options.time,
		    .time_ns = p->buckets.time_ns },
		.has_time = p->buckets.has_time,
	};
	const struct hist_scale scale = plan_hist_scale(p, NULL);
	struct hist h = plan_make_hist(
	    p, &scale, g->counts, g->count, is_signed_column(p, 1));

	p->spark_key.len = 0;
	if (g->text_len > 0)
		buf_add(&p->spark_key, p->buckets.texts.data + g->text,
		    g->text_len);
	if (p->options.form == PLAN_HEAT) {
		plan_add_heat(p, &rec, &h);
		return;
	}
	if (p->options.spark) {
		plan_write_spark(p, &rec, &h);
	} else {
		draw_group(p, &rec, g, &h);
	}
	write_rest(p, g->below, "below bucket 0", out);
	write_rest(p, g->beyond, "beyond these buckets", out);
	if (!p->options.spark)
		buf_chr(out, '\n');
}

void
plan_write_buckets(struct plan *p, struct buf *out)
{
	struct plan_buckets *b = &p->buckets;

	for (size_t i = 0; i < b->groups.n; i++)
		write_group(p, hash_at(&b->groups, i), out);
	clear_groups(b);
}
