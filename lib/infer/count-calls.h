/*
 * Makes a program count the records that its ring buffers refuse.  Most
 * programs ignore that a ring buffer was full, and the kernel does not count
 * the records that it refuses.  Each call of bpf_ringbuf_output(),
 * bpf_ringbuf_reserve() or bpf_ringbuf_reserve_dynptr() becomes, in place, a
 * call of a hidden function that is appended to .text: it calls the helper,
 * counts and returns what the helper returned.  Nothing else of the code moves.
 *
 * The function tests the result, and counts failures.  But the verifier of
 * Linux 6.1 and earlier loses track of a reservation that a function compares
 * with NULL.  There, if a program calls bpf_ringbuf_reserve(), all calls for
 * that ring buffer are counted once they have returned.  The losses are then
 * the number of calls less the number of records that came, discarded ones
 * among them.
 *
 * A ring buffer whose program counts by itself (LOST_COUNTER_SUFFIX) is left
 * alone.
 */
#ifndef SKEL_INFER_COUNT_CALLS_H
#define SKEL_INFER_COUNT_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "elf/bpf-elf.h"

/* The map, as a section of data, with the counts of one ring buffer, whose name
 * follows. */
#define COUNT_CALLS_SECTION ".data.skel_lost."

/* The end of the name of the map in which a program counts by itself; it begins
 * with the name of the ring buffer. */
#define LOST_COUNTER_SUFFIX "_lost_samples"

/* The value of that map. */
struct call_counts {
	uint64_t failed; /* calls that returned an error number */
	uint64_t calls;  /* calls that have returned; 0 if failed is complete */
};

/* Whether the object may call one of the helpers: a quick search. */
bool count_calls_is_needed(const struct bpf_elf *elf);

/*
 * Appends to out the object with its calls counted, or nothing if there is
 * nothing to count.  tested is true if the kernel permits functions to test
 * reservations (load/reserve-probe.h).  name stands for the object in reports.
 * Each call is listed for -v.  Returns 0, or -1 after reporting that memory ran
 * out.
 */
int count_calls(
    const struct bpf_elf *elf, const char *name, bool tested, struct buf *out);

#endif
