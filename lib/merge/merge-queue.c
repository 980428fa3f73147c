#include "merge/merge-queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "base/util.h"

enum { LINE_WAITS, LINE_LATE, LINE_GONE };

enum {
	CHUNK_BYTES = 64 << 10, /* of a chunk, but for one long line */
	POOL_CHUNKS = 128,      /* that are kept for further use */
};

/* Lines one behind the other.  It is freed when all have gone, wherever it is
 * among the others: a line that stays for long holds only its own. */
struct queue_chunk {
	struct queue_chunk *next, *before;
	size_t size, end; /* bytes: of v, and those with lines */
	size_t waiting;   /* lines that have not gone */
	char v[];
};

struct merge_pool {
	struct queue_chunk *free; /* owned: a list of chunks of one size */
	size_t n;
};

/* A list of chunks, and the place of the first LINE_WAITS, or one before. */
struct queue_lines {
	struct queue_chunk *first, *last, *at;
	size_t offset; /* in at */
	size_t bytes;
};

/* Where a line is. */
struct queue_place {
	struct queue_chunk *chunk;
	struct merge_item *line;
};

/* A record that came later than one with a later time. */
struct late_record {
	uint64_t time_ns, number;
	struct queue_place place;
};

struct merge_queue {
	struct merge_pool *pool; /* borrowed */
	/* Records in the order of their times, with those that came late among
	 * them; and the lines that go before the records behind them. */
	struct queue_lines lines, names;
	struct late_record *late; /* owned: a heap */
	size_t nlate, late_cap;
	uint64_t latest, number;
	/* The line that was told last. */
	enum { FROM_NONE, FROM_LINES, FROM_LATE, FROM_NAMES } from;
};

struct merge_pool *
merge_pool_new(void)
{
	struct merge_pool *p = calloc(1, sizeof(*p));

	if (p == NULL)
		report_nomem();
	return p;
}

static void
free_chunks(struct queue_chunk *c)
{
	struct queue_chunk *next;

	for (; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
}

void
merge_pool_free(struct merge_pool *p)
{
	if (p == NULL)
		return;
	free_chunks(p->free);
	free(p);
}

/* A chunk with room for size bytes; NULL if memory ran out. */
static struct queue_chunk *
get_chunk(struct merge_pool *p, size_t size)
{
	struct queue_chunk *c = p->free;

	if (size <= CHUNK_BYTES && c != NULL) {
		p->free = c->next;
		p->n--;
		return c;
	}
	if (size < CHUNK_BYTES)
		size = CHUNK_BYTES;
	if ((c = malloc(sizeof(*c) + size)) != NULL)
		c->size = size;
	return c;
}

static void
release_chunk(struct merge_pool *p, struct queue_chunk *c)
{
	if (c->size != CHUNK_BYTES || p->n == POOL_CHUNKS) {
		free(c);
		return;
	}
	c->next = p->free;
	p->free = c;
	p->n++;
}

struct merge_queue *
merge_queue_new(struct merge_pool *pool)
{
	struct merge_queue *q = calloc(1, sizeof(*q));

	if (q == NULL)
		report_nomem();
	else
		q->pool = pool;
	return q;
}

void
merge_queue_free(struct merge_queue *q)
{
	if (q == NULL)
		return;
	free_chunks(q->lines.first);
	free_chunks(q->names.first);
	free(q->late);
	free(q);
}

uint64_t
merge_queue_latest(const struct merge_queue *q)
{
	return q->latest;
}

size_t
merge_queue_bytes(const struct merge_queue *q)
{
	return q->lines.bytes + q->names.bytes + q->nlate * sizeof(*q->late);
}

/* Have a chunk behind the others with room for size bytes.  Returns 0 or -1. */
static int
add_chunk(struct merge_pool *pool, struct queue_lines *l, size_t size)
{
	struct queue_chunk *c = get_chunk(pool, size);

	if (c == NULL)
		return report_nomem();
	c->next = NULL;
	c->before = l->last;
	c->end = c->waiting = 0;
	*(l->last != NULL ? &l->last->next : &l->first) = c;
	l->last = c;
	if (l->at == NULL) {
		l->at = c;
		l->offset = 0;
	}
	return 0;
}

static void
remove_chunk(
    struct merge_pool *pool, struct queue_lines *l, struct queue_chunk *c)
{
	*(c->before != NULL ? &c->before->next : &l->first) = c->next;
	*(c->next != NULL ? &c->next->before : &l->last) = c->before;
	if (l->at == c) {
		l->at = c->next;
		l->offset = 0;
	}
	l->bytes -= c->end;
	release_chunk(pool, c);
}

/* The bytes of a line in a chunk, rounded, so that the next one is aligned. */
static size_t
line_size(size_t len)
{
	return sizeof(struct merge_item) + round_up_8(len);
}

static struct merge_item *
line_at(struct queue_chunk *c, size_t offset)
{
	/* Sizes are rounded, so that it is aligned. */
	return (struct merge_item *)(void *)(c->v + offset);
}

/* Append a line.  Returns its place, where the line is NULL if memory ran out.
 */
static struct queue_place
append(struct merge_queue *q, struct queue_lines *l,
    const struct merge_item *item, const char *text)
{
	size_t size = line_size(item->len);
	struct queue_chunk *c = l->last;
	struct merge_item *line;

	if (c == NULL || c->size - c->end < size) {
		if (add_chunk(q->pool, l, size) == -1)
			return (struct queue_place){ NULL, NULL };
		c = l->last;
	}
	line = line_at(c, c->end);
	*line = *item;
	memcpy(line + 1, text, item->len);
	c->end += size;
	c->waiting++;
	l->bytes += size;
	return (struct queue_place){ c, line };
}

static bool
is_before(const struct late_record *a, const struct late_record *b)
{
	return a->time_ns != b->time_ns ? a->time_ns < b->time_ns
					: a->number < b->number;
}

static int
add_late(struct merge_queue *q, struct late_record r)
{
	size_t i = q->nlate;

	if (!array_room(q->late, q->nlate, q->late_cap))
		return report_nomem();
	q->nlate++;
	for (; i > 0 && is_before(&r, &q->late[(i - 1) / 2]); i = (i - 1) / 2)
		q->late[i] = q->late[(i - 1) / 2];
	q->late[i] = r;
	return 0;
}

static void
drop_late(struct merge_queue *q)
{
	struct late_record r = q->late[--q->nlate];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < q->nlate) {
		if (child + 1 < q->nlate &&
		    is_before(&q->late[child + 1], &q->late[child]))
			child++;
		if (!is_before(&q->late[child], &r))
			break;
		q->late[i] = q->late[child];
		i = child;
	}
	q->late[i] = r;
}

int
merge_queue_put(
    struct merge_queue *q, const struct merge_item *item, const char *text)
{
	bool record = item->kind <= MERGE_JSON;
	bool late = record && item->time_ns < q->latest;
	/* What is said before any record belongs to the first one. */
	bool first = item->kind == MERGE_NAMES || (!record && q->latest == 0);
	struct merge_item line = *item;
	struct queue_place place;

	line.number = ++q->number;
	line.state = late ? LINE_LATE : LINE_WAITS;
	if (!record)
		line.time_ns = q->latest;
	else if (!late)
		q->latest = line.time_ns;
	place = append(q, first ? &q->names : &q->lines, &line, text);
	if (place.line == NULL)
		return -1;
	return late ? add_late(q, (struct late_record){ line.time_ns,
				      line.number, place })
		    : 0;
}

/* The first line that waits in its order; NULL if there is none. */
static struct merge_item *
first_line(struct queue_lines *l)
{
	struct merge_item *line;

	while (l->at != NULL) {
		if (l->offset == l->at->end) {
			/* More lines may come into the last chunk. */
			if (l->at->next == NULL)
				return NULL;
			l->at = l->at->next;
			l->offset = 0;
			continue;
		}
		line = line_at(l->at, l->offset);
		if (line->state == LINE_WAITS)
			return line;
		l->offset += line_size(line->len);
	}
	return NULL;
}

const struct merge_item *
merge_queue_first(struct merge_queue *q, bool last)
{
	struct merge_item *next = first_line(&q->lines), *names;

	q->from = next != NULL ? FROM_LINES : FROM_NONE;
	if (q->nlate > 0 &&
	    (next == NULL ||
		is_before(&q->late[0],
		    &(struct late_record){
			.time_ns = next->time_ns, .number = next->number }))) {
		q->from = FROM_LATE;
		next = q->late[0].place.line;
	}
	if (q->names.first != NULL && (names = first_line(&q->names)) != NULL &&
	    (next == NULL ? last : names->number < next->number)) {
		q->from = FROM_NAMES;
		names->time_ns = next != NULL ? next->time_ns : q->latest;
		return names;
	}
	return next;
}

void
merge_queue_drop(struct merge_queue *q)
{
	struct queue_lines *l = q->from == FROM_NAMES ? &q->names : &q->lines;
	struct queue_place place;

	if (q->from == FROM_NONE)
		return;
	if (q->from == FROM_LATE) {
		place = q->late[0].place;
		drop_late(q);
	} else {
		place =
		    (struct queue_place){ l->at, line_at(l->at, l->offset) };
	}
	q->from = FROM_NONE;
	place.line->state = LINE_GONE;
	if (--place.chunk->waiting == 0)
		remove_chunk(q->pool, l, place.chunk);
}
