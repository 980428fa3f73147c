#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/suggest.h"
#include "count/counter.h"
#include "count/measure.h"
#include "count/row-table.h"

enum { MEMBERS_MAX = QUESTION_BY_MAX + QUESTION_COLUMNS_MAX };

/* Memory of quantiles beyond which there are no new rows. */
#define SKETCHES_MAX ((size_t)1 << 28)

/* How records of one map are read. */
struct counted_map {
	struct counted_member members[MEMBERS_MAX];
	struct member_load loads[MEMBERS_MAX];
};

struct counter {
	const struct question *q; /* borrowed */
	struct count_shape shape;
	struct stream_header header; /* of the rows */
	struct row_table table;
	size_t key_room; /* bytes of a row before the states */
	size_t states[QUESTION_COLUMNS_MAX];
	bool laid_out;
	unsigned char key[COUNT_KEY_MAX]; /* of the record */
	unsigned char *whole;             /* owned: a short record, completed */
	size_t whole_cap;
	unsigned char *row; /* owned: key and value, as they are written */

	const struct stream_header *from;          /* borrowed: of the input */
	struct counted_map *maps[STREAM_MAPS_MAX]; /* owned; NULL: left out */
	bool lacks[STREAM_MAPS_MAX];
	bool replaced;

	uint64_t others; /* records in the row of all others */
	bool others_reported;
	bool clamped[QUESTION_COLUMNS_MAX];
	size_t sketches; /* bytes, about */
};

struct counter *
counter_new(const struct question *q)
{
	struct counter *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		report_nomem();
		return NULL;
	}
	c->q = q;
	c->shape.question = q;
	return c;
}

static void
free_maps(struct counter *c)
{
	for (size_t i = 0; i < STREAM_MAPS_MAX; i++) {
		free(c->maps[i]);
		c->maps[i] = NULL;
		c->lacks[i] = false;
	}
	c->replaced = false;
}

void
counter_end_input(struct counter *c)
{
	free_maps(c);
	c->from = NULL;
}

void
counter_clear(struct counter *c)
{
	for (size_t i = 0; i < c->table.n; i++)
		for (size_t j = 0; j < c->q->ncolumns; j++)
			measure_free(&c->q->columns[j],
			    (char *)row_table_at(&c->table, i) + c->states[j]);
	row_table_clear(&c->table);
	c->sketches = 0;
}

void
counter_reset(struct counter *c)
{
	counter_clear(c);
	row_table_free(&c->table);
	stream_header_free(&c->header);
	free(c->row);
	c->row = NULL;
	c->laid_out = false;
	c->shape = (struct count_shape){ .question = c->q };
}

void
counter_free(struct counter *c)
{
	if (c == NULL)
		return;
	counter_reset(c);
	free_maps(c);
	free(c->whole);
	free(c);
}

/* Report that no map has a member, with names like it. */
static void
report_missing(const struct stream_header *h, const bool *wanted,
    const char *member, const char *where)
{
	struct suggest nearest = { .wanted = member };
	char *text;

	for (unsigned int i = 0; i < h->nmaps; i++)
		if (wanted[i])
			counted_member_suggest(&nearest, h, i);
	text = suggest_text(&nearest);
	report_error("%s: no map has a member \"%s\"%s", where, member,
	    text == NULL ? "" : text);
	free(text);
}

/* The member that number i of a map's members is; NULL: none is needed. */
static const char *
wanted_member(const struct question *q, size_t i)
{
	return i < q->nby ? q->by[i].member : q->columns[i - q->nby].member;
}

/* Find the members of a map.  Returns 1, 0 with *missing set, or -1 after
 * reporting. */
static int
find_members(struct counter *c, const struct stream_header *h, unsigned int map,
    const char **missing)
{
	struct counted_map *m = calloc(1, sizeof(*m));
	size_t n = c->q->nby + c->q->ncolumns;
	int got = 1;

	if (m == NULL)
		return report_nomem();
	for (size_t i = 0; i < n && got == 1; i++) {
		const char *name = wanted_member(c->q, i);

		if (name == NULL)
			continue;
		got = counted_member_find(&m->members[i], h, map, name);
		if (got == 0)
			*missing = name;
		else if (m->members[i].class != MEMBER_TEXT &&
			 m->members[i].class != MEMBER_BYTES)
			m->loads[i] = member_load_new(&m->members[i]);
	}
	if (got == 1)
		c->maps[map] = m;
	else
		free(m);
	return got;
}

static bool
is_replaced(const struct stream_map *m)
{
	return (m->source == STREAM_SAMPLE && !m->polling.clear_map) ||
	       (m->source == STREAM_ITER && m->polling.interval_ms > 0);
}

/* A pass over a sampled map replaces its last one, and that of no other. */
static int
check_replaced(struct counter *c, const char *where)
{
	size_t n = 0;

	for (size_t i = 0; i < c->from->nmaps; i++) {
		if (c->maps[i] == NULL)
			continue;
		n++;
		c->replaced |= is_replaced(&c->from->maps[i]);
	}
	if (n < 2 || !c->replaced)
		return 0;
	report_error("%s: passes over a sampled map cannot be counted with "
		     "another map; choose one with -m",
	    where);
	return -1;
}

static int
find_all(struct counter *c, const bool *wanted, const char *where)
{
	const char *missing = NULL;
	bool any = false;
	int got;

	for (unsigned int i = 0; i < c->from->nmaps; i++) {
		if (!wanted[i])
			continue;
		if ((got = find_members(c, c->from, i, &missing)) == -1)
			return -1;
		any |= got == 1;
		c->lacks[i] = got == 0;
	}
	if (any)
		return check_replaced(c, where);
	if (missing != NULL)
		report_missing(c->from, wanted, missing, where);
	else
		report_error("%s: there are no maps to count", where);
	return -1;
}

int
counter_begin(struct counter *c, const struct stream_header *h,
    const bool *wanted, const char *where)
{
	free_maps(c);
	c->from = h;
	if (find_all(c, wanted, where) == -1)
		return -1;
	for (unsigned int i = 0; i < h->nmaps; i++) {
		if (c->maps[i] == NULL)
			continue;
		if (c->laid_out) {
			if (!count_shape_fits(&c->shape, c->maps[i]->members))
				return 0;
		} else if (count_shape_add(
			       &c->shape, c->maps[i]->members, where) == -1) {
			return -1;
		}
	}
	return 1;
}

struct stream_header *
counter_header(struct counter *c)
{
	return c->laid_out ? &c->header : NULL;
}

int
counter_make_header(struct counter *c, const struct stream_header *from,
    enum stream_encoding encoding)
{
	size_t at;

	if (count_shape_make_header(&c->shape, &c->header, from, encoding) ==
	    -1)
		return -1;
	c->row = calloc(1, c->shape.key_size + c->shape.value_size + 1);
	if (c->row == NULL)
		return report_nomem();
	c->key_room = at = (c->shape.key_size + 15) / 16 * 16;
	for (size_t i = 0; i < c->q->ncolumns; i++) {
		c->states[i] = at;
		at += (measure_state_size(&c->q->columns[i]) + 15) / 16 * 16;
	}
	row_table_init(&c->table, c->shape.key_size, at);
	c->laid_out = true;
	return 0;
}

bool
counter_counts(const struct counter *c, unsigned int map)
{
	return c->maps[map] != NULL;
}

bool
counter_is_replaced(const struct counter *c)
{
	return c->replaced;
}

bool
counter_has_any(const struct counter *c)
{
	return c->table.n > 0;
}

static void
load_text(unsigned char *to, size_t size, const struct counted_member *m,
    const unsigned char *data, size_t len)
{
	const unsigned char *from = data + m->offset;
	size_t most = m->size;

	if (m->constant != NULL)
		from = (const unsigned char *)m->constant;
	else if (m->tail && len - m->offset < most)
		most = len - m->offset;
	if (most > size - m->tail)
		most = size - m->tail;
	memcpy(to, from, strnlen((const char *)from, most));
}

/* Zeros of both signs are one key, and so is all that is no number. */
static void
load_real(unsigned char *to, size_t size, double v)
{
	float single;

	v = v == 0 ? 0 : v != v ? (double)__builtin_nanf("") : v;
	single = (float)v;
	memcpy(to, size == sizeof(single) ? (void *)&single : (void *)&v, size);
}

static void
load_key(struct counter *c, const struct counted_map *m,
    const unsigned char *data, size_t len)
{
	memset(c->key, 0, c->shape.key_size);
	for (size_t i = 0; i < c->q->nby; i++) {
		const struct shape_part *p = &c->shape.key[i];
		unsigned char *to = c->key + p->offset;
		unsigned __int128 v;

		switch (p->member.class) {
		case MEMBER_TEXT:
			load_text(to, p->size, &m->members[i], data, len);
			break;
		case MEMBER_BYTES:
			memcpy(to, data + m->members[i].offset, p->size);
			break;
		case MEMBER_FLOAT:
			load_real(
			    to, p->size, member_load_real(&m->loads[i], data));
			break;
		default:
			v = member_load_integer(&m->loads[i], data);
			memcpy(to, &v, p->size);
		}
	}
}

/* The key of all keys for which there is no row. */
static void
make_other_key(struct counter *c)
{
	memset(c->key, 0, c->shape.key_size);
	if (c->shape.other)
		c->key[c->shape.other_offset] = 1;
	for (size_t i = 0; i < c->q->nby; i++) {
		const struct shape_part *p = &c->shape.key[i];

		if (p->member.class == MEMBER_TEXT)
			strlcpy((char *)c->key + p->offset, COUNT_OTHER_TEXT,
			    p->size);
	}
}

static unsigned char *
find_row(struct counter *c)
{
	unsigned char *row = row_table_find(&c->table, c->key);

	if (row != NULL)
		return row;
	if (c->table.n < c->q->keys && c->sketches < SKETCHES_MAX)
		return row_table_add(&c->table, c->key);
	c->others++;
	make_other_key(c);
	row = row_table_find(&c->table, c->key);
	return row != NULL ? row : row_table_add(&c->table, c->key);
}

/* A record that ends within its last array goes on with zeros. */
static const unsigned char *
complete(struct counter *c, const unsigned char *data, size_t len, size_t size)
{
	unsigned char *whole;

	if (size > c->whole_cap) {
		if ((whole = realloc(c->whole, size)) == NULL)
			return NULL;
		c->whole = whole;
		c->whole_cap = size;
	}
	memcpy(c->whole, data, len);
	memset(c->whole + len, 0, size - len);
	return c->whole;
}

/* Add a record to a column that is not the count. */
static bool
add_column(struct counter *c, const struct counted_map *m, size_t i,
    unsigned char *row, const unsigned char *data)
{
	size_t at = c->q->nby + i;

	return measure_add(&c->q->columns[i], &m->members[at], &m->loads[at],
	    row + c->states[i], data, &c->sketches);
}

int
counter_add(
    struct counter *c, unsigned int map, const unsigned char *data, size_t len)
{
	const struct counted_map *m = c->maps[map];
	size_t size = c->from->maps[map].record_size;
	unsigned char *row;

	if (len < size) {
		if ((data = complete(c, data, len, size)) == NULL)
			return report_nomem();
		len = size;
	}
	load_key(c, m, data, len);
	if ((row = find_row(c)) == NULL)
		return report_nomem();
	++*(uint64_t *)(void *)(row + c->states[0]);
	for (size_t i = 1; i < c->q->ncolumns; i++)
		if (!add_column(c, m, i, row, data))
			return report_nomem();
	return 0;
}

/* A row and what it is sorted by. */
struct sorted_row {
	const unsigned char *row;
	struct measure_number number;
};

static int
compare_rows(const void *a, const void *b, void *arg)
{
	const struct counter *c = arg;
	const struct sorted_row *x = a, *y = b;
	int order = measure_compare(&y->number, &x->number);

	if (c->q->ascending)
		order = -order;
	return order != 0 ? order : memcmp(x->row, y->row, c->shape.key_size);
}

/* The number in a member of a row's key; texts are sorted by their bytes. */
static struct measure_number
key_number(const struct counter *c, const unsigned char *row, size_t i)
{
	const struct shape_part *p = &c->shape.key[i];
	struct counted_member m = p->member;
	struct measure_number v = { .is_real = m.class == MEMBER_FLOAT,
		.is_signed = m.is_signed };
	struct member_load l;

	m.offset = p->offset;
	m.bits = 0;
	m.cpus = 0;
	l = member_load_new(&m);
	if (v.is_real)
		v.real = member_load_real(&l, row);
	else if (m.class <= MEMBER_BOOL)
		v.whole = member_load_integer(&l, row);
	else
		for (size_t n = 0; n < 16; n++)
			v.whole = v.whole << 8 |
				  (n < p->size ? row[p->offset + n] : 0);
	return v;
}

static struct measure_number
sort_number(const struct counter *c, const unsigned char *row)
{
	size_t i = c->q->sort == NULL ? c->q->nby : question_sort_column(c->q);

	if (i < c->q->nby)
		return key_number(c, row, i);
	i -= c->q->nby;
	return measure_get(
	    &c->q->columns[i], &c->shape.measured[i], row + c->states[i]);
}

static void
write_row(struct counter *c, const unsigned char *row)
{
	const struct count_shape *s = &c->shape;

	memcpy(c->row, row, s->key_size);
	memset(c->row + s->key_size, 0, s->value_size);
	for (size_t i = 0; i < c->q->ncolumns; i++)
		if (!measure_write(&c->q->columns[i], &s->measured[i],
			row + c->states[i],
			c->row + s->key_size + s->value[i].offset,
			s->value[i].size))
			c->clamped[i] = true;
}

static struct sorted_row *
sort_rows(struct counter *c)
{
	size_t n = c->table.n;
	struct sorted_row *v = calloc(n + 1, sizeof(*v));

	if (v == NULL) {
		report_nomem();
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		v[i].row = row_table_at(&c->table, i);
		v[i].number = sort_number(c, v[i].row);
	}
	qsort_r(v, n, sizeof(*v), compare_rows, c);
	return v;
}

int64_t
counter_rows(struct counter *c, counter_row *fn, void *ctx)
{
	struct sorted_row *v = sort_rows(c);
	size_t n = c->table.n, top = c->q->top == 0 ? n : c->q->top;
	const unsigned char *other;
	int64_t rows = 0;

	if (v == NULL)
		return -1;
	make_other_key(c);
	other = c->others == 0 ? NULL : row_table_find(&c->table, c->key);
	for (size_t i = 0, shown = 0; i < n; i++) {
		if (v[i].row != other && shown++ >= top)
			continue;
		write_row(c, v[i].row);
		rows++;
		if (!fn(ctx, c->row, c->shape.key_size + c->shape.value_size))
			break;
	}
	free(v);
	return rows;
}

void
counter_report(const struct counter *c, const char *where)
{
	for (size_t i = 0; c->from != NULL && i < c->from->nmaps; i++)
		if (c->lacks[i])
			report_notice("%s: map %s was left out: it lacks a "
				      "member of the question",
			    where, c->from->maps[i].name);
	if (c->others > 0)
		report_notice("%s: %" PRIu64 " records of more than %zu keys "
			      "are counted as others; --keys allows more",
		    where, c->others, c->q->keys);
	for (size_t i = 0; i < c->q->ncolumns; i++)
		if (c->clamped[i])
			report_notice("%s: a number in %s was too large, and "
				      "the nearest is shown",
			    where, c->q->columns[i].name);
}
