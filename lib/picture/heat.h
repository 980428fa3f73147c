/*
 * Heat: histograms of passes over time, from which heat maps are drawn. However
 * many passes there are, only so many columns are kept: neighbours are joined.
 * Histograms of one name are one series, wherever they come from.
 */
#ifndef SKEL_PICTURE_HEAT_H
#define SKEL_PICTURE_HEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/hist.h"

enum {
	HEAT_COLUMNS_MAX = 1024,  /* when there are as many, pairs are joined */
	HEAT_SERIES_MAX = 1024,   /* further ones are left out */
	HEAT_SLOTS_MAX = 8 << 20, /* counts that are kept, 64 MiB */
	HEAT_NAME_MAX = 256,      /* bytes; longer ones are cut */
};

/* The counts of one column of a series, up to the last that is not 0. */
struct heat_cells {
	uint64_t *v; /* owned */
	size_t n;
};

struct heat_series {
	char *name; /* owned */
	char *unit; /* owned */
	struct hist_scale scale;
	unsigned __int128 total;
	struct heat_cells cells[HEAT_COLUMNS_MAX]; /* by column */
	uint64_t number;
};

/* Of the time after from, up to and including to; ns since 1970. */
struct heat_column {
	uint64_t from, to;
	uint64_t lost; /* records */
};

struct heat; /* opaque */

/* What the histograms of one map of a stream have in common.  Initialise all
 * but the first three with zeros. */
struct heat_source {
	uint64_t number;      /* of heat_source_number() */
	uint64_t interval_ns; /* the time that the first pass stands for */
	bool cumulative;      /* a pass has what was counted before, too */
	bool open;            /* a pass has begun, */
	uint64_t time_ns;     /* which is of that time; or the last one was */
};

/* Returns NULL after reporting an error. */
struct heat *heat_new(void);
void heat_free(struct heat *h);

/* The number of a source of histograms: one for each number that its caller
 * gives it; of 0 another one each time. */
uint64_t heat_source_number(struct heat *h, uint64_t given);

/*
 * Add a histogram of a pass, which begins with it unless it has begun.  time_ns
 * 0 means that its time is not known: then it follows the last one.  Returns 0,
 * or -1 without a report when memory ran out.
 */
int heat_add(struct heat *h, struct heat_source *s, const char *name,
    size_t len, const struct hist *hist, uint64_t time_ns);

/* The pass is over. */
void heat_end_pass(struct heat_source *s);

/* Records were lost about now. */
void heat_note_lost(struct heat *h, uint64_t lost);

bool heat_is_empty(const struct heat *h);

/* The columns, by time. */
const struct heat_column *heat_columns(const struct heat *h, size_t *n);

/* Sort the series, the largest first, and return them. */
struct heat_series *const *heat_sort(struct heat *h, size_t *n);

/* How many histograms were left out, since there were too many. */
uint64_t heat_left_out(const struct heat *h);

#endif
