/*
 * Pass rows: the records of one pass over a map, the largest first, or in the
 * order in which they came.  Of very many only as many are kept as can be
 * looked at; all are counted.
 */
#ifndef SKEL_WATCH_PASS_ROWS_H
#define SKEL_WATCH_PASS_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "count/measure.h"

enum { PASS_ROWS_MAX = 1024 };

struct pass_row {
	struct measure_number number;
	uint64_t place; /* which of the pass it was */
	uint64_t time_ns;
	size_t at, len; /* in the bytes */
	bool is_json;
};

/* A zeroed one is empty. */
struct pass_rows {
	struct pass_row *v; /* owned */
	size_t n, cap;
	struct buf bytes;
	uint64_t all; /* rows that were added */
	bool is_full; /* rows that are not before v[PASS_ROWS_MAX - 1] are not
			 kept */
	bool failed;  /* memory ran out */
};

void pass_rows_free(struct pass_rows *r);
void pass_rows_clear(struct pass_rows *r);

/* Add a record: row says its number, its time, and whether it is JSON.  Rows of
 * one number stay in their order. */
void pass_rows_add(struct pass_rows *r, const struct pass_row *row,
    const void *data, size_t len);

/* Sort, and keep at most PASS_ROWS_MAX. */
void pass_rows_sort(struct pass_rows *r);

static inline const void *
pass_rows_data(const struct pass_rows *r, size_t i)
{
	return r->bytes.data + r->v[i].at;
}

#endif
