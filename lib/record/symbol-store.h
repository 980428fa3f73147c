/*
 * Symbol store: the symbols of addresses, and the addresses of stack ids.
 *
 * The command that polls fills it from the live system (symbolize/symbolizer.h)
 * and writes it to the stream as "@symbols" and "@stack" lines
 * (skel-stream(5)); readers of the stream fill theirs from these lines.
 *
 * Functions that return int return 0, or -1 after reporting an error.
 */
#ifndef SKEL_RECORD_SYMBOL_STORE_H
#define SKEL_RECORD_SYMBOL_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "record/mapping-store.h"

/* A function that contains an address.  The strings are borrowed from the store
 * until its next change. */
struct symbol_frame {
	const char *symbol; /* never NULL */
	bool has_offset;
	uint64_t offset;  /* bytes from the symbol to the address */
	const char *file; /* or NULL */
	uint64_t line;    /* 0: not known */
};

/* The functions of one address: the innermost inlined one first, the one into
 * which all are inlined last.  Borrowed until the next change of the store. */
struct symbol_frames {
	const struct symbol_frame *v;
	size_t n; /* 0: unknown */
};

struct symbol_store; /* opaque */

enum {
	/* Addresses, and stack ids.  When there are more, the oldest ones are
	 * dropped. */
	SYMBOL_STORE_MAX = 1 << 20,
	SYMBOL_STORE_STACKS_MAX = 1 << 18,
	SYMBOL_STORE_INLINES_MAX = 64,
	SYMBOL_STORE_TEXT_MAX = 4096, /* bytes of a name; longer ones are cut */
	SYMBOL_STORE_BYTES_MAX = 256 << 20, /* for symbols, and for stacks */
};

/* Returns NULL after reporting an error. */
struct symbol_store *symbol_store_new(void);
void symbol_store_free(struct symbol_store *s);

/* Make room for what n hosts tell in a merged stream, each of its own: s keeps
 * that of the first.  Returns 0, or -1 after reporting. */
int symbol_store_set_hosts(struct symbol_store *s, size_t n);

/* The store of one host, borrowed; NULL for a number that
 * symbol_store_set_hosts() made no room for, and if s is NULL. */
const struct symbol_store *symbol_store_of(
    const struct symbol_store *s, uint32_t host);

/* The same for who sets what a host of the stream tells. */
struct symbol_store *symbol_store_to_set(struct symbol_store *s, uint32_t host);

/* Keep less, after symbol_store_set_hosts(): what takes about so many bytes of
 * memory in all. */
void symbol_store_limit(struct symbol_store *s, size_t bytes);

/* Find the functions of an address; pid 0 is the kernel. */
struct symbol_frames symbol_store_find(
    const struct symbol_store *s, uint64_t pid, uint64_t addr);

/* Set the functions of an address to copies of the first
 * SYMBOL_STORE_INLINES_MAX of f; n 0 makes it unknown. */
int symbol_store_set(struct symbol_store *s, uint64_t pid, uint64_t addr,
    const struct symbol_frame *f, size_t n);

/* Make an address absent again: what it will be called is told later. */
void symbol_store_forget(struct symbol_store *s, uint64_t pid, uint64_t addr);

/* Find the addresses of an id in the stack-trace map called stacks, the
 * innermost first.  Returns how many, with *addrs borrowed until the next
 * change of the store; 0 if the id is unknown. */
size_t symbol_store_find_stack(const struct symbol_store *s, const char *stacks,
    int32_t id, const uint64_t **addrs);
int symbol_store_set_stack(struct symbol_store *s, const char *stacks,
    int32_t id, const uint64_t *addrs, size_t n);

/* Where the code of processes is mapped from: for mapping_store_find(), and for
 * the one that fills it. */
struct mapping_store *symbol_store_mappings(struct symbol_store *s);
const struct symbol_mapping *symbol_store_find_mapping(
    const struct symbol_store *s, uint64_t pid, uint64_t addr);

/*
 * Add what the value of an "@symbols" or "@stack" line says, after checking
 * every number and length.  What "host" says is added to the store of that
 * host, if there is room for several.  where is the start of error messages:
 * "name:line:
 * @symbols".
 */
int symbol_store_parse(
    struct symbol_store *s, const json_t *value, const char *where);
int symbol_store_parse_stack(
    struct symbol_store *s, const json_t *value, const char *where);

/* Whether the value of an "@symbols" line takes names of *pid away, which
 * records before it may still need. */
bool symbol_store_takes_away(const json_t *value, uint64_t *pid);

/*
 * Append an "@symbols" line for those of the n addresses of a process that were
 * set, unless none was; or the "@stack" line of an id.  Both say the host if
 * the stream is merged.  If memory runs out, out->failed is set.
 */
void symbol_store_write(const struct symbol_store *s, struct buf *out,
    uint64_t pid, const uint64_t *addrs, size_t n);
void symbol_store_write_stack(const struct symbol_store *s, struct buf *out,
    const char *stacks, int32_t id);

/* Append an "@symbols" line that tells a mapping and no names; the same of the
 * host. */
void symbol_store_write_mapping(const struct symbol_store *s, struct buf *out,
    uint64_t pid, const struct symbol_mapping *m);

/* Append an "@symbols" line that makes an address absent. */
void symbol_store_write_forgotten(struct buf *out, uint64_t pid, uint64_t addr);

/* Append a frame as JSON, {"addr":1,"symbol":...}; if f is NULL, the address
 * only. */
void symbol_store_write_frame(
    struct buf *out, uint64_t addr, const struct symbol_frame *f);

#endif
