#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/util.h"
#include "record/held-records.h"
#include "record/named-members.h"

/* How much time passes between two waits. */
#define HELD_BUSY_NS_MAX (CLOCK_SECOND / 10)

enum { PIDS = 4096 }; /* a power of two */

/* Of an address in a stack, which is no number of a kind. */
#define ADDRESS KIND_NONE

/* What is before the bytes of each record in the queue. */
struct held_head {
	size_t size; /* bytes of head and data in the queue */
	uint64_t came;
	struct held_record record; /* its data is set when it is lent */
};

/* What the records of a map wait for. */
struct held_map {
	const struct symbol_store *symbols; /* borrowed, or NULL: those of */
	const struct name_store *names;     /* its host */
	struct stack_layout layout;
	unsigned int sides; /* of which the names are needed */
	struct named_members named;
};

struct held_records {
	const struct stream_header *header; /* borrowed */
	struct held_map *maps;              /* owned: one for each map */

	/* The records, one behind the other, from first to end.  Those that
	 * went out leave room before first, which is used again. */
	unsigned char *bytes; /* owned */
	size_t first, end, cap;
	size_t bytes_max; /* of the records; the first goes out if they have
			     more */
	size_t n;
	/* How many of the records have pids with these low bits. */
	uint32_t pids[PIDS];

	/* What the first record lacked when it was looked at, of which
	 * addresses have the kind ADDRESS; those before told have been told
	 * since. */
	bool looked;
	size_t told, nlacking;
	struct named_id
	    lacking[STACK_SIDES * STACK_DEPTH_MAX + NAMED_MEMBERS_MAX];
	uint64_t addrs[STACK_DEPTH_MAX]; /* of one stack */
	struct buf whole; /* a record with zeros up to the size of its type */
};

struct held_records *
held_records_new(const struct stream_header *h,
    const struct symbol_store *symbols, const struct name_store *names)
{
	struct held_records *q = calloc(1, sizeof(*q));

	if (q == NULL) {
		report_nomem();
		return NULL;
	}
	q->header = h;
	q->bytes_max = HELD_BYTES_MAX;
	if ((q->maps = calloc(h->nmaps + 1, sizeof(*q->maps))) == NULL) {
		report_nomem();
		free(q);
		return NULL;
	}
	for (size_t i = 0; i < h->nmaps; i++) {
		uint32_t host = h->maps[i].host;
		bool merged = h->nhosts > 0;

		if (!merged || h->hosts[host].symbols_follow)
			q->maps[i].symbols = symbol_store_of(symbols, host);
		if (!merged || h->hosts[host].names_follow)
			q->maps[i].names = name_store_of(names, host);
	}
	return q;
}

void
held_records_free(struct held_records *q)
{
	if (q == NULL)
		return;
	for (size_t i = 0; i < q->header->nmaps; i++)
		named_members_free(&q->maps[i].named);
	free(q->maps);
	free(q->bytes);
	buf_free(&q->whole);
	free(q);
}

/* Let the records of a map wait for the names in stacks. */
static void
add_stacks(struct held_records *q, unsigned int map, unsigned int sides)
{
	struct held_map *m = &q->maps[map];
	struct report_held reports;
	int got;

	/* What does not fit is reported by who shows the records. */
	report_hold(&reports);
	got = stack_layout_find(&m->layout, q->header, map);
	report_release_held(&reports, "");
	if (got != 1 || !m->layout.with_symbols)
		return;
	for (int i = 0; i < STACK_SIDES; i++)
		if (m->layout.sides[i].kind != STACK_ABSENT)
			m->sides |= sides & (1U << i);
}

int
held_records_add_map(
    struct held_records *q, unsigned int map, unsigned int what)
{
	if (q->maps[map].symbols != NULL && (what & HELD_BOTH_SIDES) != 0)
		add_stacks(q, map, what);
	if (q->maps[map].names == NULL || !(what & HELD_NAMES))
		return 0;
	return named_members_find(&q->maps[map].named, q->header, map);
}

struct held_records *
held_records_new_all(const struct stream_header *h,
    const struct symbol_store *symbols, const struct name_store *names)
{
	struct held_records *q = held_records_new(h, symbols, names);

	for (unsigned int i = 0; q != NULL && i < h->nmaps; i++) {
		if (held_records_add_map(q, i, HELD_ALL) == -1) {
			held_records_free(q);
			return NULL;
		}
	}
	return q;
}

void
held_records_limit(struct held_records *q, size_t bytes)
{
	/* While they are copied to another place, they are there twice. */
	if (bytes / 2 < q->bytes_max)
		q->bytes_max = bytes / 2;
}

size_t
held_records_count(const struct held_records *q)
{
	return q->n;
}

/* Find the addresses of a stack.  An id that is unknown has none. */
static size_t
find_addresses(struct held_records *q, unsigned int map, enum stack_side side,
    const unsigned char *record, const uint64_t **addrs)
{
	const struct stack_layout *l = &q->maps[map].layout;
	const char *stacks = q->header->maps[map].stacks;
	int32_t id;

	if (l->sides[side].kind == STACK_ARRAY) {
		*addrs = q->addrs;
		return stack_layout_read_addresses(l, side, &q->header->types,
		    record, q->addrs, nitems(q->addrs));
	}
	id = stack_layout_read_id(l, side, record);
	if (id < 0 || stacks == NULL)
		return 0;
	return symbol_store_find_stack(q->maps[map].symbols, stacks, id, addrs);
}

static bool
is_told(const struct held_map *m, const struct named_id *id)
{
	return id->kind == ADDRESS
		   ? symbol_store_find(m->symbols, id->pid, id->id).v != NULL
		   : name_store_is_told(m->names, id->kind, id->pid, id->id);
}

static void
note_lacking(struct held_records *q, unsigned int map, struct named_id id)
{
	if (!is_told(&q->maps[map], &id))
		q->lacking[q->nlacking++] = id;
}

/* Note the addresses of one stack that are not told. */
static void
look_at_side(struct held_records *q, unsigned int map, enum stack_side side,
    const unsigned char *record)
{
	const uint64_t *addrs;
	size_t n = find_addresses(q, map, side, record, &addrs);
	uint64_t pid = 0;

	/* User addresses of pid 0, the idle task, and of what is no pid have
	 * no names. */
	if (side == STACK_USER) {
		pid = stack_layout_read_pid(
		    &q->maps[map].layout, &q->header->types, record);
		if (pid == 0 || pid > INT32_MAX)
			return;
	}
	for (size_t i = 0; i < n; i++)
		note_lacking(
		    q, map, (struct named_id){ ADDRESS, pid, addrs[i] });
}

/* Note what of a whole record is not told. */
static void
look_at_record(
    struct held_records *q, unsigned int map, const unsigned char *record)
{
	const struct held_map *m = &q->maps[map];

	q->told = q->nlacking = 0;
	for (int i = 0; i < STACK_SIDES; i++)
		if (m->sides & 1U << i)
			look_at_side(q, map, (enum stack_side)i, record);
	for (size_t i = 0; i < m->named.n; i++) {
		struct named_id id = named_member_load(&m->named.v[i], record);

		if (named_id_is_told(&id))
			note_lacking(q, map, id);
	}
}

/* Returns NULL if memory ran out. */
static const unsigned char *
complete_record(
    struct held_records *q, const unsigned char *data, size_t len, size_t size)
{
	char *whole;

	if (len >= size)
		return data;
	q->whole.len = 0;
	if ((whole = buf_room(&q->whole, size)) == NULL) {
		q->whole.failed = false;
		return NULL;
	}
	memcpy(whole, data, len);
	memset(whole + len, 0, size - len);
	return (const unsigned char *)whole;
}

bool
held_records_must_wait(struct held_records *q, unsigned int map,
    const unsigned char *data, size_t len)
{
	const unsigned char *whole;

	if (q->n > 0)
		return true;
	if (q->maps[map].sides == 0 && q->maps[map].named.n == 0)
		return false;
	whole = complete_record(q, data, len, q->header->maps[map].record_size);
	/* Without memory it goes out without its names. */
	if (whole == NULL)
		return false;
	look_at_record(q, map, whole);
	return q->nlacking > 0;
}

/* Make room for size bytes after end.  Returns them, or NULL. */
static unsigned char *
get_room(struct held_records *q, size_t size)
{
	size_t used = q->end - q->first, cap;
	unsigned char *bytes;

	if (q->cap - q->end >= size)
		return q->bytes + q->end;
	/* Each byte that is moved is paid for by one that went out. */
	if (q->first >= used && q->cap - used >= size) {
		memcpy(q->bytes, q->bytes + q->first, used);
		q->first = 0;
		q->end = used;
		return q->bytes + q->end;
	}
	/* More is not needed: at the end of this half is free, unless the
	 * last record is long. */
	cap = 2 * (used + size);
	if (cap > 2 * q->bytes_max)
		cap = 2 * q->bytes_max;
	if (cap < used + size)
		cap = used + size;
	if ((bytes = malloc(cap)) == NULL)
		return NULL;
	if (used > 0)
		memcpy(bytes, q->bytes + q->first, used);
	free(q->bytes);
	q->bytes = bytes;
	q->cap = cap;
	q->first = 0;
	q->end = used;
	return q->bytes + q->end;
}

/* The count for the process of a record, or NULL if it has none. */
static uint32_t *
pid_count(struct held_records *q, const struct held_record *r,
    const unsigned char *data)
{
	if (r->kind != HELD_RECORD ||
	    !(q->maps[r->map].sides & 1U << STACK_USER))
		return NULL;
	return &q->pids[stack_layout_read_pid(
			    &q->maps[r->map].layout, &q->header->types, data) &
			(PIDS - 1)];
}

bool
held_records_need(const struct held_records *q, uint64_t pid)
{
	return q->n > 0 && (pid == 0 || q->pids[pid & (PIDS - 1)] > 0);
}

int
held_records_put(
    struct held_records *q, const struct held_record *r, uint64_t now)
{
	struct held_head head = { .came = now, .record = *r };
	size_t whole = r->len;
	uint32_t *count;
	unsigned char *p;

	/* Its stacks are read as if it was whole. */
	if (r->kind == HELD_RECORD &&
	    whole < q->header->maps[r->map].record_size)
		whole = q->header->maps[r->map].record_size;
	head.size = sizeof(head) + round_up_8(whole);
	if ((p = get_room(q, head.size)) == NULL)
		return report_nomem();
	memcpy(p, &head, sizeof(head));
	p += sizeof(head);
	if (r->len > 0)
		memcpy(p, r->data, r->len);
	memset(p + r->len, 0, head.size - sizeof(head) - r->len);
	if ((count = pid_count(q, r, p)) != NULL)
		++*count;
	q->end += head.size;
	q->n++;
	return 0;
}

/* Whether all names of the first one are told. */
static bool
is_first_told(struct held_records *q, const struct held_record *r)
{
	if (r->kind != HELD_RECORD)
		return true;
	if (!q->looked) {
		look_at_record(q, r->map, r->data);
		q->looked = true;
	}
	while (q->told < q->nlacking &&
	       is_told(&q->maps[r->map], &q->lacking[q->told]))
		q->told++;
	return q->told == q->nlacking;
}

/* The caller has made sure that there is one. */
static struct held_head
get_first(const struct held_records *q)
{
	struct held_head head;

	memcpy(&head, q->bytes + q->first, sizeof(head));
	head.record.data = q->bytes + q->first + sizeof(head);
	return head;
}

static uint64_t
get_deadline(const struct held_head *head)
{
	return head->came > UINT64_MAX - HELD_RECORDS_NS
		   ? UINT64_MAX
		   : head->came + HELD_RECORDS_NS;
}

bool
held_records_first(struct held_records *q, uint64_t now, struct held_record *r)
{
	struct held_head head;

	if (q->n == 0)
		return false;
	head = get_first(q);
	if (now < get_deadline(&head) && q->n <= HELD_RECORDS_MAX &&
	    q->end - q->first <= q->bytes_max &&
	    !is_first_told(q, &head.record))
		return false;
	*r = head.record;
	return true;
}

void
held_records_drop(struct held_records *q)
{
	const struct held_head head = get_first(q);
	uint32_t *count = pid_count(q, &head.record, head.record.data);

	if (count != NULL)
		--*count;
	q->first += head.size;
	q->n--;
	if (q->n == 0)
		q->first = q->end = 0;
	q->looked = false;
}

uint64_t
held_records_deadline(const struct held_records *q)
{
	struct held_head head;

	if (q->n == 0)
		return UINT64_MAX;
	head = get_first(q);
	return get_deadline(&head);
}

void
held_clock_note_wait(struct held_clock *c, int waited_ms)
{
	const uint64_t most =
	    (waited_ms > 0 ? (uint64_t)waited_ms * 1000000 : 0) +
	    HELD_BUSY_NS_MAX;
	uint64_t now = clock_elapsed(), time = now - c->checked;

	if (c->checked != 0 && !c->stopped)
		c->now += time < most ? time : most;
	c->checked = now;
}

int
held_clock_wait_ms(
    const struct held_clock *c, const struct held_records *q, int most_ms)
{
	uint64_t deadline, left;

	if (q == NULL || c->stopped)
		return most_ms;
	deadline = held_records_deadline(q);
	if (deadline <= c->now)
		return 0;
	left = (deadline - c->now - 1) / 1000000 + 1;
	if (most_ms < 0)
		return left < INT_MAX ? (int)left : -1;
	return left < (uint64_t)most_ms ? (int)left : most_ms;
}
