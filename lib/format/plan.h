/*
 * Plans: how the records of one map become text in one form.
 *
 * A plan is compiled once from the types of the map into a formatter, a flat
 * list of steps such as "at offset 16, a char[16], after the bytes ,\"comm\":".
 * Each record then runs through the formatter, which allocates nothing and
 * looks at no name or type again.
 *
 * See format/plan-form.h for how to add a form.
 */
#ifndef SKEL_FORMAT_PLAN_H
#define SKEL_FORMAT_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/time-style.h"
#include "sql/column.h"
#include "sql/table.h"
#include "stream/header.h"
#include "stream/reader.h"

enum plan_form {
	PLAN_JSON,      /* NDJSON: an object for each record */
	PLAN_CSV,       /* RFC 4180 */
	PLAN_TSV,       /* tab separated; tab, newline and backslash escaped */
	PLAN_TABLE,     /* aligned columns, safe for a terminal */
	PLAN_PLAIN,     /* the reference loader's text */
	PLAN_RAW,       /* the bytes of the records */
	PLAN_ROWBINARY, /* ClickHouse's form of rows */
	PLAN_FOLDED,    /* stacks and how often each was seen */
	PLAN_FLAME,     /* the same, for a picture */
	PLAN_PPROF,     /* the same, as a profile.proto */
	PLAN_HEAT,      /* histograms of passes, for a picture */
	PLAN_TRACE,     /* events for a viewer of traces */
	PLAN_PROM,      /* Prometheus' text format: metrics of sampled maps */
	PLAN_REFERENCE, /* the JSON of the reference loader's library:
			   keys in alphabetical order, its markers, no map, no
			   time; for binary records and all columns only */
};

/* What a program that prints records in a form has to know of it. */
struct plan_traits {
	const char *option; /* what asks for the form, if it is shown of some
			       maps only */
	bool titled;      /* with several maps, the name of the map stands above
			     its header line, and a blank line before */
	bool heads_first; /* the header lines of all maps come first */
	bool binary_only; /* JSON records cannot be shown */
	bool one_table;   /* all rows have the same columns, which nothing in
			     the output names: those of one map */
	bool adds_columns; /* for members of JSON records that the types lack:
			      see plan_takes_members() */
	bool stacks_only;  /* only maps with stacks are shown, all inputs
			      together: see plan_options.folded */
	bool histograms_only; /* only maps with histograms are shown */
	bool document; /* the text is a whole: --FORM=FILE replaces FILE by it
			  when it is complete */
	bool states;   /* there is such a text after each pass */
};

const struct plan_traits *plan_traits(enum plan_form form);

/* What is shown of a value whose kind has a text. */
enum plan_kinds {
	PLAN_KINDS_ALL,     /* a table has the text, other forms NAME and
			       NAME_text; chosen columns are what they say */
	PLAN_KINDS_NUMERIC, /* the value */
	PLAN_KINDS_TEXT,    /* the text, called NAME_text but in a table */
};

struct plan_options {
	enum plan_form form;
	enum plan_kinds kinds;
	bool bare;    /* without map and time */
	bool no_time; /* without time */
	/* Borrowed: how times are written, shared by the plans of an output,
	 * all of one form, which set its style; NULL: as the form has it. */
	struct time_style *time;
	const char *const *columns; /* borrowed: only these, in this order;
				       those that the map lacks are left out
				       (see fields_has()) */
	size_t ncolumns;            /* 0: all */
	/* PLAN_TABLE: the width of the terminal, or 0; it is painted; it is on
	 * a screen, for plan_set_screen(). */
	unsigned int width;
	/* PLAN_TABLE: that of the column of hosts, if there is one; 0: as the
	 * name of the plan's own host needs it. */
	unsigned int host_columns;
	bool color, screen;
	bool sql;     /* PLAN_CSV, PLAN_TSV: what there is not is \N, for
			 databases, and a float that is no number is nan, inf or
			 -inf */
	bool spark;   /* PLAN_TABLE: a histogram is one line */
	bool buckets; /* PLAN_JSON: histograms have "unit" and "buckets" */
	/* Borrowed: those of the hosts of the records, by stream_map.host,
	 * which may change between two of them; NULL: those of the header. */
	const struct clock_offsets *clocks;
	const struct symbol_store *symbols; /* borrowed, or NULL: no names */
	const struct name_store *names;     /* borrowed, or NULL: numbers */
	/* Borrowed: where PLAN_FOLDED and PLAN_FLAME count, and PLAN_PPROF; and
	 * the member that weighs each record, as -c names it, or NULL. */
	struct flame *folded;
	struct profile *profile;
	struct trace_events *trace; /* borrowed: what PLAN_TRACE knows */
	const char *weight;
	struct heat *heat; /* borrowed: where PLAN_HEAT collects */
	/* Borrowed: what these know of a map goes on in another part of its
	 * stream; NULL: each stream is another one. */
	struct plan_sources *sources;
	/* PLAN_PROM, borrowed: where the metrics are, and the members that are
	 * no counters: "MEMBER" or "MAP.MEMBER". */
	struct metrics *metrics;
	const char *const *gauges;
	size_t ngauges;
};

/* Among the columns: the host of the records, which is shown where it always
 * is, and also if it would not be. */
#define PLAN_HOST_COLUMN "@host"

/* The most columns that the name of a host takes in a table. */
enum { PLAN_HOST_COLUMNS_MAX = 24 };

struct plan;
struct field;
struct flame;
struct heat;
struct metrics;
struct name_store;
struct plan_sources;
struct profile;
struct symbol_store;
struct trace_events;

/*
 * Compile a plan for map number map of h; h must outlive it.  Returns NULL
 * after reporting that memory ran out.  The caller frees the plan.
 */
struct plan *plan_new(const struct stream_header *h, unsigned int map,
    const struct plan_options *o);
void plan_free(struct plan *p);

/*
 * Compile plans for all maps of h, in their order.  Returns an array that the
 * caller frees with plans_free(), or NULL after reporting that memory ran out.
 */
struct plan **plans_new(
    const struct stream_header *h, const struct plan_options *o);

/* Free n plans and their array; each plan, and the array, may be NULL. */
void plans_free(struct plan **plans, size_t n);

/* The label of the type of its records, if the map has several; or NULL. */
const char *plan_label(const struct plan *p);

/* Append the header line of this map, if the form has one. */
void plan_head(const struct plan *p, struct buf *out);

/*
 * Append a binary record.  data holds its key and its value, len bytes, which
 * are at least stream_record_size().  Returns 0, or -1 when memory ran out.
 */
int plan_record(struct plan *p, struct buf *out, uint64_t time_ns,
    const unsigned char *data, size_t len);

/* The same for a record that may be shorter, but not than least_size: of its
 * last array only what it has is shown. */
int plan_short_record(struct plan *p, struct buf *out, uint64_t time_ns,
    const unsigned char *data, size_t len);

/* The same for n records that are not short; all are taken to be of the plan's
 * map. */
int plan_records(struct plan *p, struct buf *out,
    const struct stream_record *records, size_t n);

/* The reference loader's library hands a histogram to its caller in two parts,
 * key block and graph.  Returns where in out the second part of the last record
 * starts, or 0 if it has one part only. */
size_t plan_graph_offset(const struct plan *p);

/*
 * Append a JSON record, the object of len bytes at text.  Returns 0; -1 when
 * memory ran out; or -2 if text is no JSON object: then *wrong_at is the column
 * where it ceases to be one, counted from 1, and nothing was appended.
 */
int plan_json_record(struct plan *p, struct buf *out, const char *text,
    size_t len, size_t *wrong_at);

/*
 * Whether the first JSON record, the object of len bytes at text, can add
 * columns: for members that the types do not have, in forms with columns or if
 * columns were chosen.  If so, plan_add_members() is to be called before it is
 * appended, and plan_head() is complete only then.  Returns as
 * plan_json_record() does; or 1 if the record has none of the columns that were
 * chosen, and is not to be shown.
 */
bool plan_takes_members(const struct plan *p);
int plan_add_members(
    struct plan *p, const char *text, size_t len, size_t *wrong_at);

/*
 * After plan_json_record(), or when a plan without types was made: the names of
 * members that have no column and were not seen before, "a, b.c"; NULL if there
 * are none.  Sets *full if the first record has more members than there can be
 * columns.
 */
const char *plan_take_news(struct plan *p, bool *full);

/*
 * Make a plan for the JSON records of a map ("" if they name none) without
 * types: the keys of its first record, the len bytes at text, become the
 * columns. Returns NULL and sets *wrong_at as above if text is no JSON object;
 * or returns NULL with *wrong_at 0 after reporting that memory ran out.
 */
struct plan *plan_new_untyped(const char *map, const struct plan_options *o,
    const char *text, size_t len, size_t *wrong_at);

/*
 * PLAN_TABLE with options.screen: set the width of the terminal anew, and let
 * rows name their map in a column that is map_columns wide; 0: they do not.
 * Returns 0, or -1 after reporting that memory ran out.
 */
int plan_set_screen(
    struct plan *p, unsigned int width, unsigned int map_columns);

/* Whether the records are lines of text, in which rows have no columns. */
bool plan_is_text(const struct plan *p);

/*
 * PLAN_CSV, PLAN_TSV: declare the table whose rows are those of the plan.
 * is_only: its name is without the map.  Returns as sql_table_end() does.
 */
int plan_declare(
    const struct plan *p, struct sql_tables *s, bool is_only, struct buf *out);

/* What a database has for column i, and whether a value may be missing. */
struct sql_column plan_sql_column(const struct plan *p, size_t i);
bool plan_has_nulls(const struct plan *p);

/* Append what the form puts between two passes over a sampled map. */
void plan_write_pass_separator(const struct plan *p, struct buf *out);

/* Whether records are collected, and written when a pass ends. */
bool plan_collects(const struct plan *p);

/* Whether there are such records. */
bool plan_has_collected(const struct plan *p);

/* A pass over a sampled map has ended, or the stream has.  Appends the records
 * that were collected.  PLAN_FOLDED counts the next pass anew, unless the map
 * is cleared after each. */
void plan_end_pass(struct plan *p, struct buf *out);

/* Whether the map's records are, or are collected into, histograms that the
 * form draws. */
bool plan_has_histograms(const struct plan *p);

/* Whether a name of plan_options.gauges, without a map's name, is that of a
 * field of a sampled map. */
bool plan_names_member(const char *name, const struct field *c);

/* Whether the map's records have stacks. */
bool plan_has_stacks(const struct plan *p);

/* Whether options.weight is no integer member of the map by its types. */
bool plan_lacks_weight(const struct plan *p);

/* Which stacks of binary records the form shows with symbols: a set of 1 <<
 * enum stack_side. */
unsigned int plan_shown_stacks(const struct plan *p);

/* Whether the form shows names of numbers that "@names" lines tell. */
bool plan_shows_names(const struct plan *p);

#endif
