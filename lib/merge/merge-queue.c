#include "merge/merge-queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "base/util.h"

/* What is before the bytes of a line. */
struct queue_head {
	struct merge_item item; /* its text is set when it is lent */
	uint64_t number;        /* in the order in which they came */
	size_t size;            /* bytes of head and text in the queue */
	enum { LINE_WAITS, LINE_LATE, LINE_GONE } state;
};

enum {
	/* From so many bytes on, a line is moved behind the others if what has
	 * gone behind it is more than half of all. */
	MOVE_BYTES = 1 << 20,
};

/* Lines one behind the other, from first to end.  Positions count from the very
 * first byte, and stay valid when the bytes move. */
struct queue_bytes {
	char *v; /* owned */
	size_t first, end, cap;
	size_t waiting;  /* bytes of lines that have not gone */
	uint64_t before; /* the position of v */
	uint64_t at;     /* that of the first LINE_WAITS, or of a line before */
};

/* A record that came later than one with a later time. */
struct late_record {
	uint64_t time_ns, number, position;
};

struct merge_queue {
	/* Records in the order of their times, with those that came late among
	 * them; and the lines that go before the records behind them. */
	struct queue_bytes lines, names;
	struct late_record *late; /* owned: a heap */
	size_t nlate, late_cap;
	uint64_t latest, number;
	/* The line that was told last. */
	enum { FROM_NONE, FROM_LINES, FROM_LATE, FROM_NAMES } from;
};

struct merge_queue *
merge_queue_new(void)
{
	struct merge_queue *q = calloc(1, sizeof(*q));

	if (q == NULL)
		report_nomem();
	return q;
}

void
merge_queue_free(struct merge_queue *q)
{
	if (q == NULL)
		return;
	free(q->lines.v);
	free(q->names.v);
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
	return q->lines.end - q->lines.first + q->names.end - q->names.first +
	       q->nlate * sizeof(*q->late);
}

/* Make room for size bytes after end.  Returns them, or NULL. */
static char *
get_room(struct queue_bytes *b, size_t size)
{
	size_t used = b->end - b->first, cap;
	char *v;

	if (b->cap - b->end >= size)
		return b->v + b->end;
	/* Each byte that is moved is paid for by one that went out. */
	cap = b->first >= used && b->cap - used >= size ? b->cap
							: 2 * (used + size);
	if (cap == b->cap) {
		memcpy(b->v, b->v + b->first, used);
	} else {
		if ((v = malloc(cap)) == NULL)
			return NULL;
		if (used > 0)
			memcpy(v, b->v + b->first, used);
		free(b->v);
		b->v = v;
		b->cap = cap;
	}
	b->before += b->first;
	b->first = 0;
	b->end = used;
	return b->v + b->end;
}

static struct queue_head *
head_at(const struct queue_bytes *b, uint64_t position)
{
	/* Sizes are rounded, so that it is aligned. */
	return (struct queue_head *)(void *)(b->v + (position - b->before));
}

/* Append a line.  Returns its position, or UINT64_MAX. */
static uint64_t
append(struct queue_bytes *b, const struct merge_item *item, uint64_t number,
    bool late)
{
	struct queue_head head = { *item, number,
		sizeof(head) + round_up_8(item->len),
		late ? LINE_LATE : LINE_WAITS };
	char *p = get_room(b, head.size);
	uint64_t position;

	if (p == NULL) {
		report_nomem();
		return UINT64_MAX;
	}
	memcpy(p, &head, sizeof(head));
	memcpy(p + sizeof(head), item->text, item->len);
	position = b->before + b->end;
	b->end += head.size;
	b->waiting += head.size;
	return position;
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

/* Note that a line has come out, and free what has gone at the front. */
static void
set_gone(struct queue_bytes *b, struct queue_head *head)
{
	head->state = LINE_GONE;
	b->waiting -= head->size;
	while (b->first < b->end &&
	       (head = head_at(b, b->before + b->first))->state == LINE_GONE)
		b->first += head->size;
	if (b->at < b->before + b->first)
		b->at = b->before + b->first;
	if (b->first == b->end) {
		b->before += b->end;
		b->first = b->end = 0;
	}
}

/*
 * Move the first record behind all others, as one that came late, so that what
 * has gone behind it is free: its time may be that of another year.
 */
static int
move_first(struct merge_queue *q)
{
	struct queue_bytes *b = &q->lines;
	uint64_t position = b->before + b->first, moved;
	struct queue_head *head = head_at(b, position);
	struct merge_item item = head->item;
	uint64_t number = head->number;
	bool waits = head->state == LINE_WAITS;
	char *text;

	/* The room may move while it grows. */
	if ((text = malloc(item.len + 1)) == NULL)
		return report_nomem();
	memcpy(text, head + 1, item.len);
	item.text = text;
	moved = append(b, &item, number, true);
	free(text);
	if (moved == UINT64_MAX)
		return -1;
	set_gone(b, head_at(b, position));
	if (waits)
		return add_late(
		    q, (struct late_record){ item.time_ns, number, moved });
	for (size_t i = 0; i < q->nlate; i++)
		if (q->late[i].number == number)
			q->late[i].position = moved;
	return 0;
}

int
merge_queue_put(struct merge_queue *q, const struct merge_item *item)
{
	bool record = item->kind <= MERGE_JSON;
	bool late = record && item->time_ns < q->latest;
	struct merge_item in_order = *item;
	struct queue_bytes *b = &q->lines;
	uint64_t position, number = ++q->number;

	/* What is said before any record belongs to the first one. */
	if (item->kind == MERGE_NAMES || (!record && q->latest == 0))
		return append(&q->names, item, number, false) == UINT64_MAX ? -1
									    : 0;
	if (!record)
		in_order.time_ns = q->latest;
	else if (!late)
		q->latest = item->time_ns;
	if (b->end - b->first > MOVE_BYTES &&
	    b->waiting < (b->end - b->first) / 2 && move_first(q) == -1)
		return -1;
	position = append(b, &in_order, number, late);
	if (position == UINT64_MAX)
		return -1;
	return late ? add_late(q, (struct late_record){ item->time_ns, number,
				      position })
		    : 0;
}

/* The first line that waits in its order; NULL if there is none. */
static struct queue_head *
first_line(struct queue_bytes *b)
{
	struct queue_head *head;

	if (b->at < b->before + b->first)
		b->at = b->before + b->first;
	for (; b->at < b->before + b->end; b->at += head->size) {
		head = head_at(b, b->at);
		if (head->state == LINE_WAITS)
			return head;
	}
	return NULL;
}

static void
tell(struct merge_item *item, struct queue_head *head)
{
	*item = head->item;
	item->text = (const char *)(head + 1);
}

bool
merge_queue_first(struct merge_queue *q, struct merge_item *item, bool last)
{
	struct queue_head *line = first_line(&q->lines), *next = line;
	struct queue_head *names = first_line(&q->names);

	q->from = line != NULL ? FROM_LINES : FROM_NONE;
	if (q->nlate > 0 &&
	    (line == NULL || is_before(&q->late[0],
				 &(struct late_record){
				     line->item.time_ns, line->number, 0 }))) {
		q->from = FROM_LATE;
		next = head_at(&q->lines, q->late[0].position);
	}
	if (names != NULL &&
	    (next == NULL ? last : names->number < next->number)) {
		uint64_t time_ns =
		    next != NULL ? next->item.time_ns : q->latest;

		q->from = FROM_NAMES;
		tell(item, names);
		item->time_ns = time_ns;
		return true;
	}
	if (next == NULL)
		return false;
	tell(item, next);
	return true;
}

void
merge_queue_drop(struct merge_queue *q)
{
	struct queue_bytes *b = q->from == FROM_NAMES ? &q->names : &q->lines;
	uint64_t position;

	if (q->from == FROM_NONE)
		return;
	position = q->from == FROM_LATE ? q->late[0].position : b->at;
	if (q->from == FROM_LATE)
		drop_late(q);
	q->from = FROM_NONE;
	set_gone(b, head_at(b, position));
}
