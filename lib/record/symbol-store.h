/*
 * Symbols: what addresses are called, and which addresses a stack id stands
 * for.  A store that the stage which polls fills from the live system
 * (symbolizer.h) and that its readers fill from the stream's lines "@symbols"
 * and "@stack"; see skel-stream(5).
 *
 * The functions that can fail report what is wrong and return -1.
 */
#ifndef SKEL_RECORD_SYMBOL_STORE_H
#define SKEL_RECORD_SYMBOL_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* One function that an address lies in.  What it points at is the store's,
 * until its next change. */
struct symbol_frame {
	const char *symbol; /* never NULL */
	bool has_offset;
	uint64_t offset;  /* bytes from the symbol to the address */
	const char *file; /* or NULL */
	uint64_t line;    /* 0: not known */
};

/* An address: the innermost inlined function first, the function that the code
 * belongs to last.  Borrowed until the next change of the store. */
struct symbol_frames {
	const struct symbol_frame *v;
	size_t n; /* 0: nothing is known of it */
};

struct symbol_store; /* opaque */

enum {
	SYMBOL_STORE_MAX = 1 << 20, /* addresses; the oldest go beyond that */
	SYMBOL_STORE_INLINES_MAX = 64,
	SYMBOL_STORE_STACKS_MAX = 1 << 18, /* stack ids; the same */
	SYMBOL_STORE_TEXT_MAX = 4096, /* bytes of a name; the rest is cut off */
	SYMBOL_STORE_BYTES_MAX = 256 << 20, /* of names and of stacks, each */
};

/* NULL after reporting. */
struct symbol_store *symbol_store_new(void);
void symbol_store_free(struct symbol_store *s);

/* pid 0 is the kernel. */
struct symbol_frames symbol_store_find(
    const struct symbol_store *s, uint64_t pid, uint64_t addr);

/* Set what is known of an address, in place of what was; copies f, of more
 * than SYMBOL_STORE_INLINES_MAX the first.  n 0: nothing is known of it any
 * more. */
int symbol_store_set(struct symbol_store *s, uint64_t pid, uint64_t addr,
    const struct symbol_frame *f, size_t n);

/* Addresses of a stack id of the stack-trace map called stacks, innermost
 * first: how many, with *addrs borrowed until the next change; 0: unknown. */
size_t symbol_store_find_stack(const struct symbol_store *s, const char *stacks,
    int32_t id, const uint64_t **addrs);
int symbol_store_set_stack(struct symbol_store *s, const char *stacks,
    int32_t id, const uint64_t *addrs, size_t n);

/*
 * Readers: take the value of an "@symbols" or "@stack" line.  where is
 * "name:line: @symbols"; every number and length is checked here.
 */
int symbol_store_parse(
    struct symbol_store *s, const json_t *value, const char *where);
int symbol_store_parse_stack(
    struct symbol_store *s, const json_t *value, const char *where);

/*
 * Writers: append an "@symbols" line for the n addresses of a process, those
 * that were never set left out (no line if that leaves none), or the
 * "@stack" line of an id.  Out of memory: out->failed.
 */
void symbol_store_write(const struct symbol_store *s, struct buf *out,
    uint64_t pid, const uint64_t *addrs, size_t n);
void symbol_store_write_stack(const struct symbol_store *s, struct buf *out,
    const char *stacks, int32_t id);

/* Append a frame as it stands in lines and records, {"addr":1,"symbol":...};
 * f NULL: the address alone. */
void symbol_store_write_frame(
    struct buf *out, uint64_t addr, const struct symbol_frame *f);

#endif
