/*
 * Plans: how the records of one map become text.  A plan is compiled once per
 * map and format from the types, into a flat list of steps ("at offset 16, a
 * char[16], after the bytes ,\"comm\":"), and then every record runs through
 * it: no allocation, no look-up by name, no type is looked at again.
 */
#ifndef SKEL_PLAN_H
#define SKEL_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "stream.h"

enum plan_form {
	PLAN_JSON,  /* one object a record, NDJSON */
	PLAN_CSV,   /* RFC 4180 */
	PLAN_TSV,   /* tab separated; tab, newline and backslash escaped */
	PLAN_TABLE, /* aligned columns, safe for a terminal */
	PLAN_PLAIN, /* the reference loader's rows */
};

struct plan_options {
	enum plan_form form;
	bool bare;                  /* without @map and @time (JSON) */
	const char *const *columns; /* only these, in this order; borrowed */
	size_t ncolumns;            /* 0: all */
	unsigned int width; /* table: of the terminal; 0: not a terminal */
};

struct plan;

/*
 * The plan for map number map of h, which is borrowed and must outlive it.
 * Returns NULL after reporting (an unknown column, no memory).
 */
struct plan *plan_new(const struct stream_header *h, unsigned int map,
    const struct plan_options *o);
void plan_free(struct plan *p);

/* Append the form's header line for this map, if it has one. */
void plan_head(const struct plan *p, struct buf *out);

/*
 * Append one record as one line: its key and value are at data, len bytes,
 * at least stream_record_size().  JSON: {"@map":…,"@time":…,members…}\n, or
 * "key" and "value" ("values" beside their sum for per-CPU maps).
 * Returns 0, or -1 when memory ran out (out->failed).
 */
int plan_record(struct plan *p, struct buf *out, uint64_t time_ns,
    const unsigned char *data, size_t len);

#endif
