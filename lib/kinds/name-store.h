/*
 * Name store: what only the host of the records knows of the numbers in them,
 * as the name of the user 1000 or the path of the cgroup 2311.
 *
 * The command that polls asks for a name when a record has a new number, and
 * tells it in the stream as an "@names" line (skel-stream(5)); readers of the
 * stream fill their store from these lines, and look nothing up.
 *
 * Lines and their numbers come from anybody: the store is bounded, and drops
 * the names that it was told first.
 */
#ifndef SKEL_KINDS_NAME_STORE_H
#define SKEL_KINDS_NAME_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "types/kind.h"

struct name_store; /* opaque */

enum {
	/* When there are more names, or more bytes in all of them, the oldest
	 * are dropped. */
	NAME_STORE_MAX = 1 << 20,
	NAME_STORE_BYTES_MAX = 64 << 20,
	NAME_STORE_TEXT_MAX = 4096, /* of a name; longer ones are cut */
};

/* Whether the names of numbers of this kind are told in streams: ifindex, uid,
 * gid, cgroup, container, pid_ns, ksym and usym. */
bool name_store_has_kind(enum kind kind);

/* Returns NULL after reporting that memory ran out. */
struct name_store *name_store_new(void);
void name_store_free(struct name_store *s);

/* Make room for the names that n hosts tell in a merged stream, each of its
 * own: s keeps those of the first.  Returns 0, or -1 after reporting that
 * memory ran out. */
int name_store_set_hosts(struct name_store *s, size_t n);

/* Keep less, after name_store_set_hosts(): what takes about so many bytes of
 * memory in all. */
void name_store_limit(struct name_store *s, size_t bytes);

/* The store of one host, borrowed; NULL for a number that
 * name_store_set_hosts() made no room for, and if s is NULL. */
const struct name_store *name_store_of(
    const struct name_store *s, uint32_t host);

/* The same for who sets names of a host of the stream. */
struct name_store *name_store_to_set(struct name_store *s, uint32_t host);

/*
 * The name of a number, valid until the store changes; NULL if it has none, or
 * none was told.  Of KIND_USYM, whose numbers are addresses of one process, use
 * the other function.
 */
const char *name_store_find(
    const struct name_store *s, enum kind kind, uint64_t id);

/* The same for a number that is one of a process; pid is 0 for all kinds but
 * KIND_USYM. */
const char *name_store_find_of(
    const struct name_store *s, enum kind kind, uint64_t pid, uint64_t id);

/* Whether a reader need not wait for the name of a number: it, or that there is
 * none, was told; or that no more are. */
bool name_store_is_told(
    const struct name_store *s, enum kind kind, uint64_t pid, uint64_t id);

/* Set the name of a number to a copy; NULL: it has none.  Returns 0, or -1
 * after reporting that memory ran out. */
int name_store_set(struct name_store *s, enum kind kind, uint64_t pid,
    uint64_t id, const char *name);

/* Whether a word is that of a kind whose names are told; KIND_NONE: it is not.
 */
enum kind name_store_kind(const char *word);

/* Whether no more names of a kind will be told. */
bool name_store_is_over(const struct name_store *s, enum kind kind);

/* No more names of a kind will be told. */
void name_store_set_over(struct name_store *s, enum kind kind);

/*
 * Add what the value of an "@names" line says.  where is the start of error
 * messages: "name:line: @names".  A kind that is not known is left out, since
 * streams of later versions may have it.  What "host" says is added to the
 * store of that host, if there is room for several.  Returns 0, or -1 after
 * reporting.
 */
int name_store_parse(
    struct name_store *s, const json_t *value, const char *where);

/*
 * Append an "@names" line, which says the host if the stream is merged, for n
 * numbers of a kind, of which those that are not
 * told are left out; without any no line.  If memory runs out, out->failed is
 * set.
 */
void name_store_write(const struct name_store *s, struct buf *out,
    enum kind kind, uint64_t pid, const uint64_t *ids, size_t n);

/* Append the line that no more names of a kind will be told. */
void name_store_write_over(struct buf *out, enum kind kind);

#endif
