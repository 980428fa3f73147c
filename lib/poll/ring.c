#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/report.h"
#include "base/util.h"
#include "poll/ring.h"

enum {
	RELEASE_BYTES = 32 << 10, /* taken before others may write there */
	RELEASE_PART = 8,         /* or that part of a small ring */
};

static size_t
page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* The kernel maps the records twice, one behind the other, so that none is cut
 * in two; before them is the page of the producer's position. */
static size_t
mapped_size(const struct ring *r)
{
	return page_size() + 2 * (size_t)r->size;
}

static int
map_failed(const struct ring *r)
{
	report_error("map %s: cannot open its ring buffer: %s", r->name,
	    strerror(errno));
	return -1;
}

int
ring_open(struct ring *r, const char *name, int fd, uint64_t size)
{
	void *p;

	*r = (struct ring){ .name = name, .size = size };
	if (size > SIZE_MAX / 4) {
		errno = E2BIG;
		return map_failed(r);
	}
	p = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return map_failed(r);
	r->consumer = p;
	p = mmap(NULL, mapped_size(r), PROT_READ, MAP_SHARED, fd,
	    (off_t)page_size());
	if (p == MAP_FAILED)
		return map_failed(r);
	r->producer = p;
	r->taken = __atomic_load_n(r->consumer, __ATOMIC_ACQUIRE);
	return 0;
}

void
ring_close(struct ring *r)
{
	if (r->producer != NULL)
		munmap((void *)r->producer, mapped_size(r));
	if (r->consumer != NULL)
		munmap(r->consumer, page_size());
	*r = (struct ring){ 0 };
}

/*
 * Where reading goes on, when the producer is at end: at the shared position,
 * unless we are further, after a record that never came back to us.  Another
 * reader of the same ring may move it too.
 */
static unsigned long
position(const struct ring *r, unsigned long end)
{
	unsigned long shared = __atomic_load_n(r->consumer, __ATOMIC_ACQUIRE);

	return r->taken - shared <= end - shared ? r->taken : shared;
}

/* Give back what was taken, unless another reader went further: a position
 * that goes back would have records overwritten while they are read. */
static void
release(struct ring *r)
{
	unsigned long shared = __atomic_load_n(r->consumer, __ATOMIC_RELAXED);

	while (r->taken - shared - 1 < r->size &&
	       !__atomic_compare_exchange_n(r->consumer, &shared, r->taken,
		   false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

static unsigned long
producer(const struct ring *r)
{
	return __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
}

uint64_t
ring_fill(const struct ring *r)
{
	unsigned long end = producer(r);

	return end - position(r, end);
}

static int
refuse(const struct ring *r)
{
	report_error("map %s: its ring buffer is damaged: someone else wrote "
		     "the position of its reader",
	    r->name);
	return -1;
}

/* The bytes that are taken before they are given back. */
static uint64_t
release_bytes(const struct ring *r)
{
	uint64_t part = r->size / RELEASE_PART;

	return part < RELEASE_BYTES ? part : RELEASE_BYTES;
}

/* A record's head as the kernel wrote it. */
struct head {
	bool busy;      /* not complete yet */
	bool discarded; /* nobody is to see it */
	size_t len;
	uint64_t used; /* bytes of the ring, head and padding too */
};

static struct head
read_head(const unsigned char *p)
{
	uint32_t word = __atomic_load_n((const uint32_t *)p, __ATOMIC_ACQUIRE);
	size_t len = word & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

	return (struct head){
		.busy = word & BPF_RINGBUF_BUSY_BIT,
		.discarded = word & BPF_RINGBUF_DISCARD_BIT,
		.len = len,
		.used = BPF_RINGBUF_HDR_SZ + (uint64_t)round_up_8(len),
	};
}

/* Take one record, whose head h lies at p.  Returns as ring_consume(). */
static int
take_one(struct ring *r, const unsigned char *p, const struct head *h,
    ring_fn *take, void *ctx)
{
	/* Before the call, which may not return. */
	r->taken += h->used;
	if (h->discarded)
		return 0;
	return take(ctx, p + BPF_RINGBUF_HDR_SZ, h->len) == 0 ? 0 : 1;
}

int
ring_consume(struct ring *r, uint64_t bytes, ring_fn *take, void *ctx)
{
	const unsigned char *records =
	    (const unsigned char *)r->producer + page_size();
	unsigned long end = producer(r), start = position(r, end);
	unsigned long released = start;
	uint64_t step = release_bytes(r);
	int ret = 0;

	/* With what is asked below of each record, all that is read lies in
	 * what the producer wrote. */
	if (end - start > r->size || start % BPF_RINGBUF_HDR_SZ != 0)
		return refuse(r);
	r->taken = start;
	while (r->taken != end && ret == 0) {
		const unsigned char *p = records + (r->taken & (r->size - 1));
		struct head h = read_head(p);

		if (h.busy)
			break;
		if (h.used > end - r->taken) {
			ret = refuse(r);
			break;
		}
		ret = take_one(r, p, &h, take, ctx);
		if (r->taken - start >= bytes)
			ret = 1;
		if (r->taken - released >= step) {
			release(r);
			released = r->taken;
		}
	}
	release(r);
	return ret;
}
