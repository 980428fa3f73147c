/*
 * The symbolizer: looks up, where the privilege and the live processes are,
 * what the stacks of records need: the addresses of stack ids, kernel symbols
 * from /proc/kallsyms, user symbols with file and line by libdw from the files
 * that the process has mapped (through /proc/PID/root, so also in containers).
 * What was looked up is kept by process; no record costs a look-up twice.
 *
 * The functions report what is wrong and return -1 or NULL.  That a symbol
 * cannot be found is no failure: its address is shown.
 */
#ifndef SKEL_SYMBOLIZE_SYMBOLIZER_H
#define SKEL_SYMBOLIZE_SYMBOLIZER_H

#include <stddef.h>

#include "base/buf.h"
#include "host/confine.h"
#include "record/symbol-store.h"
#include "stream/map-fds.h"
#include "stream/stream.h"

struct symbolizer;

/*
 * One for the maps of h, borrowed, that have stacks.  fds[i].stacks is
 * the descriptor of the stack-trace map that h->maps[i].stacks names, or -1;
 * borrowed, the array for the call.
 * *z is NULL where no map has stacks.  Returns 0 or -1.
 */
int symbolizer_open(struct symbolizer **z, const struct stream_header *h,
    const struct map_fds *fds);
void symbolizer_close(struct symbolizer *z);

/* Add what looking up will need to n.  z may be NULL. */
void symbolizer_add_needs(const struct symbolizer *z, struct confine_needs *n);

/*
 * Look up what a record of at least stream_record_size() bytes needs and is
 * not known yet; append the lines "@stack" and "@symbols" that a reader of the
 * stream has to see before it.  out NULL: for those who only want
 * symbolizer_symbols() filled.  Returns 0 or -1 (no memory).
 */
int symbolizer_record(struct symbolizer *z, unsigned int map,
    const unsigned char *record, struct buf *out);

/* The store that it fills.  Borrowed. */
struct symbol_store *symbolizer_symbols(struct symbolizer *z);

#endif
