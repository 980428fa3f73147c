/*
 * Metrics: the last values of maps as series, and the text of these in the
 * format that Prometheus scrapes, version 0.0.4:
 * https://prometheus.io/docs/instrumenting/exposition_formats
 *
 * A group has the series of one map: its labels, and its values, each of which
 * is a family of metrics.  A row of it has the values for one set of labels.
 * While a row is found again, nothing is allocated.
 *
 * Where memory runs out the functions report and return NULL, NONE or -1.
 */
#ifndef SKEL_METRICS_METRICS_H
#define SKEL_METRICS_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "layout/hist.h"
#include "metrics/metric-name.h"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum {
	METRICS_SERIES = 100000, /* the usual bound: lines of text */
	METRICS_FAMILIES_MAX = 4096,
};

#define METRICS_NONE SIZE_MAX

/* A value of a row, of the kind that its family has. */
union metric_cell {
	__int128 integer;
	double real;
};

/* What a family is made of. */
struct metric_family_info {
	const char *member; /* "" if the map has only this value */
	const char *help;   /* or NULL */
	enum metric_type type;
	bool real;
	struct metric_unit unit;
	/* METRIC_HISTOGRAM: what a slot counts; the last one also what is
	 * larger. */
	struct hist_scale scale;
	size_t slots;
	/* And the cell that has the sum of all values, or METRICS_NONE; its
	 * unit. */
	size_t sum;
	struct metric_unit sum_unit;
};

struct metrics;       /* opaque */
struct metrics_group; /* opaque */

/* Metrics of at most so many series. */
struct metrics *metrics_new(size_t most);
void metrics_free(struct metrics *m);

/*
 * Begin a group for a map of a program, which may be of several hosts.
 * adds_up: what a pass has is added to what was there, since the map was
 * cleared; otherwise a pass replaces the one before of the same host, and rows
 * that it lacks are gone.  many: several records of a pass are of one row.  The
 * group belongs to m.
 */
struct metrics_group *metrics_begin(struct metrics *m, const char *program,
    const char *map, bool adds_up, bool many);

/* Add a label, a cell that is no family, or a family, of which one at most is a
 * histogram.  A family that is no histogram has the next cell; its number is
 * returned, and METRICS_NONE if there is no room for more. */
int metrics_add_label(struct metrics_group *g, const char *name);
size_t metrics_add_cell(struct metrics_group *g, bool real);
size_t metrics_add_family(
    struct metrics_group *g, const struct metric_family_info *f);

/*
 * The group is complete.  Returns it; or one that was complete before, if it is
 * the same, to go on with that.  Another one of that program and map is gone
 * unless it is in use: until metrics_release().
 */
struct metrics_group *metrics_complete(struct metrics_group *g);
void metrics_release(struct metrics_group *g);

/* The number of a host, "" of a stream of one, for the functions below: its
 * rows are touched, and its passes end.  Returns METRICS_NONE after reporting
 * that memory ran out. */
size_t metrics_host(struct metrics_group *g, const char *name);

/* Free it in place of that. */
void metrics_abandon(struct metrics_group *g);

/* A row is known by a hash of the bytes of its labels.  Returns its number, or
 * METRICS_NONE. */
size_t metrics_find(struct metrics_group *g, struct hash_key key);

/* The place of the key that was found or added last, for metrics_find_at(); and
 * the era of the places, which are none in another one. */
size_t metrics_place(const struct metrics_group *g);
uint64_t metrics_era(const struct metrics_group *g);

/* Find the key at a place again: what metrics_find() returned. */
size_t metrics_find_at(struct metrics_group *g, size_t place);

/*
 * Add a row; values are the texts of its labels, each up to its NUL, and of
 * UTF-8.  If there is one of these texts already, the key is another one for
 * it.  Returns METRICS_NONE if there is no room for more series, which is
 * reported once.
 */
size_t metrics_add_row(struct metrics_group *g, size_t host,
    struct hash_key key, const struct buf *values);

/* Begin to add a record to the row that was found or added: then add to its
 * cells and slots.  What this pass replaces is 0. */
void metrics_touch(struct metrics_group *g, size_t row);
union metric_cell *metrics_cells(struct metrics_group *g, size_t row);
uint64_t *metrics_slots(struct metrics_group *g, size_t row);

/* The rows of the host that were touched are those of the pass. */
void metrics_end_pass(struct metrics_group *g, size_t host);

/* The records of a map of events, and those that were lost of it, to be added
 * to; of a host, or of a stream of one, "".  Valid as long as m. */
struct metrics_counts {
	uint64_t records, lost;
};
struct metrics_counts *metrics_counts(
    struct metrics *m, const char *program, const char *map, const char *host);

/* Append all of it; nothing if there was no map.  If memory runs out,
 * out->failed is set. */
void metrics_write(const struct metrics *m, struct buf *out);

#endif
