#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/report.h"
#include "base/util.h"
#include "poll/ring.h"

enum {
	/* Programs can use the room of records that were read only after the
	 * reader's position has moved.  It moves after RELEASE_BYTES, or, in a
	 * small ring, after a part of it. */
	RELEASE_BYTES = 32 << 10,
	RELEASE_PART = 8,
};

static size_t
ring_page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* The kernel maps the records twice, one mapping after the other, so that every
 * record is contiguous.  The page before them has the producer's position. */
static size_t
ring_mapped_size(const struct ring *r)
{
	return ring_page_size() + 2 * (size_t)r->size;
}

static int
report_unmappable(const struct ring *r)
{
	report_error("map %s: cannot map its ring buffer into memory: %s",
	    r->name, report_error_text(errno));
	return -1;
}

static unsigned long
producer_position(const struct ring *r)
{
	return __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
}

/* The kernel leaves a byte free, at least: a record as large as the room that
 * is left does not fit. */
static bool
is_too_full(const struct ring *r, uint64_t used)
{
	return r->size - used <= r->largest;
}

/*
 * Notes how full the ring was while the position of its readers was before.  It
 * has moved on since, and programs may have used the room that this gave them,
 * so the producer's position can only be too high.
 */
static void
note_fullness(struct ring *r, unsigned long before)
{
	uint64_t used = producer_position(r) - before;

	if (used > r->size)
		used = r->size;
	if (used > r->most) {
		r->most = used;
		r->most_time = clock_now();
	}
	if (r->since == 0 && is_too_full(r, used))
		r->since = clock_now();
}

void
ring_get_fullness(struct ring *r, struct ring_fullness *f)
{
	note_fullness(r, (unsigned long)ring_position(r));
	*f = (struct ring_fullness){
		.size = r->size,
		.most = r->most,
		.largest = r->largest,
		.since = r->since,
	};
	/* The largest record may have come later. */
	if (is_too_full(r, r->most) &&
	    (f->since == 0 || r->most_time < f->since))
		f->since = r->most_time;
	f->at_first = is_too_full(r, r->first);
	if (f->at_first)
		f->since = r->opened;
}

int
ring_open(struct ring *r, const char *name, int fd, uint64_t size)
{
	size_t page = ring_page_size();
	void *p;

	*r = (struct ring){ .name = name, .size = size };
	if (size > SIZE_MAX / 4) {
		errno = E2BIG;
		return report_unmappable(r);
	}
	p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return report_unmappable(r);
	r->consumer = p;
	p = mmap(
	    NULL, ring_mapped_size(r), PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (p == MAP_FAILED)
		return report_unmappable(r);
	r->producer = p;
	r->read_to = __atomic_load_n(r->consumer, __ATOMIC_ACQUIRE);
	r->opened = clock_now();
	note_fullness(r, r->read_to);
	r->first = r->most;
	return 0;
}

void
ring_close(struct ring *r)
{
	if (r->producer != NULL)
		munmap((void *)r->producer, ring_mapped_size(r));
	if (r->consumer != NULL)
		munmap(r->consumer, ring_page_size());
	*r = (struct ring){ 0 };
}

/*
 * The position at which reading goes on, given the producer's.  It is the
 * shared position, which another reader of the same ring may have moved, unless
 * this reader is further: then its callback did not return from a record.
 */
static unsigned long
reader_position(const struct ring *r, unsigned long end)
{
	unsigned long shared = __atomic_load_n(r->consumer, __ATOMIC_ACQUIRE);

	return r->read_to - shared <= end - shared ? r->read_to : shared;
}

/* Notes in the tally how many records there were before what is read next. */
static void
write_tally(struct ring *r)
{
	struct ring_tally *t = r->tally;
	uint64_t next;

	if (t == NULL || r->uncounted)
		return;
	next = __atomic_load_n(&t->changes, __ATOMIC_RELAXED) + 1;
	t->v[next % 2].position = r->read_to;
	t->v[next % 2].records = r->records;
	__atomic_store_n(&t->changes, next, __ATOMIC_RELEASE);
}

/* Moves the shared position to what was read, unless another reader moved it
 * further: if it went back, records would be overwritten while they are read.
 */
static void
release_room(struct ring *r)
{
	unsigned long shared = __atomic_load_n(r->consumer, __ATOMIC_RELAXED);

	if (r->read_to - shared - 1 < r->size)
		write_tally(r);
	while (r->read_to - shared - 1 < r->size) {
		if (!__atomic_compare_exchange_n(r->consumer, &shared,
			r->read_to, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			continue;
		note_fullness(r, shared);
		break;
	}
}

uint64_t
ring_position(const struct ring *r)
{
	return __atomic_load_n(r->consumer, __ATOMIC_ACQUIRE);
}

uint64_t
ring_fill(const struct ring *r)
{
	unsigned long end = producer_position(r);

	return end - reader_position(r, end);
}

static int
report_damaged_ring(const struct ring *r)
{
	report_error("map %s: its ring buffer is damaged: another process "
		     "wrote a wrong position for its reader",
	    r->name);
	return -1;
}

/* The head of a record, as the kernel wrote it. */
struct ring_head {
	bool busy;      /* reserved, but not submitted yet */
	bool discarded; /* the program discarded the record */
	size_t len;
	uint64_t used; /* bytes of the ring, with head and padding */
};

static struct ring_head
read_ring_head(const unsigned char *p)
{
	uint32_t word = __atomic_load_n((const uint32_t *)p, __ATOMIC_ACQUIRE);
	size_t len = word & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

	return (struct ring_head){
		.busy = word & BPF_RINGBUF_BUSY_BIT,
		.discarded = word & BPF_RINGBUF_DISCARD_BIT,
		.len = len,
		.used = BPF_RINGBUF_HDR_SZ + (uint64_t)round_up_8(len),
	};
}

/* Counts the records from one position to another.  Returns false if a head
 * between them is damaged. */
static bool
count_heads(
    const struct ring *r, unsigned long from, unsigned long to, uint64_t *n)
{
	const unsigned char *records =
	    (const unsigned char *)r->producer + ring_page_size();

	*n = 0;
	if (to - from > r->size || from % BPF_RINGBUF_HDR_SZ != 0)
		return false;
	while (from != to) {
		struct ring_head h =
		    read_ring_head(records + (from & (r->size - 1)));

		if (h.used > to - from)
			return false;
		from += h.used;
		++*n;
	}
	return true;
}

/* Takes over the tally of another reader, which has moved the position to
 * start. */
static void
read_tally(struct ring *r, unsigned long start)
{
	const struct ring_tally *t = r->tally;
	uint64_t now = __atomic_load_n(&t->changes, __ATOMIC_ACQUIRE), extra;
	unsigned long position = (unsigned long)t->v[now % 2].position;

	/* A reader that was killed may have written its tally, and not moved
	 * the position to there. */
	if (!count_heads(r, start, position, &extra))
		r->uncounted = true;
	r->records = t->v[now % 2].records - extra;
	r->read_to = start;
	if (r->unread) {
		r->arrived_to = start;
		r->arrived = r->records;
		r->unread = false;
	}
}

/* Goes on at start, where another reader may have moved the position. */
static void
go_on_at(struct ring *r, unsigned long start)
{
	r->shared |= start != r->read_to;
	if (r->tally != NULL && (r->unread || start != r->read_to))
		read_tally(r, start);
	r->read_to = start;
}

void
ring_count(struct ring *r, struct ring_tally *tally, bool fresh)
{
	unsigned long end = producer_position(r);
	uint64_t held = 0;

	r->tally = tally;
	r->unread = !fresh;
	if (!fresh)
		return;
	r->read_to = reader_position(r, end);
	r->uncounted = !count_heads(r, r->read_to, end, &held);
	r->records = -held;
	write_tally(r);
	r->arrived_to = r->read_to;
	r->arrived = r->records;
}

bool
ring_arrived(struct ring *r, uint64_t *n)
{
	unsigned long end = producer_position(r);
	unsigned long start = reader_position(r, end);
	uint64_t more;

	if (r->tally == NULL || r->uncounted)
		return false;
	go_on_at(r, start);
	if (r->arrived_to - start > r->size) {
		r->arrived_to = start;
		r->arrived = r->records;
	}
	if (r->uncounted || !count_heads(r, r->arrived_to, end, &more))
		return false;
	r->arrived_to = end;
	r->arrived += more;
	*n = r->arrived;
	return true;
}

int
ring_consume(struct ring *r, uint64_t bytes, poll_record_fn *fn, void *ctx)
{
	const unsigned char *records =
	    (const unsigned char *)r->producer + ring_page_size();
	unsigned long end = producer_position(r);
	unsigned long start = reader_position(r, end), released = start;
	uint64_t step = r->size / RELEASE_PART;
	int ret = 0;

	if (step > RELEASE_BYTES)
		step = RELEASE_BYTES;
	/* This, and the check of each head below, keep all reads within what
	 * the producer has written. */
	if (end - start > r->size || start % BPF_RINGBUF_HDR_SZ != 0)
		return report_damaged_ring(r);
	go_on_at(r, start);
	while (r->read_to != end && ret == 0) {
		const unsigned char *p = records + (r->read_to & (r->size - 1));
		struct ring_head h = read_ring_head(p);

		if (h.busy)
			break;
		if (h.used > end - r->read_to) {
			ret = report_damaged_ring(r);
			break;
		}
		/* Before the call, which may not return. */
		r->read_to += h.used;
		r->records++;
		if (h.used > r->largest)
			r->largest = h.used;
		if (!h.discarded && fn(ctx, p + BPF_RINGBUF_HDR_SZ, h.len) != 0)
			ret = 1;
		if (r->read_to - start >= bytes)
			ret = 1;
		if (r->read_to - released >= step) {
			release_room(r);
			released = r->read_to;
		}
	}
	release_room(r);
	return ret;
}
