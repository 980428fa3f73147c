/*
 * Rings: the records of a BPF ring buffer, read where they lie.
 *
 * A program that submits a record wakes whoever waits when all before it has
 * been read, and looks at the reader's position to know.  libbpf moves that
 * position for each record, here it moves once for many: so a program that is
 * under way seldom finds its reader waiting, and the memory that both look at
 * goes from one CPU to the other less often.
 *
 * The functions report what is wrong and return -1.
 */
#ifndef SKEL_POLL_RING_H
#define SKEL_POLL_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring {
	const char *name; /* borrowed: the map's, for reports */
	uint64_t size;    /* bytes of records that it can hold */
	/* Positions count bytes from the beginning and never go back, save that
	 * they are as wide as a long and start again behind its end. */
	unsigned long *consumer;       /* mapped, owned */
	const unsigned long *producer; /* mapped, owned: the records follow */
	unsigned long taken;           /* all before was given away */
};

/* Takes one record, borrowed for the call.  Returns 0, or -1 to be given no
 * more for now. */
typedef int ring_fn(void *ctx, const void *data, size_t len);

/*
 * Open the ring buffer called name, whose descriptor is fd (not needed later)
 * and whose max_entries are size.  r may be closed whatever came of it, and if
 * it is zeroed.
 */
int ring_open(struct ring *r, const char *name, int fd, uint64_t size);
void ring_close(struct ring *r);

/* The bytes in it that were not taken yet, be they complete or not. */
uint64_t ring_fill(const struct ring *r);

/*
 * Give take what the ring holds at this moment, in order, about bytes of it at
 * most, as long as it wants more; what it was given is never given again, even
 * when it does not return.  Returns 0, or 1 when the bytes were used up or take
 * wanted no more: there may be others.
 */
int ring_consume(struct ring *r, uint64_t bytes, ring_fn *take, void *ctx);

#endif
