#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/report.h"
#include "picture/heat.h"

enum { COLUMNS_LEAST = 64 }; /* that are not joined to save memory */

struct series_entry {
	struct hash_key key;
	struct heat_series *series; /* borrowed */
};

/* What a source had counted in its last pass: the key is the series and that.
 */
struct last_pass {
	struct hash_key key;
	struct heat_cells cells;
};

struct heat {
	struct heat_series **v; /* owned */
	size_t n, cap;
	struct hash places; /* of struct series_entry, by name */
	struct hash last;   /* of struct last_pass */
	struct hash_key start;
	struct heat_column columns[HEAT_COLUMNS_MAX];
	size_t ncolumns;
	size_t slots;  /* counts in all series */
	size_t latest; /* the column of the last pass */
	uint64_t sources;
	uint64_t lost; /* before the first column */
	uint64_t left_out;
};

struct heat *
heat_new(void)
{
	struct heat *h = calloc(1, sizeof(*h));

	if (h == NULL) {
		report_nomem();
		return NULL;
	}
	h->places.size = sizeof(struct series_entry);
	h->last.size = sizeof(struct last_pass);
	if (hash_random(&h->start) == 0)
		return h;
	free(h);
	return NULL;
}

static void
free_series(struct heat_series *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < HEAT_COLUMNS_MAX; i++)
		free(s->cells[i].v);
	free(s->name);
	free(s->unit);
	free(s);
}

void
heat_free(struct heat *h)
{
	if (h == NULL)
		return;
	for (size_t i = 0; i < h->n; i++)
		free_series(h->v[i]);
	free(h->v);
	for (size_t i = 0; i < h->last.n; i++)
		free(((struct last_pass *)hash_at(&h->last, i))->cells.v);
	hash_free(&h->last);
	hash_free(&h->places);
	free(h);
}

uint64_t
heat_source_number(struct heat *h, uint64_t given)
{
	return given != 0 ? 2 * given : 2 * h->sources++ + 1;
}

static void
add_saturating(uint64_t *sum, uint64_t n)
{
	if (__builtin_add_overflow(*sum, n, sum))
		*sum = UINT64_MAX;
}

/* Make room for n counts.  Returns false when memory ran out. */
static bool
grow_cells(struct heat_cells *c, size_t n, size_t *slots)
{
	uint64_t *v;

	if (n <= c->n)
		return true;
	if ((v = reallocarray(c->v, n, sizeof(*v))) == NULL)
		return false;
	memset(v + c->n, 0, (n - c->n) * sizeof(*v));
	*slots += n - c->n;
	c->v = v;
	c->n = n;
	return true;
}

/* Move the counts of a column to another one. */
static void
join_cells(struct heat *h, struct heat_cells *to, struct heat_cells *from)
{
	struct heat_cells less = *from;

	*from = (struct heat_cells){ NULL, 0 };
	if (to->n < less.n) {
		struct heat_cells more = less;

		less = *to;
		*to = more;
	}
	for (size_t i = 0; i < less.n; i++)
		add_saturating(&to->v[i], less.v[i]);
	h->slots -= less.n;
	free(less.v);
}

/* Join each pair of neighbouring columns. */
static void
halve(struct heat *h)
{
	size_t n = (h->ncolumns + 1) / 2;

	for (size_t i = 0; i < n; i++) {
		struct heat_column c = h->columns[2 * i];
		bool pair = 2 * i + 1 < h->ncolumns;

		if (pair) {
			c.to = h->columns[2 * i + 1].to;
			add_saturating(&c.lost, h->columns[2 * i + 1].lost);
		}
		h->columns[i] = c;
		for (size_t k = 0; k < h->n; k++) {
			struct heat_cells *cells = h->v[k]->cells, all;

			all = cells[2 * i];
			cells[2 * i] = (struct heat_cells){ NULL, 0 };
			if (pair)
				join_cells(h, &all, &cells[2 * i + 1]);
			cells[i] = all;
		}
	}
	h->ncolumns = n;
	h->latest /= 2;
}

/* Insert a column at a place. */
static void
insert_column(struct heat *h, size_t at, struct heat_column c)
{
	size_t after = h->ncolumns - at;

	memmove(&h->columns[at + 1], &h->columns[at],
	    after * sizeof(h->columns[0]));
	h->columns[at] = c;
	for (size_t i = 0; i < h->n; i++) {
		struct heat_cells *cells = h->v[i]->cells;

		memmove(&cells[at + 1], &cells[at], after * sizeof(*cells));
		cells[at] = (struct heat_cells){ NULL, 0 };
	}
	h->ncolumns++;
}

/* The first column that ends at this time or later. */
static size_t
find_place(const struct heat *h, uint64_t time)
{
	size_t low = 0, high = h->ncolumns;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (h->columns[middle].to < time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The column of a time; one that there is not yet reaches back to from. */
static size_t
find_column(struct heat *h, uint64_t from, uint64_t time)
{
	size_t i = find_place(h, time);

	if (i < h->ncolumns && h->columns[i].from < time)
		return i;
	if (h->ncolumns == HEAT_COLUMNS_MAX) {
		halve(h);
		i = find_place(h, time);
		if (i < h->ncolumns && h->columns[i].from < time)
			return i;
	}
	if (i > 0 && h->columns[i - 1].to > from)
		from = h->columns[i - 1].to;
	insert_column(h, i,
	    (struct heat_column){ .from = from, .to = time, .lost = h->lost });
	h->lost = 0;
	return i;
}

/* Begin a pass, or go on with it.  Returns its column. */
static size_t
pass_column(struct heat *h, struct heat_source *s, uint64_t time)
{
	uint64_t before = s->time_ns;

	if (s->open)
		return find_column(h, s->time_ns, s->time_ns);
	if (time == 0)
		time = before + s->interval_ns;
	if (time == 0)
		time = 1;
	if (before == 0 || before >= time)
		before = time > s->interval_ns ? time - s->interval_ns : 0;
	s->open = true;
	s->time_ns = time;
	h->latest = find_column(h, before, time);
	return h->latest;
}

void
heat_end_pass(struct heat_source *s)
{
	s->open = false;
}

/* Add a series.  Returns NULL when memory ran out. */
static struct heat_series *
add_series(struct heat *h, struct hash_key key, const char *name, size_t len,
    const struct hist *hist)
{
	struct heat_series *s = calloc(1, sizeof(*s));
	struct series_entry *e;

	if (s == NULL)
		return NULL;
	s->name = strndup(len > 0 ? name : "", len);
	s->unit = strdup(hist->unit);
	s->scale = hist->scale;
	if (s->name == NULL || s->unit == NULL ||
	    !array_room(h->v, h->n, h->cap) ||
	    (e = hash_add(&h->places, key)) == NULL) {
		free_series(s);
		return NULL;
	}
	e->series = s;
	s->number = h->n;
	h->v[h->n++] = s;
	return s;
}

/* Set *s to the series of a histogram, or to NULL if there are too many.
 * Returns 0, or -1 when memory ran out. */
static int
find_series(struct heat *h, const char *name, size_t len,
    const struct hist *hist, struct heat_series **s)
{
	struct hash_key key = h->start;
	const struct series_entry *e;

	if (len > HEAT_NAME_MAX)
		len = HEAT_NAME_MAX;
	hash_mix(&key, len > 0 ? name : "", len);
	hash_mix(&key, hist->unit, strlen(hist->unit));
	hash_mix(&key, &hist->scale.linear, sizeof(hist->scale.linear));
	hash_mix(&key, &hist->scale.step, sizeof(hist->scale.step));
	hash_mix(&key, &hist->scale.start, sizeof(hist->scale.start));
	*s = NULL;
	if ((e = hash_find(&h->places, key)) != NULL) {
		*s = e->series;
		return 0;
	}
	if (h->n == HEAT_SERIES_MAX)
		return 0;
	*s = add_series(h, key, name, len, hist);
	return *s == NULL ? -1 : 0;
}

/* The count in a slot; none if it is negative. */
static uint64_t
slot_count(const struct hist *h, size_t i)
{
	return h->is_signed && h->slots[i] > INT64_MAX ? 0 : h->slots[i];
}

/*
 * What a slot has counted since the last pass, and note its count.  If it went
 * back, it was counted anew.
 */
static uint64_t
count_since(uint64_t *last, uint64_t count)
{
	uint64_t before = *last;

	*last = count;
	return count >= before ? count - before : count;
}

/* What was counted in the last pass of a source, with room for n counts; NULL
 * when memory ran out. */
static struct heat_cells *
find_last(
    struct heat *h, const struct heat_series *s, uint64_t source, size_t n)
{
	struct hash_key key = { s->number, source };
	struct last_pass *last = hash_find(&h->last, key);

	if (last == NULL && (last = hash_add(&h->last, key)) == NULL)
		return NULL;
	return grow_cells(&last->cells, n, &h->slots) ? &last->cells : NULL;
}

int
heat_add(struct heat *h, struct heat_source *source, const char *name,
    size_t len, const struct hist *hist, uint64_t time_ns)
{
	struct heat_series *s;
	struct heat_cells *cells, *last = NULL;
	size_t column, n = hist->n;

	while (n > 0 && slot_count(hist, n - 1) == 0)
		n--;
	while (h->slots + 2 * n > HEAT_SLOTS_MAX && h->ncolumns > COLUMNS_LEAST)
		halve(h);
	column = pass_column(h, source, time_ns);
	if (find_series(h, name, len, hist, &s) == -1)
		return -1;
	if (s == NULL || h->slots + 2 * n > HEAT_SLOTS_MAX) {
		h->left_out++;
		return 0;
	}
	cells = &s->cells[column];
	if (!grow_cells(cells, n, &h->slots) ||
	    (source->cumulative &&
		(last = find_last(h, s, source->number, n)) == NULL))
		return -1;
	for (size_t i = 0; i < n; i++) {
		uint64_t count = slot_count(hist, i);

		if (last != NULL)
			count = count_since(&last->v[i], count);
		add_saturating(&cells->v[i], count);
		s->total += count;
	}
	/* Slots behind those went back to 0. */
	for (size_t i = n; last != NULL && i < last->n; i++)
		last->v[i] = 0;
	return 0;
}

void
heat_note_lost(struct heat *h, uint64_t lost)
{
	add_saturating(
	    h->ncolumns == 0 ? &h->lost : &h->columns[h->latest].lost, lost);
}

bool
heat_is_empty(const struct heat *h)
{
	return h->n == 0;
}

const struct heat_column *
heat_columns(const struct heat *h, size_t *n)
{
	*n = h->ncolumns;
	return h->columns;
}

static int
by_total(const void *a, const void *b)
{
	const struct heat_series *x = *(struct heat_series *const *)a;
	const struct heat_series *y = *(struct heat_series *const *)b;

	if (x->total != y->total)
		return x->total < y->total ? 1 : -1;
	return strcmp(x->name, y->name);
}

struct heat_series *const *
heat_sort(struct heat *h, size_t *n)
{
	*n = h->n;
	if (h->n > 0)
		qsort(h->v, h->n, sizeof(*h->v), by_total);
	return h->v;
}

uint64_t
heat_left_out(const struct heat *h)
{
	return h->left_out;
}
