/*
 * Printing: one input after another, a stream or NDJSON, through the plans of
 * its maps to the output.
 */
#ifndef SKEL_PRINTER_H
#define SKEL_PRINTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/output.h"
#include "format/flame.h"
#include "format/plan.h"
#include "record/symbol-store.h"
#include "stream/reader.h"

/* A map of JSON records whose types no header tells. */
struct untyped {
	char *map;         /* owned */
	struct plan *plan; /* owned */
};

struct printer {
	struct output *out; /* borrowed */
	struct plan_options plan;
	const char *const *maps; /* -m: borrowed; these only */
	size_t nmaps;            /* 0: all */
	bool no_header;

	/* Of the current input. */
	struct stream_reader in;
	struct symbol_store *symbols; /* owned; NULL until a map has stacks */
	bool is_pipe; /* Ctrl-C leaves it to the head of the pipe to end */
	struct plan **plans; /* owned: by map; NULL: not shown */
	size_t nplans;
	struct untyped *untyped; /* owned */
	size_t nuntyped, untyped_cap;
	size_t shown;   /* maps that are */
	struct buf map; /* the name of a JSON record's */
	uint64_t lost, lost_told;
	uint64_t lost_time; /* when that was told, in ns */

	/* Across inputs. */
	struct flame *folded; /* owned: --folded; printed at the end */
	/* The header that was printed last. */
	struct buf head, next_head;
	bool printed; /* anything at all */
	bool blank;   /* the last line of it is blank */
};

/*
 * Print all of fd, which is called name.  Returns 0, or -1 when something
 * failed: it was reported, unless the reader of the output left.
 */
int printer_run(struct printer *p, int fd, const char *name);

/* Print what is known only when all inputs are read. */
void printer_finish(struct printer *p);

void printer_close(struct printer *p);

#endif
