/*
 * The inside of a plan, for the files plan-*.c, each of which implements a form
 * of output or a part that several forms share.  lib/README.md says what a new
 * form needs.
 */
#ifndef SKEL_FORMAT_PLAN_FORM_H
#define SKEL_FORMAT_PLAN_FORM_H

#include "base/hash.h"
#include "count/member-load.h"
#include "format/plan-source.h"
#include "format/plan.h"
#include "layout/flame.h"
#include "layout/formatter.h"
#include "layout/hist-buckets.h"
#include "layout/hist.h"
#include "layout/table.h"
#include "metrics/key-walk.h"
#include "metrics/metrics.h"
#include "profile/profile.h"
#include "profile/trace-events.h"
#include "record/fields.h"
#include "record/json-row.h"
#include "record/stack-view.h"

/* A part of the formatter, which can be run by itself: the steps [from, to).
 * first, end and most are set when the formatter is complete. */
struct formatter_part {
	size_t from, to;
	const struct step *first, *end;
	size_t most; /* bytes that it can write */
};

/* A cell of a table whose value is a single step. */
struct table_step {
	const struct step *step;
	unsigned int width; /* of its column */
	/* A value of fewer bytes than this is moved and padded by wide copies;
	 * 0: none is. */
	unsigned int below;
	bool right;
	bool pad; /* false for text in the last column */
};

/* The time at the beginning of such a row. */
enum plan_row_time { PLAN_TIME_NONE, PLAN_TIME_OF_DAY, PLAN_TIME_STYLED };

/* The slots of a histogram: where they are in a record, and the last ones that
 * were read. */
struct hist_slots {
	size_t offset;
	size_t count;
	size_t size; /* bytes of one, at most 8 */
	bool is_signed;
	struct hist_scale scale;
	uint64_t *v; /* owned; NULL: the map is no histogram */
};

/* Slots inside of a value: of one histogram, or of an array of structs. */
struct plan_bar {
	size_t elements, stride; /* stride 0: the column itself is the slots */
	size_t offset;           /* of the slots, in an element */
	size_t count, size;      /* slots, and bytes of one */
	bool is_signed;          /* they may be negative */
	const struct type_member *member; /* borrowed: they are this one */
};

/* The columns that are drawn as bars below a row. */
struct plan_bars {
	struct fields columns;
	struct plan_bar *v; /* owned, as the arrays below: by column */
	uint32_t *cells;
	uint64_t *slots; /* those of one histogram */
	size_t most;     /* how many there can be */
};

/* Histograms whose bucket is in the key.  Their records are collected until a
 * pass ends. */
struct plan_buckets {
	bool set;
	struct fields columns; /* the bucket, and the count */
	uint32_t cells[2];
	struct hash groups;
	struct hash_key first; /* random: where the keys of groups begin */
	struct buf texts;
	uint64_t time_ns;
	bool has_time;
};

/* PLAN_JSON: which histograms get buckets beside their counts: those whose
 * slots are in the value, or whose bucket is in the key, in plan_buckets. */
struct plan_hist_json {
	bool slots, key;
	struct hist_map map;
	/* Members of JSON records that have these names already. */
	uint32_t unit_cell, buckets_cell;
};

/* The stacks that a form shows below a row instead of in columns. */
struct plan_stacks {
	struct stack_view *view;  /* owned; NULL: the map has no stacks */
	char *paths[STACK_SIDES]; /* owned: where JSON has them; NULL: not
				     shown */
	uint32_t cells[STACK_SIDES];
};

/* The columns by which PLAN_FOLDED tells stacks apart, and the count. */
enum { FOLD_COMM, FOLD_PID, FOLD_COUNT, FOLD_COLUMNS };
#define FOLD_ABSENT SIZE_MAX
struct plan_fold {
	struct hash_key source;
	size_t columns[FOLD_COLUMNS];  /* indexes, or FOLD_ABSENT */
	bool weighed;                  /* the count is that of options.weight */
	struct profile_source profile; /* PLAN_PPROF */
	uint32_t weight_cell; /* JSON without types: if it is no column; or 0 */
};

/* What PLAN_TRACE reads of a record beside the text of all of it. */
enum plan_trace_role {
	TRACE_PID,
	TRACE_TGID,
	TRACE_TID,
	TRACE_PID_TGID, /* of bpf_get_current_pid_tgid() */
	TRACE_COMM,
	TRACE_ENUM, /* whose constants are names of events */
	TRACE_DURATION,
	TRACE_ROLES
};
#define TRACE_ABSENT SIZE_MAX

struct plan_trace_pair {
	size_t number; /* of --pair */
	size_t field;  /* or TRACE_ABSENT: all records are begins or ends */
	bool is_begin;
	uint64_t begin, end, mask; /* values of the field, and its bits */
};

struct plan_trace {
	struct fields fields;
	uint32_t *cells; /* owned: of JSON records, by field */
	/* Indexes of fields, or without types of columns; or TRACE_ABSENT. */
	size_t roles[TRACE_ROLES];
	bool untyped;
	uint64_t duration_unit; /* ns */
	size_t series, nseries; /* the fields of a counter */
	struct formatter_part key;
	uint32_t key_cell;
	const char *host;  /* borrowed: whose processes these are, if there are
			      others; or NULL */
	uint64_t first_id; /* where the ids of its processes begin */
	struct plan_trace_pair pairs[TRACE_PAIRS_MAX];
	size_t npairs;
	struct buf args, name;
};

/* PLAN_PROM: what is added for a record to the row of its labels. */
enum prom_op {
	PROM_CELL,
	PROM_REAL,
	PROM_KTIME, /* a time, which replaces the last one */
	PROM_BOOTTIME,
	PROM_BUCKET,       /* the slot that the next counts in */
	PROM_BUCKET_COUNT, /* how often */
};
struct prom_value {
	enum prom_op op;
	size_t cell, column;
	struct member_load load; /* of binary records */
};
/* Bytes by which binary records are told apart. */
struct prom_range {
	size_t offset, len;
	bool text; /* up to a NUL */
};
struct plan_prom {
	struct metrics_group *group;   /* borrowed; NULL: none */
	struct metrics_counts *counts; /* borrowed; NULL: not of events */
	size_t host;                   /* of the group */
	const char *host_label; /* borrowed: its value; NULL: there is none */
	size_t nlabels;         /* the first columns */
	struct prom_value *values; /* owned */
	struct prom_range *ranges; /* owned */
	size_t nvalues, nranges;
	struct key_walk walk;
	struct hash_key first;    /* random */
	struct buf field, labels; /* texts of a new row */
};

/* A record that is being written, binary or JSON. */
struct plan_input {
	struct formatter_run
	    run;          /* JSON: only out, clock and time_ns are set */
	bool has_time;    /* JSON records may have no time */
	bool is_json;     /* its values are in the plan's row */
	const char *text; /* JSON: the line */
	size_t text_len;
};

struct plan {
	const struct plan_ops *ops;
	const struct stream_header *header; /* borrowed; NULL: JSON records
					       without types */
	unsigned int map;
	char *map_name; /* owned */
	struct plan_options options;

	struct fields columns; /* the fields that the form shows, in order */
	struct kind_context kinds;
	/* Owned: while plan_add_members() runs, the values of the members that
	 * it adds, in their order. */
	struct json_value *added;
	size_t nadded, added_cap;
	bool none_chosen; /* it was reported that a record has no chosen ones */
	bool misfit; /* it was reported that a value does not fit its column */
	bool full;   /* a record had more members than there can be columns */
	struct formatter formatter;
	struct formatter_part line;   /* forms with ops->lines */
	struct formatter_part *parts; /* owned; other forms: by column */
	struct table table;
	/* Borrowed from the header: the host, in forms that show it; NULL: they
	 * do not, since the stream is of one host and nobody asked for it. */
	const char *host;
	/* Owned: the names of the host and of the map, as wide as their columns
	 * of a table; NULL: there is none. */
	char *host_cell, *map_cell;
	size_t host_cell_len;
	struct buf spark_key; /* what the histogram is called that is drawn */
	/* Owned, by column: set if each cell of the table is a single step;
	 * then a row is written in one go and takes at most row_most bytes. */
	struct table_step *cell_steps;
	size_t row_most;
	enum plan_row_time row_time;
	struct hist_slots slots;
	struct plan_bars bars;
	struct plan_buckets buckets;
	struct plan_hist_json hist_json;
	struct plan_stacks stacks;
	struct plan_fold fold;
	struct plan_source source;
	struct plan_trace trace;
	struct plan_prom prom;

	/* JSON records.  The row's first two cells are CELL_MAP, CELL_TIME. */
	struct json_row row;
	uint32_t type_cell; /* "@type"; 0: the map has only one type */
	/* "@host" and "@host_index"; 0: records need not have it. */
	uint32_t host_in_json, host_index_in_json;
	uint32_t *cells; /* owned: the row's cell of each column */
	/* Owned: of columns of texts, in which the cell is that of the value:
	 * the record's own text, and the address family; or 0. */
	struct text_cells {
		uint32_t told, family;
	} * text_cells;
	/* The form passes JSON records on with the texts of all kinds: the
	 * members of a record, which are not empty then. */
	struct fields respelled;
	struct buf respelling;
	size_t cells_cap;
	uint32_t slots_cell, values_cell;

	/* Reused by every record. */
	struct clock clock, kind_clock;
	struct buf scratch;
	struct buf whole; /* a short record, with zeros after it */
	struct plan_input
	    record;          /* a binary record; what differs is filled in */
	size_t graph_offset; /* see plan_graph_offset() */
};

enum { CELL_MAP, CELL_TIME };

static inline bool
plan_shows_time(const struct plan *p)
{
	return !p->options.bare && !p->options.no_time;
}

/* Whether the columns that were chosen have the host among them. */
bool plan_chooses_host(const struct plan_options *o);

/* What plan_label() returns. */
static inline const char *
plan_type_label(const struct plan *p)
{
	return p->header == NULL ? NULL : p->header->maps[p->map].label;
}

/* What a form does.  Functions may be NULL. */
struct plan_ops {
	/* Fill in the columns and the formatter.  Errors are left in their
	 * failed members. */
	void (*compile)(struct plan *p);
	/* Fill in the formatter, and what else follows from the columns: done
	 * again when columns are added.  Forms without this, which do it in
	 * compile(), take no more columns. */
	void (*layout)(struct plan *p);
	/* Called when the sizes of all parts are known. */
	void (*measure)(struct plan *p);
	void (*head)(const struct plan *p, struct buf *out);
	/* Binary records: run the plan's line.  record() is called for JSON
	 * records only. */
	bool lines;
	void (*record)(struct plan *p, const struct plan_input *rec);
	/* Plans without types, whose row holds the first record: find out from
	 * its values what types would tell. */
	void (*guess)(struct plan *p);
	struct plan_traits traits;
	enum style style; /* of its fields */
	bool kinds;       /* values have texts of their kinds */
	bool respells; /* JSON records are written as they are but for texts */
	bool instead;  /* in their place, and hidden members are left out */
	bool deep;     /* members of nested structs are columns */
	bool draws;    /* histograms of all kinds, also of unknown slots */
	const char
	    *pass_separator; /* text between two passes over a map, or NULL */
};

extern const struct plan_ops plan_json_ops, plan_csv_ops, plan_tsv_ops,
    plan_table_ops, plan_screen_ops, plan_plain_ops, plan_raw_ops,
    plan_rowbinary_ops, plan_folded_ops, plan_flame_ops, plan_heat_ops,
    plan_pprof_ops, plan_trace_ops, plan_prom_ops, plan_reference_ops;

/* A plan of which only the form is set; NULL when memory ran out. */
struct plan *plan_alloc(const char *map, const struct plan_options *o);

/* Set what is known of a part when the formatter is complete. */
void plan_measure_part(const struct plan *p, struct formatter_part *part);

/* Call layout() once more.  Returns 0, or -1 when memory ran out. */
int plan_layout_again(struct plan *p);

/* From here on note members that have no column. */
void plan_watch_members(struct plan *p);

/* plan-table.c: what both forms of the table share. */
void plan_table_compile(struct plan *p);
void plan_table_layout(struct plan *p);
void plan_table_guess(struct plan *p);
void plan_table_record(struct plan *p, const struct plan_input *rec);
/* Whether records are shown as histograms, and not as rows of columns. */
bool plan_draws(const struct plan *p);
/* Whether there is a header line: histograms that are drawn and lines of text
 * have none. */
bool plan_has_head(const struct plan *p);

/*
 * plan-spark.c.  Add the columns of a table whose rows are histograms, after
 * the time.  For a row, call plan_start_spark(), which returns the text of its
 * key, to which more may be appended, and plan_write_spark().
 */
void plan_add_spark_columns(struct plan *p);
struct buf *plan_start_spark(struct plan *p, const struct plan_input *rec);
void plan_write_spark(
    struct plan *p, const struct plan_input *rec, const struct hist *h);

/* plan-plain.c: what the two forms of the reference loader share. */

/* Set the columns of a sampled map: the key, and the value or, per CPU, the sum
 * of all values; each value if they have no sum. */
void plan_add_key_and_value(struct plan *p);

/* Add a key or value as the reference loader's JSON object: {"u32":5}, or the
 * members of a struct in alphabetical order. */
void plan_add_object(struct plan *p, const struct field *root);

/*
 * plan-slots.c.  Returns whether the value has slots and is to be shown as a
 * histogram; then p->slots is set.  A table shows slots also if nothing says
 * what they are, unless columns were chosen.
 */
bool plan_find_slots(struct plan *p);

/* Reports that a map which should be a histogram is shown as key and value, if
 * it has neither slots nor, in a table, buckets. */
void plan_report_no_slots(const struct plan *p);

/* What slots of the map count; member is what they are, or NULL. */
struct hist_scale plan_hist_scale(
    const struct plan *p, const struct type_member *member);

/* A histogram of these slots, with the unit of the map. */
struct hist plan_make_hist(const struct plan *p, const struct hist_scale *scale,
    const uint64_t *slots, size_t n, bool is_signed);

/* Append it, with its summary if the slots are known to be values. */
void plan_write_hist(
    const struct plan *p, const struct hist *h, struct buf *out);

/* plan-slots.c.  Adds a histogram, whose key is that of plan_start_spark(), to
 * the heat map. */
void plan_add_heat(
    struct plan *p, const struct plan_input *rec, const struct hist *h);

/* plan-bars.c.  Moves the columns that hold slots deeper in the value to
 * p->bars.  Returns whether there are any. */
bool plan_find_bars(struct plan *p);
void plan_draw_bars(struct plan *p, const struct plan_input *rec);
void plan_add_bar_paths(struct plan *p);
void plan_free_bars(struct plan *p);

/* plan-buckets.c.  Whether the last member of the key can be a bucket and the
 * value a count; then only the rest of the key stays among the columns. */
bool plan_find_buckets(struct plan *p);
void plan_add_to_buckets(struct plan *p, const struct plan_input *rec);
void plan_write_buckets(struct plan *p, struct buf *out);
void plan_add_bucket_paths(struct plan *p);
void plan_free_buckets(struct plan *p);

/* Find the columns of the bucket and of the count among all.  Returns whether
 * there are both. */
bool plan_find_bucket_columns(const struct plan *p, const struct fields *all,
    size_t *bucket, size_t *count);

/* plan-hist-json.c.  Find out what gets buckets, and add them with the members
 * of the record.  Append those of a JSON record's key, behind its last member.
 */
void plan_find_hist_json(struct plan *p);
void plan_add_hist_members(struct plan *p, bool *first);
void plan_add_hist_paths(struct plan *p);
void plan_write_key_bucket(const struct plan *p, struct buf *out);

/* plan-prom.c. */
void plan_free_prom(struct plan *p);

/* The histogram in a record; per CPU the sums.  Valid until the next call. */
struct hist plan_read_slots(struct plan *p, const struct plan_input *rec);

/*
 * plan-stack.c.  Remove from the columns the stacks, which the form shows below
 * its rows, and also their sizes, unless columns were chosen.
 */
void plan_move_stacks_below(struct plan *p);

/* Move all columns, but the stacks and their sizes, out of the plan: the caller
 * picks the columns that it needs, and frees them all. */
struct fields plan_move_columns_out(struct plan *p);

/* Add the field at a place as a column, called name unless that is NULL.
 * Returns whether it was added. */
bool plan_pick_column(struct plan *p, const struct fields *from,
    const struct field_place *at, const char *name);

/* Read a stack into p->stacks.view.  Returns whether the record has it. */
bool plan_read_stack(
    struct plan *p, const struct plan_input *rec, enum stack_side side);

/* Append the stacks below a row of a table. */
void plan_write_stacks(struct plan *p, const struct plan_input *rec);

/* plan-trace.c */
void plan_add_trace_paths(struct plan *p);
void plan_free_trace(struct plan *p);

/*
 * plan-folded.c: what forms that count stacks share.  The first two set
 * p->fold, with a source of options.folded, where wrong weights are noted.
 */
void plan_compile_fold(struct plan *p);
void plan_guess_fold(struct plan *p);

/* A column of the record, or NULL; which is FOLD_COMM, ... */
const struct field *plan_fold_column(const struct plan *p, size_t which);

/* What identifies the record's stack in p->fold.source. */
struct hash_key plan_fold_key(struct plan *p, const struct plan_input *rec);

/* How many samples the record stands for, or its weight; 1 if it has no count.
 */
uint64_t plan_fold_count(struct plan *p, const struct plan_input *rec);

/* The name of the process, borrowed until the next record; NULL: none. */
struct plan_fold_text {
	const char *data;
	size_t len;
} plan_fold_comm(struct plan *p, const struct plan_input *rec);

/* Its number.  Returns whether there is one. */
bool plan_fold_pid(struct plan *p, const struct plan_input *rec, uint64_t *pid);

/* The reference loader's text of a record with stacks. */
void plan_compile_trace(struct plan *p);
void plan_write_trace(struct plan *p, const struct plan_input *rec);

#endif
