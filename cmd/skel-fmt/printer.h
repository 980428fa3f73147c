/*
 * Printer: prints one input after another, each NDJSON or one or more streams,
 * through the plans of the maps of the stream that it is in.
 */
#ifndef SKEL_PRINTER_H
#define SKEL_PRINTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/output.h"
#include "document.h"
#include "format/plan.h"
#include "kinds/name-store.h"
#include "layout/flame.h"
#include "picture/heat.h"
#include "picture/origin.h"
#include "profile/profile.h"
#include "profile/trace-events.h"
#include "progress.h"
#include "record/held-records.h"
#include "record/symbol-store.h"
#include "scroll.h"
#include "stream/reader.h"
#include "watch.h"

/* A map of JSON records without types. */
struct untyped_map {
	char *map;         /* owned */
	struct plan *plan; /* owned */
};

struct printer {
	struct output *out; /* borrowed */
	/* plan.trace is owned: of --trace, ended after all inputs. */
	struct plan_options plan;
	const char *const *maps; /* borrowed: those of -m */
	size_t nmaps;            /* 0: all */
	const char *const *as;   /* borrowed: those of --as */
	size_t nas;
	bool no_header;
	struct watch *watch;       /* borrowed: --watch, or NULL */
	struct document *document; /* borrowed: of --prom=FILE, or NULL */
	size_t series;             /* how many --prom has at most */

	/* The current input. */
	struct stream_reader in;
	/* Owned, by host: of the records that are printed now; what was read
	 * may be later. */
	struct clock_offsets *clocks;
	struct symbol_store *symbols; /* owned; NULL if no map has stacks */
	struct name_store *names;     /* owned; NULL before it has a header */
	bool is_pipe; /* then Ctrl-C ends the first command of the pipe, and
			 that ends the input */
	struct held_records
	    *held; /* owned: lines that wait for names; NULL: none does */
	struct held_clock held_clock;
	struct plan **plans; /* owned, by map; NULL: not shown */
	size_t nplans;
	struct untyped_map *untyped; /* owned */
	size_t nuntyped, untyped_cap;
	size_t shown;   /* number of maps that are shown; those of several hosts
			   that are alike count as one */
	struct buf map; /* the name of the map of a JSON record */
	struct buf type; /* and that of its type */
	uint64_t lost, lost_reported;
	uint64_t lost_time; /* of the last report, in ns */
	/* Streams of which the end is missing, that are left out, or of which
	 * records could not be read. */
	unsigned long cut, refused, incomplete;
	unsigned long followed; /* streams after the first; reports about the
				   headers of many are held back */

	/* The current stream of it. */
	bool is_stream; /* it has a header, and is not left out */
	bool waiting;   /* JSON records may add columns to header lines that
			   were not printed yet */
	unsigned long stream_line; /* where it begins */
	uint64_t stream_lost;
	uint64_t unread[STREAM_ENTRIES_MAX]; /* records that "@error" lines
					     count, by map */

	/* All inputs. */
	struct flame *folded;         /* owned: --folded, printed at the end */
	struct profile *profile;      /* owned: --pprof, likewise */
	struct heat *heat;            /* owned: --heat, likewise */
	struct plan_sources *sources; /* owned: of these */
	struct origin origin;         /* of a picture, drawn at the end */
	struct metrics *metrics;      /* owned: --prom */
	/* Maps of the stream, by number, of which a pass has ended since the
	 * document was written. */
	bool passed[STREAM_MAPS_MAX];
	/* The header line that was printed last, and room for the next. */
	struct buf head, next_head;
	/* Hashes of the header lines of this stream, and of the last one that
	 * had any. */
	struct hash_key heads[STREAM_ENTRIES_MAX],
	    last_heads[STREAM_ENTRIES_MAX];
	size_t nheads, nlast_heads;
	struct hash_key head_key;
	bool others_reported; /* that columns are others than before */
	bool printed;         /* anything was printed */
	bool blank;           /* and its last line is blank */
	struct progress progress;
	struct scroll scroll; /* for PLAN_TABLE on a terminal */
};

/*
 * Print all of fd, whose name is for messages.  Returns 0, or -1 if something
 * failed, which was reported unless it is that the reader of the output left.
 */
int printer_run(struct printer *p, int fd, const char *name);

/* Print what is known only after all inputs, of which one may have failed: the
 * folded stacks, a picture, a profile, or metrics.  Returns 0, or -1 after
 * reporting that it is not exact. */
int printer_finish(struct printer *p, bool failed);

void printer_close(struct printer *p);

/* Note that something was printed, whole lines from start on in the output's
 * buffer. */
void printer_set_printed(struct printer *p, size_t start);

#endif
