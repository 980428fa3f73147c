/*
 * The instructions of the functions that count-calls.h appends to an object.
 */
#ifndef SKEL_INFER_COUNT_CODE_H
#define SKEL_INFER_COUNT_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* A ring buffer and its counts, as symbols of the object. */
struct count_target {
	uint32_t map, counts;
	/* Every call is counted, not only those that fail. */
	bool every_call;
};

/*
 * Appends to code a function that calls the helper and counts for the target;
 * and to relocations an Elf64_Rel for each symbol that it uses.
 */
void count_code_add(struct buf *code, struct buf *relocations, uint32_t helper,
    const struct count_target *target);

/* The same for the one of n targets whose map the first argument is, if any. */
void count_code_add_choice(struct buf *code, struct buf *relocations,
    uint32_t helper, const struct count_target *targets, size_t n);

#endif
