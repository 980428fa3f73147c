/*
 * Printer: prints one input after another, each a stream or NDJSON, through the
 * plans of its maps.
 */
#ifndef SKEL_PRINTER_H
#define SKEL_PRINTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/output.h"
#include "format/flame.h"
#include "format/plan.h"
#include "record/held-records.h"
#include "record/symbol-store.h"
#include "stream/reader.h"

/* A map of JSON records without types. */
struct untyped_map {
	char *map;         /* owned */
	struct plan *plan; /* owned */
};

/* The lines that wait for names. */
struct printer_held {
	struct held_records *queue; /* owned; NULL: none does */
	uint64_t now;               /* the time they are measured by, in ns */
	uint64_t checked;           /* clock_elapsed() when now was set */
};

struct printer {
	struct output *out; /* borrowed */
	struct plan_options plan;
	const char *const *maps; /* borrowed: those of -m */
	size_t nmaps;            /* 0: all */
	bool no_header;

	/* The current input. */
	struct stream_reader in;
	struct symbol_store *symbols; /* owned; NULL if no map has stacks */
	bool is_pipe; /* then Ctrl-C ends the first command of the pipe, and
			 that ends the input */
	bool is_file; /* a regular one: all of its lines are there */
	struct printer_held held;
	struct plan **plans; /* owned, by map; NULL: not shown */
	size_t nplans;
	struct untyped_map *untyped; /* owned */
	size_t nuntyped, untyped_cap;
	size_t shown;    /* number of maps that are shown */
	struct buf map;  /* the name of the map of a JSON record */
	struct buf type; /* and that of its type */
	uint64_t lost, lost_reported;
	uint64_t lost_time;               /* of the last report, in ns */
	uint64_t unread[STREAM_MAPS_MAX]; /* records that "@error" lines count,
					     by map */

	/* All inputs. */
	struct flame *folded; /* owned: --folded, printed at the end */
	/* The header line that was printed last, and room for the next. */
	struct buf head, next_head;
	bool printed; /* anything was printed */
	bool blank;   /* and its last line is blank */
};

/*
 * Print all of fd, whose name is for messages.  Returns 0, or -1 if something
 * failed, which was reported unless it is that the reader of the output left.
 */
int printer_run(struct printer *p, int fd, const char *name);

/* Print what is known only after all inputs: the folded stacks. */
void printer_finish(struct printer *p);

void printer_close(struct printer *p);

#endif
