/*
 * Resolves the stacks of records while the processes are alive and this process
 * has the privilege: stack ids to addresses, kernel addresses to symbols by
 * /proc/kallsyms, and user addresses to symbols, files and lines by libdw from
 * the files that the process has mapped, also in containers.  The results are
 * cached by process.  An address is resolved again after the process has
 * changed its mappings, when it occurs in the other role (innermost or return
 * address), when the cache was emptied, and while its result may still improve.
 *
 * The functions report errors and return -1.  An address without a symbol is no
 * error; it is shown as a number.
 */
#ifndef SKEL_SYMBOLIZE_SYMBOLIZER_H
#define SKEL_SYMBOLIZE_SYMBOLIZER_H

#include "base/buf.h"
#include "host/confine.h"
#include "host/map-fds.h"
#include "record/symbol-store.h"
#include "stream/header.h"

struct symbolizer;

/*
 * Create a symbolizer for those maps of h whose records have stacks; h is
 * borrowed until symbolizer_close().  fds[i].stacks is the descriptor of the
 * stack-trace map that h->maps[i].stacks names, or -1; the descriptors are
 * borrowed too, but not the array.  If no map has stacks, *z becomes NULL.
 * Returns 0 or -1.
 */
int symbolizer_open(struct symbolizer **z, const struct stream_header *h,
    const struct map_fds *fds);

/* z may be NULL. */
void symbolizer_close(struct symbolizer *z);

/* Add the privileges that resolving needs to n.  z may be NULL. */
void symbolizer_add_needs(const struct symbolizer *z, struct confine_needs *n);

/*
 * Resolve the stacks of a record of map number map, which has at least
 * stream_record_size() bytes.  Unless out is NULL, append the lines "@stack"
 * and "@symbols" that a reader of the stream needs before the record.  Returns
 * 0, or -1 after reporting that memory ran out.
 */
int symbolizer_record(struct symbolizer *z, unsigned int map,
    const unsigned char *record, struct buf *out);

/* The store that symbolizer_record() fills.  Borrowed. */
struct symbol_store *symbolizer_symbols(struct symbolizer *z);

#endif
