/* lib/poll/ring: records of a ring buffer, and a ring that other processes
 * tamper with. */
#include <setjmp.h>
#include <sys/mman.h>

#include "check.h"
#include "kernel.h"
#include "poll/ring.h"

enum { SIZE = 1 << 16, RECORD = 16 };

struct seen {
	uint64_t records, last;
	bool disordered;
	uint64_t enough; /* the sink wants no more after this many records */
	uint64_t leave;  /* the sink does not return from this record */
	jmp_buf away;
	/* The reader's position as others see it: when it moved, and how often.
	 */
	const unsigned long *shared;
	unsigned long was;
	uint64_t moves;
};

static int
take(void *ctx, const void *data, size_t len)
{
	struct seen *s = ctx;
	uint64_t n = 0;

	CHECK_NUM(len, sizeof(n));
	memcpy(&n, data, sizeof(n));
	s->disordered |= n <= s->last;
	s->last = n;
	s->records++;
	if (s->shared != NULL && *s->shared != s->was) {
		s->moves++;
		s->was = *s->shared;
	}
	if (s->leave != 0 && s->records == s->leave)
		longjmp(s->away, 1);
	return s->enough != 0 && s->records >= s->enough ? -1 : 0;
}

/* Maps the page of the reader's position, as any process with the map can. */
static unsigned long *
map_position(int map)
{
	void *p = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE),
	    PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);

	if (p == MAP_FAILED)
		must(-1, "mmap");
	return p;
}

struct scene {
	int map, prog;
	unsigned long *position;
	struct ring ring;
	struct seen seen;
};

static void
begin(struct scene *s)
{
	*s = (struct scene){ 0 };
	s->map = new_map(BPF_MAP_TYPE_RINGBUF, 0, 0, SIZE);
	s->prog = load_ring_writer(s->map, 0);
	s->position = map_position(s->map);
	CHECK_NUM(ring_open(&s->ring, "rb", s->map, SIZE), 0);
}

static void
end(struct scene *s)
{
	munmap(s->position, (size_t)sysconf(_SC_PAGESIZE));
	ring_close(&s->ring);
	close(s->prog);
	close(s->map);
}

static int
consume(struct scene *s, uint64_t bytes)
{
	return ring_consume(&s->ring, bytes, take, &s->seen);
}

/* Reads several rounds of the ring. */
static void
every_record_comes_once_and_in_order(void)
{
	struct scene s;

	begin(&s);
	for (uint64_t i = 1; i <= 10; i++) {
		run(s.prog, 3000);
		CHECK_NUM(ring_fill(&s.ring), 3000 * RECORD);
		CHECK_NUM(consume(&s, SIZE), 0);
		CHECK_NUM(s.seen.records, i * 3000);
		CHECK_NUM(ring_fill(&s.ring), 0);
		CHECK_NUM(*s.position, i * 3000 * RECORD);
	}
	CHECK(!s.seen.disordered);
	end(&s);
}

static void
no_more_than_asked_for_is_taken(void)
{
	struct scene s;

	begin(&s);
	run(s.prog, 100);
	CHECK_NUM(consume(&s, 10 * RECORD), 1);
	CHECK_NUM(s.seen.records, 10);
	s.seen.enough = 11;
	CHECK_NUM(consume(&s, SIZE), 1);
	CHECK_NUM(s.seen.records, 11);
	CHECK_NUM(*s.position, 11 * RECORD);
	s.seen.enough = 0;
	CHECK_NUM(consume(&s, SIZE), 0);
	CHECK_NUM(s.seen.records, 100);
	CHECK(!s.seen.disordered);
	end(&s);
}

/* The position moves after each eighth of the ring, so that a full ring soon
 * has room again. */
static void
the_position_moves_once_for_many_records(void)
{
	struct scene s;

	begin(&s);
	s.seen.shared = s.position;
	run(s.prog, SIZE / RECORD);
	CHECK_NUM(consume(&s, SIZE), 0);
	CHECK(s.seen.moves >= 6 && s.seen.moves <= 8);
	end(&s);
}

static void
how_full_it_was_is_never_understated(void)
{
	struct ring_fullness f;
	struct scene s;

	begin(&s);
	ring_get_fullness(&s.ring, &f);
	CHECK_NUM(f.most, 0);
	CHECK_NUM(f.since, 0);
	run(s.prog, 100);
	CHECK_NUM(consume(&s, SIZE), 0);
	run(s.prog, SIZE / RECORD - 2);
	CHECK_NUM(consume(&s, SIZE), 0);
	ring_get_fullness(&s.ring, &f);
	CHECK_NUM(f.size, SIZE);
	CHECK_NUM(f.most, SIZE - 2 * RECORD);
	CHECK_NUM(f.largest, RECORD);
	/* One more had room, after which the kernel accepts none. */
	CHECK_NUM(f.since, 0);
	run(s.prog, SIZE);
	ring_get_fullness(&s.ring, &f);
	CHECK_NUM(f.most, SIZE - RECORD);
	CHECK(f.since != 0 && !f.at_first);
	CHECK_NUM(consume(&s, SIZE), 0);
	ring_get_fullness(&s.ring, &f);
	CHECK_NUM(f.most, SIZE - RECORD);
	/* Who comes then finds it empty, and who comes before finds it full. */
	ring_close(&s.ring);
	CHECK_NUM(ring_open(&s.ring, "rb", s.map, SIZE), 0);
	ring_get_fullness(&s.ring, &f);
	CHECK_NUM(f.since, 0);
	run(s.prog, SIZE);
	ring_close(&s.ring);
	CHECK_NUM(ring_open(&s.ring, "rb", s.map, SIZE), 0);
	CHECK_NUM(consume(&s, SIZE), 0);
	ring_get_fullness(&s.ring, &f);
	CHECK(f.since != 0 && f.at_first);
	end(&s);
}

static void
what_was_given_is_not_given_again_by_a_call_that_did_not_return(void)
{
	struct scene s;

	begin(&s);
	run(s.prog, 100);
	s.seen.leave = 40;
	if (setjmp(s.seen.away) == 0)
		consume(&s, SIZE);
	CHECK_NUM(s.seen.records, 40);
	s.seen.leave = 0;
	CHECK_NUM(ring_fill(&s.ring), 60 * RECORD);
	CHECK_NUM(consume(&s, SIZE), 0);
	CHECK_NUM(s.seen.records, 100);
	CHECK(!s.seen.disordered);
	end(&s);
}

/* A second reader consumes everything while the first handles a record. */
static int
take_as_two(void *ctx, const void *data, size_t len)
{
	struct scene *s = ctx;
	struct seen other = { 0 };
	struct ring ring;

	if (s->seen.records == 0) {
		ring_open(&ring, "rb", s->map, SIZE);
		CHECK_NUM(ring_consume(&ring, SIZE, take, &other), 0);
		ring_close(&ring);
	}
	return take(&s->seen, data, len);
}

static void
with_two_readers_the_position_does_not_go_back(void)
{
	struct scene s;

	begin(&s);
	run(s.prog, 100);
	s.seen.enough = 10;
	CHECK_NUM(ring_consume(&s.ring, SIZE, take_as_two, &s), 1);
	CHECK_NUM(*s.position, 100 * RECORD);
	CHECK_NUM(ring_fill(&s.ring), 0);
	run(s.prog, 1);
	s.seen.enough = 0;
	CHECK_NUM(consume(&s, SIZE), 0);
	CHECK_NUM(s.seen.records, 11);
	end(&s);
}

/* Any process that has the map may write any position. */
static void
a_position_of_someone_else_is_refused(unsigned long position)
{
	struct scene s;

	begin(&s);
	run(s.prog, 100);
	check_forget();
	*s.position = position;
	/* An open reader knows its own position, so open a new one. */
	ring_close(&s.ring);
	CHECK_NUM(ring_open(&s.ring, "rb", s.map, SIZE), 0);
	CHECK_NUM(consume(&s, SIZE), -1);
	CHECK_SAID(
	    "map rb: its ring buffer is damaged: another process wrote a "
	    "wrong position for its reader");
	end(&s);
}

/* Makes a program whose records look like the header of a record. */
static int
load_liar(int map)
{
	const struct bpf_insn code[] = {
		PUT_IMM(BPF_REG_10, -8, 4096),
		PUT_IMM(BPF_REG_10, -4, 0),
		MAP_FD(BPF_REG_1, map),
		MOVE(BPF_REG_2, BPF_REG_10),
		ADD(BPF_REG_2, -8),
		SET(BPF_REG_3, 8),
		SET(BPF_REG_4, 0),
		CALL(BPF_FUNC_ringbuf_output),
		SET(BPF_REG_0, 0),
		EXIT(),
	};

	return load(code, nitems(code));
}

static void
a_record_that_is_longer_than_the_ring_has_is_refused(void)
{
	struct scene s;
	int liar;

	begin(&s);
	liar = load_liar(s.map);
	run(liar, 2);
	check_forget();
	*s.position = RECORD + 8;
	CHECK_NUM(consume(&s, SIZE), -1);
	CHECK_SAID("map rb: its ring buffer is damaged");
	CHECK_NUM(s.seen.records, 0);
	close(liar);
	end(&s);
}

static void
what_is_no_ring_is_refused(void)
{
	int map = new_map(BPF_MAP_TYPE_HASH, 4, 4, 1);
	struct ring r;

	check_forget();
	CHECK_NUM(ring_open(&r, "rb", map, 4096), -1);
	CHECK_SAID("map rb: cannot map its ring buffer into memory: ");
	ring_close(&r);
	CHECK_NUM(ring_open(&r, "rb", map, UINT64_MAX), -1);
	ring_close(&r);
	close(map);
}

/* Checks how many records the ring has got. */
static void
arrived_is(struct scene *s, uint64_t want)
{
	uint64_t n = 0;

	CHECK(ring_arrived(&s->ring, &n));
	CHECK_NUM(n, want);
}

static void
reopen_ring(struct scene *s)
{
	ring_close(&s->ring);
	CHECK_NUM(ring_open(&s->ring, "rb", s->map, SIZE), 0);
}

/* Records are counted whether or not they were read, but not those from before;
 * the next reader goes on, also after one that was killed before it moved the
 * position. */
static void
records_are_counted_by_one_reader_after_another(void)
{
	struct ring_tally tally = { 0 };
	unsigned long position;
	struct scene s;

	begin(&s);
	run(s.prog, 7);
	ring_count(&s.ring, &tally, true);
	arrived_is(&s, 0);
	run(s.prog, 100);
	arrived_is(&s, 100);
	consume(&s, 10 * RECORD);
	arrived_is(&s, 100);
	run(s.prog, 5);
	CHECK_NUM(consume(&s, SIZE), 0);
	arrived_is(&s, 105);
	reopen_ring(&s);
	ring_count(&s.ring, &tally, false);
	arrived_is(&s, 105);
	run(s.prog, 20);
	position = *s.position;
	CHECK_NUM(consume(&s, SIZE), 0);
	*s.position = position;
	reopen_ring(&s);
	ring_count(&s.ring, &tally, false);
	run(s.prog, 1);
	arrived_is(&s, 126);
	CHECK_NUM(consume(&s, SIZE), 0);
	arrived_is(&s, 126);
	end(&s);
}

/* Then nobody knows how many records it took. */
static void
a_reader_that_does_not_count_ends_the_counting(void)
{
	struct ring_tally tally = { 0 };
	struct scene s;
	uint64_t n;

	begin(&s);
	ring_count(&s.ring, &tally, true);
	run(s.prog, 10);
	*s.position = 3 * RECORD;
	CHECK(!ring_arrived(&s.ring, &n));
	CHECK_NUM(consume(&s, SIZE), 0);
	CHECK_NUM(s.seen.records, 7);
	CHECK(!ring_arrived(&s.ring, &n));
	end(&s);
}

/* A record of the kernel's: its head, which has flags, and eight bytes. */
static void
put_record(unsigned char *at, uint32_t flags, uint64_t n)
{
	uint32_t head = flags | sizeof(n);

	memcpy(at, &head, sizeof(head));
	memcpy(at + BPF_RINGBUF_HDR_SZ, &n, sizeof(n));
}

static void
what_was_discarded_or_is_not_complete_is_not_given(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *ring = calloc(1, page + SIZE);
	unsigned long position = 0, end = 3 * RECORD;
	struct seen seen = { 0 };
	struct ring r = { .name = "rb",
		.size = SIZE,
		.consumer = &position,
		.producer = (const unsigned long *)(const void *)ring };

	memcpy(ring, &end, sizeof(end));
	put_record(ring + page, BPF_RINGBUF_DISCARD_BIT, 1);
	put_record(ring + page + RECORD, 0, 2);
	put_record(ring + page + 2 * RECORD, BPF_RINGBUF_BUSY_BIT, 3);
	CHECK_NUM(ring_consume(&r, SIZE, take, &seen), 0);
	CHECK_NUM(seen.records, 1);
	CHECK_NUM(seen.last, 2);
	CHECK_NUM(position, 2 * RECORD);
	/* The program submits the last one. */
	put_record(ring + page + 2 * RECORD, 0, 3);
	CHECK_NUM(ring_consume(&r, SIZE, take, &seen), 0);
	CHECK_NUM(seen.records, 2);
	CHECK_NUM(seen.last, 3);
	CHECK_NUM(position, 3 * RECORD);
	free(ring);
}

int
main(void)
{
	need_kernel();
	every_record_comes_once_and_in_order();
	no_more_than_asked_for_is_taken();
	what_was_discarded_or_is_not_complete_is_not_given();
	the_position_moves_once_for_many_records();
	what_was_given_is_not_given_again_by_a_call_that_did_not_return();
	with_two_readers_the_position_does_not_go_back();
	how_full_it_was_is_never_understated();
	a_position_of_someone_else_is_refused(10 * RECORD + 4);
	a_record_that_is_longer_than_the_ring_has_is_refused();
	a_position_of_someone_else_is_refused((unsigned long)-SIZE);
	what_is_no_ring_is_refused();
	records_are_counted_by_one_reader_after_another();
	a_reader_that_does_not_count_ends_the_counting();
	return check_done();
}
