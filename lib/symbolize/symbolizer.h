/*
 * Finds the names of the addresses in the stacks of records: stack ids to
 * addresses, and then addresses to functions, files and lines; and with
 * symbolize/naming.h those of other numbers that only this machine knows.
 *
 * The names are found by a process of their own, lookup/client.h, because the
 * files in which they are belong to anybody.  What a process has mapped is
 * noted when a record of it comes, because it may end at once; the names are
 * told later, when they come.  The results are kept by process.  An address is
 * looked up again after the process has changed its mappings, when it occurs in
 * the other role (innermost or return address), when it was dropped, and from
 * time to time while its result may still improve.
 *
 * The functions report errors and return -1.  An address without a symbol is no
 * error; it is shown as a number.
 */
#ifndef SKEL_SYMBOLIZE_SYMBOLIZER_H
#define SKEL_SYMBOLIZE_SYMBOLIZER_H

#include <stdbool.h>

#include "base/buf.h"
#include "host/confine.h"
#include "host/map-fds.h"
#include "kinds/name-store.h"
#include "lookup/client.h"
#include "record/symbol-store.h"
#include "stream/header.h"

struct symbolizer;

/* Whether addresses get names, and how the process that finds them is started
 * (lookup/client.h). */
enum symbolizer_names {
	SYMBOLIZER_CHILD,    /* as a child; other numbers get names, too */
	SYMBOLIZER_DETACHED, /* detached */
	SYMBOLIZER_NONE,     /* they get none */
};

/*
 * Create a symbolizer for those maps of h whose records have stacks; h is
 * borrowed until symbolizer_close().  fds[i].stacks is the descriptor of the
 * stack-trace map that h->maps[i].stacks names, or -1; the descriptors are
 * borrowed too, but not the array.  c, which the symbolizer owns from here on,
 * is the process that finds names; one that is closed is opened if it is
 * needed, and if names are wanted at all.  Sets h->symbols_follow and
 * h->names_follow for a binary stream.  If no map has stacks or numbers with
 * names, *z becomes NULL.  Returns 0 or -1.
 */
int symbolizer_open(struct symbolizer **z, struct stream_header *h,
    const struct map_fds *fds, struct lookup_client *c,
    enum symbolizer_names names);

/*
 * Has before() called each time before names of the store are taken away or
 * changed: they were those of another program of the process pid, or of any
 * record if it is 0, and records that wait for the rest of their names need
 * them as they are.  It returns 0, or -1 after reporting, which
 * symbolizer_record() then does.
 */
typedef int symbolizer_before_fn(void *ctx, uint64_t pid);
void symbolizer_set_before_forget(
    struct symbolizer *z, symbolizer_before_fn *before, void *ctx);

/* z may be NULL. */
void symbolizer_close(struct symbolizer *z);

/* Add the privileges that resolving needs to n.  z may be NULL. */
void symbolizer_add_needs(const struct symbolizer *z, struct confine_needs *n);

/*
 * Ask for the names in a record of map number map, which has at least
 * stream_record_size() bytes.  Unless out is NULL, append the lines "@stack",
 * "@symbols" and "@names" that a reader of the stream needs before the record.
 * Returns 0, or -1 after reporting that memory ran out.
 */
int symbolizer_record(struct symbolizer *z, unsigned int map,
    const unsigned char *record, struct buf *out);

/* Whether names may come after the records that need them.  z may be NULL. */
bool symbolizer_follows(const struct symbolizer *z);

/* A descriptor that is readable when there are names for symbolizer_read(), or
 * -1.  z may be NULL. */
int symbolizer_fd(const struct symbolizer *z);

/*
 * Take the names that have come.  Unless out is NULL, append "@symbols" and
 * "@names" lines with them.  Returns how many addresses and numbers were told,
 * or -1 after reporting that memory ran out.
 */
int symbolizer_read(struct symbolizer *z, struct buf *out);

/*
 * Wait for the names that were asked for, at most a second after the last one
 * came, and tell of all others that they have none.  out as above.
 * Returns 0, or -1 after reporting that memory ran out.
 */
int symbolizer_finish(struct symbolizer *z, struct buf *out);

/* The stores that these functions fill.  Borrowed; that of names is NULL if the
 * records have no such numbers. */
struct symbol_store *symbolizer_symbols(struct symbolizer *z);
const struct name_store *symbolizer_names(const struct symbolizer *z);

#endif
