#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/suggest.h"
#include "count/counter.h"
#include "count/key-value.h"
#include "count/measure.h"
#include "count/row-table.h"
#include "record/fields.h"

/* Memory of quantiles beyond which there are no new rows. */
#define SKETCHES_MAX ((size_t)1 << 28)

/* How records of one map are read. */
struct counted_map {
	struct counted_member parts[COUNT_PARTS_MAX]; /* of the key */
	struct member_load part_loads[COUNT_PARTS_MAX];
	struct key_copy copies[COUNT_PARTS_MAX];
	struct counted_member columns[QUESTION_COLUMNS_MAX];
	struct member_load column_loads[QUESTION_COLUMNS_MAX];
	struct stack_layout layout; /* without sides if there are no stacks */
	unsigned char sides[COUNT_PARTS_MAX]; /* which of them a part is */
	bool is_stack[COUNT_PARTS_MAX];       /* of addresses */
	struct json_source json;
	size_t record_size; /* what counter_add() gets at least */
};

struct counter {
	const struct question *q; /* borrowed */
	struct count_shape shape;
	struct stream_header header; /* of the rows */
	struct row_table table;
	size_t key_room; /* bytes of a row before the states */
	size_t states[QUESTION_COLUMNS_MAX];
	bool laid_out;
	/* What counter_show_other() took out of the header. */
	struct type_member other_member;
	bool other_hidden;
	size_t sort_column;               /* as question_sort_column() counts */
	unsigned char key[COUNT_KEY_MAX]; /* of the record */
	unsigned char *whole;             /* owned: a short record, completed */
	size_t whole_cap;
	unsigned char *row; /* owned: key and value, as they are written */

	const struct stream_header *from; /* borrowed: of the input */
	struct counted_map
	    *maps[STREAM_ENTRIES_MAX]; /* owned; NULL: left out */
	bool lacks[STREAM_ENTRIES_MAX];
	bool replaced;
	struct counted_map *untyped; /* owned: of JSON without types, or NULL */
	enum stream_encoding encoding;

	uint64_t others; /* records in the row of all others */
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
free_map(struct counted_map *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < COUNT_PARTS_MAX; i++)
		key_copy_free(&m->copies[i]);
	json_source_close(&m->json);
	free(m);
}

static void
free_maps(struct counter *c)
{
	for (size_t i = 0; i < STREAM_ENTRIES_MAX; i++) {
		if (c->maps[i] != c->untyped)
			free_map(c->maps[i]);
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

static void
free_header(struct counter *c)
{
	if (c->other_hidden)
		free(c->other_member.name);
	c->other_hidden = false;
	stream_header_free(&c->header);
}

void
counter_reset(struct counter *c)
{
	counter_clear(c);
	row_table_free(&c->table);
	free_header(c);
	free(c->row);
	c->row = NULL;
	c->laid_out = false;
	c->others = 0;
	memset(c->clamped, 0, sizeof(c->clamped));
	count_shape_reset(&c->shape);
	if (c->maps[0] == c->untyped)
		c->maps[0] = NULL;
	free_map(c->untyped);
	c->untyped = NULL;
}

void
counter_free(struct counter *c)
{
	if (c == NULL)
		return;
	free_maps(c);
	counter_reset(c);
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

static bool
is_number(const struct counted_member *m)
{
	return m->class != MEMBER_TEXT && m->class != MEMBER_BYTES;
}

/* Find the members of a map that the question names.  Returns 1, 0 with
 * *missing set, or -1 after reporting. */
static int
find_members(struct counter *c, unsigned int map, const char **missing)
{
	struct counted_map *m = calloc(1, sizeof(*m));
	const struct question *q = c->q;
	int got = m == NULL ? report_nomem() : 1;

	for (size_t i = 0; i < q->nby && got == 1; i++) {
		*missing = q->by[i].member;
		got = counted_member_find(&m->parts[i], c->from, map, *missing);
	}
	for (size_t i = 1; i < q->ncolumns && got == 1; i++) {
		*missing = q->columns[i].member;
		got =
		    counted_member_find(&m->columns[i], c->from, map, *missing);
		if (got == 1)
			counted_member_measure(&m->columns[i]);
	}
	if (got == 1)
		c->maps[map] = m;
	else
		free_map(m);
	return got;
}

/* Prepare to read a part of the key. */
static int
prepare_part(struct counter *c, struct counted_map *m, size_t i)
{
	const struct counted_member *part = &m->parts[i];

	if (is_number(part))
		m->part_loads[i] = member_load_new(part);
	if (part->class != MEMBER_BYTES)
		return 0;
	if (part->size > COUNT_KEY_MAX) {
		report_error("--by: %s has %zu bytes, more than %d",
		    count_shape_part(&c->shape, i)->member, part->size,
		    COUNT_KEY_MAX);
		return -1;
	}
	return key_copy_init(&m->copies[i], part->types, part->type);
}

/* Prepare to read all members. */
static int
prepare(struct counter *c, struct counted_map *m)
{
	for (size_t i = 0; i < count_shape_parts(&c->shape); i++)
		if (!m->parts[i].absent && prepare_part(c, m, i) == -1)
			return -1;
	for (size_t i = 1; i < c->q->ncolumns; i++)
		if (is_number(&m->columns[i]))
			m->column_loads[i] = member_load_new(&m->columns[i]);
	return 0;
}

/* Let a member be taken from JSON records of a map. */
static int
add_json(struct counter *c, unsigned int map, struct counted_member *m,
    const char *name, bool is_key)
{
	struct fields found = { 0 };
	int ret;

	if (m->absent || m->constant != NULL)
		return 0;
	fields_add_selected(&found, c->from, map, &name, 1, false);
	ret = found.n == 0 ? report_nomem()
			   : json_source_add(&c->maps[map]->json, m, name,
				 found.v[0].path, is_key);
	fields_free(&found);
	return ret;
}

static int
open_json(struct counter *c, unsigned int map)
{
	struct counted_map *m = c->maps[map];

	if (json_source_open(&m->json, false) == -1)
		return -1;
	for (size_t i = 0; i < count_shape_parts(&c->shape); i++)
		if (add_json(c, map, &m->parts[i],
			count_shape_part(&c->shape, i)->member, true) == -1)
			return -1;
	for (size_t i = 1; i < c->q->ncolumns; i++)
		if (add_json(c, map, &m->columns[i], c->q->columns[i].member,
			false) == -1)
			return -1;
	if (json_source_place(&m->json) == -1)
		return -1;
	m->record_size = m->json.size;
	return 0;
}

/* Find the members of a map that others imply, and prepare to read all. */
static int
complete_map(struct counter *c, unsigned int map)
{
	struct counted_map *m = c->maps[map];
	size_t n = count_shape_parts(&c->shape);

	for (size_t i = c->q->nby; i < n; i++) {
		int got = counted_member_find(&m->parts[i], c->from, map,
		    count_shape_part(&c->shape, i)->member);

		if (got == -1)
			return -1;
		if (got == 0)
			m->parts[i] = (struct counted_member){
				.absent = true, .type = TYPE_NONE, .size = 1
			};
	}
	m->record_size = c->from->maps[map].record_size;
	if (c->from->encoding == STREAM_JSON && open_json(c, map) == -1)
		return -1;
	return prepare(c, m);
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
		if ((got = find_members(c, i, &missing)) == -1)
			return -1;
		any |= got == 1;
		c->lacks[i] = got == 0;
	}
	if (any)
		return check_replaced(c, where);
	/* The error says it of all maps. */
	memset(c->lacks, 0, sizeof(c->lacks));
	if (missing != NULL)
		report_missing(c->from, wanted, missing, where);
	else
		report_error("%s: there are no maps to count", where);
	return -1;
}

/* Find the stacks of a map, and the parts that others imply. */
static int
imply(struct counter *c, unsigned int map)
{
	struct counted_map *m = c->maps[map];

	if (stack_layout_find(&m->layout, c->from, map) == -1)
		return -1;
	for (size_t i = 0; i < c->q->nby; i++) {
		m->sides[i] =
		    (unsigned char)count_stack_side(&m->layout, &m->parts[i]);
		if (m->sides[i] == STACK_SIDES)
			continue;
		m->is_stack[i] =
		    m->layout.sides[m->sides[i]].kind == STACK_ARRAY;
		if (c->from->encoding != STREAM_JSON)
			continue;
		report_error("--by: %s is a stack, of which JSON records have "
			     "the names only; leave out -f json",
		    c->q->by[i].member);
		return -1;
	}
	if (c->laid_out)
		return 0;
	return count_shape_imply(&c->shape, c->from, map, m->parts, &m->layout);
}

int
counter_begin(struct counter *c, const struct stream_header *h,
    const bool *wanted, const char *where)
{
	free_maps(c);
	c->from = h;
	if (c->untyped != NULL && c->laid_out)
		return 0;
	if (find_all(c, wanted, where) == -1)
		return -1;
	for (unsigned int i = 0; i < h->nmaps; i++)
		if (c->maps[i] != NULL && imply(c, i) == -1)
			return -1;
	for (unsigned int i = 0; i < h->nmaps; i++) {
		struct counted_map *m = c->maps[i];

		if (m == NULL)
			continue;
		if (complete_map(c, i) == -1)
			return -1;
		if (c->laid_out) {
			if (!count_shape_fits(&c->shape, m->parts, m->columns))
				return 0;
		} else if (count_shape_add(
			       &c->shape, m->parts, m->columns, where) == -1) {
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
	c->sort_column =
	    c->q->sort == NULL ? c->q->nby : question_sort_column(c->q);
	c->laid_out = true;
	return 0;
}

/* The key of all keys for which there is no row. */
static void
make_other_key(struct counter *c)
{
	memset(c->key, 0, c->shape.key_size);
	if (c->shape.other)
		c->key[c->shape.other_offset] = 1;
	for (size_t i = 0; i < count_shape_parts(&c->shape); i++) {
		const struct shape_part *p = &c->shape.key[i];

		if (p->member.class == MEMBER_TEXT)
			strlcpy((char *)c->key + p->offset, COUNT_OTHER_TEXT,
			    p->size);
	}
}

/* The members of records without types are what the question names. */
static struct counted_map *
make_untyped(const struct question *q)
{
	struct counted_map *m = calloc(1, sizeof(*m));

	if (m == NULL) {
		report_nomem();
		return NULL;
	}
	if (json_source_open(&m->json, true) == -1)
		goto fail;
	for (size_t i = 0; i < q->nby; i++)
		if (json_source_add(&m->json, &m->parts[i], q->by[i].member,
			q->by[i].member, true) == -1)
			goto fail;
	for (size_t i = 1; i < q->ncolumns; i++)
		if (json_source_add(&m->json, &m->columns[i],
			q->columns[i].member, q->columns[i].member,
			false) == -1)
			goto fail;
	return m;
fail:
	free_map(m);
	return NULL;
}

int
counter_begin_untyped(struct counter *c, enum stream_encoding encoding)
{
	free_maps(c);
	c->from = NULL;
	if (c->untyped == NULL && c->laid_out)
		return 0;
	c->encoding = encoding;
	if (c->untyped == NULL && (c->untyped = make_untyped(c->q)) == NULL)
		return -1;
	c->maps[0] = c->untyped;
	return 1;
}

/* Make the header anew, of the types that the values need now. */
static int
lay_out_untyped(struct counter *c)
{
	static const struct stream_header none;
	struct counted_map *m = c->untyped;

	c->shape = (struct count_shape){ .question = c->q };
	free_header(c);
	free(c->row);
	c->row = NULL;
	if (json_source_place(&m->json) == -1 || prepare(c, m) == -1 ||
	    count_shape_add(&c->shape, m->parts, m->columns, "") == -1)
		return -1;
	m->record_size = m->json.size;
	return counter_make_header(c, &none, c->encoding);
}

/* How rows were laid out. */
struct old_rows {
	struct count_shape shape;
	struct row_table table;
	size_t states[QUESTION_COLUMNS_MAX];
	unsigned char other[COUNT_KEY_MAX]; /* the key of all others */
};

static void
convert_key(
    struct counter *c, const struct old_rows *old, const unsigned char *row)
{
	if (memcmp(row, old->other, old->shape.key_size) == 0) {
		make_other_key(c);
		return;
	}
	memset(c->key, 0, c->shape.key_size);
	for (size_t i = 0; i < c->q->nby; i++) {
		const struct shape_part *from = &old->shape.key[i];
		const struct shape_part *to = &c->shape.key[i];
		struct json_found v;

		json_value_load(&v, &from->member, row + from->offset);
		json_value_write(&to->member, c->key + to->offset, &v);
	}
}

static int
convert_row(
    struct counter *c, const struct old_rows *old, const unsigned char *row)
{
	unsigned char *to;

	convert_key(c, old, row);
	if ((to = row_table_add(&c->table, c->key)) == NULL)
		return report_nomem();
	for (size_t i = 0; i < c->q->ncolumns; i++) {
		const struct column *column = &c->q->columns[i];
		const struct counted_member *was = &old->shape.measured[i];

		memcpy(to + c->states[i], row + old->states[i],
		    measure_state_size(column));
		if (was->class != MEMBER_FLOAT &&
		    c->shape.measured[i].class == MEMBER_FLOAT)
			measure_make_real(
			    column, to + c->states[i], was->is_signed);
	}
	return 0;
}

/* Change the rows to the types that the values need now. */
static int
convert_rows(struct counter *c)
{
	struct old_rows *old;
	int ret;

	if (!c->laid_out)
		return lay_out_untyped(c);
	if ((old = calloc(1, sizeof(*old))) == NULL)
		return report_nomem();
	make_other_key(c);
	memcpy(old->other, c->key, c->shape.key_size);
	old->shape = c->shape;
	old->table = c->table;
	c->table = (struct row_table){ 0 };
	memcpy(old->states, c->states, sizeof(old->states));
	ret = lay_out_untyped(c);
	for (size_t i = 0; i < old->table.n; i++) {
		unsigned char *row = row_table_at(&old->table, i);

		if (ret == 0 && (ret = convert_row(c, old, row)) == 0)
			continue;
		for (size_t j = 0; j < c->q->ncolumns; j++)
			measure_free(&c->q->columns[j], row + old->states[j]);
	}
	row_table_free(&old->table);
	free(old);
	return ret;
}

void
counter_read_json(struct counter *c, unsigned int map, const char *text,
    size_t len, struct counter_json *out)
{
	struct counted_map *m = c->maps[map];
	struct json_source *json = &m->json;

	out->changed = false;
	out->got = json_source_read(json, text, len, &out->time_ns);
	/* Without members nothing changes, and there is one row. */
	if (out->got == JSON_CHANGED ||
	    (out->got == JSON_GOOD && !c->laid_out)) {
		out->changed = true;
		out->got = convert_rows(c) == 0 ? JSON_GOOD : JSON_NOMEM;
	}
	if (out->got == JSON_GOOD)
		out->got = json_source_write(json);
	out->data = json->record;
	out->len = json->size;
	out->wrong_at = json->row.wrong_at;
	if (out->got != JSON_LACKS && out->got != JSON_WRONG)
		return;
	out->name = json->wrong->name;
	out->wanted = json->untyped ? "a number"
		      : json->wrong->member->class == MEMBER_BYTES
			  ? NULL
			  : counted_member_class(json->wrong->member);
}

int
counter_tell_names(struct counter *c, unsigned int map,
    struct name_store *names, struct buf *lines)
{
	return json_source_tell_names(&c->maps[map]->json, names, lines);
}

bool
counter_report_unseen(const struct counter *c, const char *where)
{
	bool unseen = false;

	for (size_t i = 0; i < STREAM_ENTRIES_MAX && !unseen; i++)
		if (c->maps[i] != NULL)
			unseen =
			    json_source_report_unseen(&c->maps[i]->json, where);
	return unseen;
}

bool
counter_has_one_pass(const struct counter *c)
{
	for (size_t i = 0; c->from != NULL && i < c->from->nmaps; i++)
		if (c->maps[i] != NULL &&
		    (c->replaced || c->from->maps[i].source == STREAM_SAMPLE))
			return false;
	return true;
}

bool
counter_show_other(struct counter *c, bool always)
{
	struct type *key = &c->header.types.v[c->header.maps[0].key];
	size_t n = count_shape_parts(&c->shape);
	size_t wanted = n + (c->shape.other && (always || c->others > 0));

	if (!c->shape.other || key->nmembers == wanted)
		return false;
	/* It is the last one. */
	if (wanted == n)
		c->other_member = key->members[n];
	else
		key->members[n] = c->other_member;
	key->nmembers = wanted;
	c->other_hidden = wanted == n;
	return true;
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

/* Of a stack, what is behind its last address means nothing. */
static void
load_stack(struct counter *c, const struct counted_map *m, size_t i,
    const unsigned char *data)
{
	uint64_t addrs[COUNT_KEY_MAX / sizeof(uint64_t)];
	const struct shape_part *p = &c->shape.key[i];
	size_t n = stack_layout_read_addresses(&m->layout,
	    (enum stack_side)m->sides[i], &c->from->types, data, addrs,
	    p->size / sizeof(*addrs));

	memcpy(c->key + p->offset, addrs, n * sizeof(*addrs));
}

static void
load_part(struct counter *c, const struct counted_map *m, size_t i,
    const unsigned char *data, size_t len)
{
	const struct shape_part *p = &c->shape.key[i];
	unsigned char *to = c->key + p->offset;
	unsigned __int128 v;

	switch (p->member.class) {
	case MEMBER_TEXT:
		load_text(to, p->size, &m->parts[i], data, len);
		break;
	case MEMBER_BYTES:
		if (m->is_stack[i])
			load_stack(c, m, i, data);
		else
			key_copy_run(
			    &m->copies[i], to, data + m->parts[i].offset);
		break;
	case MEMBER_FLOAT:
		load_real(
		    to, p->size, member_load_real(&m->part_loads[i], data));
		break;
	default:
		v = member_load_integer(&m->part_loads[i], data);
		memcpy(to, &v, p->size);
	}
}

/* Of an address of 16 bytes, one of IPv4 has only the first four. */
static void
cut_address(struct counter *c, size_t i)
{
	enum { V4 = 2, V4_BYTES = 4, V6_BYTES = 16 };
	const struct shape_part *p = &c->shape.key[i];
	const struct shape_part *family = &c->shape.key[c->shape.family[i] - 1];
	uint64_t number = 0;

	memcpy(&number, c->key + family->offset,
	    family->size < sizeof(number) ? family->size : sizeof(number));
	if (number == V4 && p->size == V6_BYTES)
		memset(c->key + p->offset + V4_BYTES, 0, V6_BYTES - V4_BYTES);
}

static void
load_key(struct counter *c, const struct counted_map *m,
    const unsigned char *data, size_t len)
{
	size_t n = c->q->nby;

	memset(c->key, 0, c->shape.key_size);
	for (size_t i = 0; i < n; i++)
		load_part(c, m, i, data, len);
	if (c->shape.nimplied == 0 && !c->shape.has_family)
		return;
	for (size_t i = n; i < n + c->shape.nimplied; i++)
		if (!m->parts[i].absent)
			load_part(c, m, i, data, len);
	for (size_t i = 0; i < n; i++)
		if (c->shape.family[i] != 0)
			cut_address(c, i);
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
	return measure_add(&c->q->columns[i], &c->shape.measured[i],
	    &m->column_loads[i], row + c->states[i], data, &c->sketches);
}

int
counter_add(
    struct counter *c, unsigned int map, const unsigned char *data, size_t len)
{
	const struct counted_map *m = c->maps[map];
	size_t size = m->record_size;
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

/* A row and what it is sorted by, if that is no part of its key. */
struct sorted_row {
	const unsigned char *row;
	struct measure_number number;
};

/* Compare part i of the keys of two rows by what it means. */
static int
compare_part(const struct counter *c, size_t i, const unsigned char *a,
    const unsigned char *b)
{
	const struct shape_part *p = &c->shape.key[i];

	a += p->offset;
	b += p->offset;
	if (p->member.class == MEMBER_TEXT ||
	    counted_member_is_swapped(&p->member))
		return memcmp(a, b, p->size);
	return key_value_compare(&c->header.types, p->type, a, b);
}

/* Equal rows are in the order of their keys. */
static int
compare_keys(
    const struct counter *c, const unsigned char *a, const unsigned char *b)
{
	int order = 0;

	for (size_t i = 0; i < count_shape_parts(&c->shape) && order == 0; i++)
		order = compare_part(c, i, a, b);
	return order != 0 ? order : memcmp(a, b, c->shape.key_size);
}

static int
compare_rows(const void *a, const void *b, void *arg)
{
	const struct counter *c = arg;
	const struct sorted_row *x = a, *y = b;
	size_t column = c->sort_column;
	int order = column < c->q->nby
			? compare_part(c, column, y->row, x->row)
			: measure_compare(&y->number, &x->number);

	if (c->q->ascending)
		order = -order;
	return order != 0 ? order : compare_keys(c, x->row, y->row);
}

static struct measure_number
sort_number(const struct counter *c, const unsigned char *row)
{
	size_t i = c->sort_column - c->q->nby;

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
		if (c->sort_column >= c->q->nby)
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
counter_report_maps(const struct counter *c, const char *where)
{
	for (size_t i = 0; c->from != NULL && i < c->from->nmaps; i++)
		if (c->lacks[i])
			report_notice("%s: map %s was left out: it lacks a "
				      "member of the question",
			    where, c->from->maps[i].name);
}

void
counter_report_rows(const struct counter *c)
{
	if (c->others > 0)
		report_notice("%" PRIu64 " records of more than %zu keys are "
			      "counted as others; --keys allows more",
		    c->others, c->q->keys);
	for (size_t i = 0; i < c->q->ncolumns; i++)
		if (c->clamped[i])
			report_notice("a number in %s was too large, and the "
				      "nearest is shown",
			    c->q->columns[i].name);
}
