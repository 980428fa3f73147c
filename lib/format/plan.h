/*
 * Plans: how the records of one map become text.  A plan is compiled once per
 * map and format from the types, into a flat list of steps ("at offset 16, a
 * char[16], after the bytes ,\"comm\":"), and then every record runs through
 * it: no allocation, no look-up by name, no type is looked at again.
 *
 * format/plan-form.h is how a format joins.
 */
#ifndef SKEL_FORMAT_PLAN_H
#define SKEL_FORMAT_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "stream/header.h"
#include "stream/reader.h"

enum plan_form {
	PLAN_JSON,      /* one object a record, NDJSON */
	PLAN_CSV,       /* RFC 4180 */
	PLAN_TSV,       /* tab separated; tab, newline and backslash escaped */
	PLAN_TABLE,     /* aligned columns, safe for a terminal */
	PLAN_PLAIN,     /* the reference loader's rows */
	PLAN_RAW,       /* the records' bytes, one after another */
	PLAN_FOLDED,    /* stacks, counted; see plan_options.folded */
	PLAN_REFERENCE, /* the JSON of the reference loader's library: keys by
			   the alphabet, its markers, no map and no time; no
			   columns are chosen, no JSON records are taken */
};

struct plan_options {
	enum plan_form form;
	bool bare;                  /* without map and time */
	const char *const *columns; /* only these, in this order; borrowed.
				       Those that the map lacks: left out, see
				       fields_has() */
	size_t ncolumns;            /* 0: all */
	unsigned int width; /* table: of the terminal; 0: not a terminal */
	const struct symbol_store *symbols; /* of stacks; borrowed, or NULL */
	struct flame *folded; /* where PLAN_FOLDED counts; borrowed */
};

struct plan;
struct flame;
struct symbol_store;

/*
 * The plan for map number map of h, which is borrowed and must outlive it.
 * Returns NULL after reporting (no memory).
 */
struct plan *plan_new(const struct stream_header *h, unsigned int map,
    const struct plan_options *o);
void plan_free(struct plan *p);

/*
 * The plans of all of h's maps, by their number.  Returns an array for
 * plans_free(), or NULL after reporting (no memory).
 */
struct plan **plans_new(
    const struct stream_header *h, const struct plan_options *o);

/* Release n plans, some of which may be NULL, and the array, which may be too.
 */
void plans_free(struct plan **plans, size_t n);

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

/* The same for n records of the plan's map, whatever their map says. */
int plan_records(struct plan *p, struct buf *out,
    const struct stream_record *records, size_t n);

/* The reference loader hands a histogram over in two parts, key and graph:
 * where the second part of the last record starts in its out, 0 if it is all
 * one. */
size_t plan_cut(const struct plan *p);

/*
 * The same for a JSON record: the object of len bytes at text, one line.
 * Returns 0, -1 when memory ran out, or -2 when text is no JSON object, from
 * column *wrong_at on, and nothing was appended.
 */
int plan_json_record(struct plan *p, struct buf *out, const char *text,
    size_t len, size_t *wrong_at);

/*
 * A plan for JSON records of the map called map ("" if they do not say), of
 * which nothing is known but the first, len bytes at text: its keys are the
 * columns.  Returns NULL after reporting (no memory), or with *wrong_at set,
 * which is 0 else, when text is no JSON object.
 */
struct plan *plan_new_untyped(const char *map, const struct plan_options *o,
    const char *text, size_t len, size_t *wrong_at);

/* Append what stands between two passes over a sampled map, if the form has
 * something there. */
void plan_round(const struct plan *p, struct buf *out);

/* A pass over a sampled map is over: what comes next is counted anew. */
void plan_end_pass(struct plan *p);

/* Whether the map's records have stacks. */
bool plan_has_stacks(const struct plan *p);

#endif
