/*
 * Forms: what plans have in common and how an output format joins them.  A new
 * format is a struct plan_ops and a row in format/plan.c's table.
 */
#ifndef SKEL_FORMAT_PLAN_FORM_H
#define SKEL_FORMAT_PLAN_FORM_H

#include "base/hash.h"
#include "format/flame.h"
#include "format/hist.h"
#include "format/plan.h"
#include "format/program.h"
#include "format/table.h"
#include "record/fields.h"
#include "record/json-row.h"
#include "record/stack-view.h"

/* Steps [from, to), the same when all are there, and the most they write. */
struct program_part {
	size_t from, to;
	const struct step *first, *end;
	size_t most;
};

/* A cell of a table that is one step, and often short. */
struct table_step {
	const struct step *step;
	unsigned int width; /* of its column */
	unsigned int below; /* bytes: fewer are short; 0: none are */
	bool right;
	bool pad; /* not the last column of text */
};

/* A histogram's slots: where they are, and what was read there. */
struct hist_slots {
	size_t offset;
	size_t count;
	size_t size; /* bytes of one, 8 at most */
	uint64_t *v; /* owned; NULL: the map is no histogram */
};

/* The stacks that a form shows apart from the columns. */
struct plan_stacks {
	struct stack_view *view;  /* owned; NULL: the map has no stacks */
	char *paths[STACK_SIDES]; /* owned: where JSON has them; NULL: not
				     shown */
	uint32_t cells[STACK_SIDES];
};

/* What PLAN_FOLDED counts by; columns say where it is.  FOLD_ABSENT: nowhere */
enum { FOLD_COMM, FOLD_PID, FOLD_COUNT, FOLD_COLUMNS };
#define FOLD_ABSENT SIZE_MAX
struct plan_fold {
	struct hash_key source;
	uint32_t pass;
	size_t columns[FOLD_COLUMNS];
};

/* A record on its way, binary or JSON. */
struct plan_input {
	struct program_run
	    run;       /* JSON: of this only out, clock and time_ns count */
	bool has_time; /* a JSON record may lack it */
	bool is_json;  /* then it is in the plan's row, and this line */
	const char *text;
	size_t text_len;
};

struct plan {
	const struct plan_ops *form;
	const struct stream_header *header; /* borrowed; NULL: JSON records
					       whose types nobody knows */
	unsigned int map;
	char *map_name; /* owned */
	struct plan_options options;

	struct fields columns;
	struct program steps;
	struct program_part line;   /* forms that write a line at a stretch */
	struct program_part *parts; /* owned; others: one for each column */
	struct table table;
	/* A table whose cells are all a step: those, and the most bytes of a
	 * row.  Owned, or NULL: a row is put together cell by cell. */
	struct table_step *cell_steps;
	size_t row_most;
	struct hist_slots slots;
	struct plan_stacks stacks;
	struct plan_fold fold;

	/* JSON records: where the columns are in the row, the map's name and
	 * time in its first two cells. */
	struct json_row row;
	uint32_t *cells; /* owned */
	size_t cells_cap;
	uint32_t slots_cell, values_cell;

	/* Reused by every record. */
	struct clock clock;
	struct buf scratch;
	struct plan_input record; /* a binary one; what changes is filled in */
	size_t cut;               /* see plan_cut() */
};

/* The cells of every row. */
enum { CELL_MAP, CELL_TIME };

struct plan_ops {
	/* Fill in columns, steps and the rest; or NULL.  Memory that ran out
	 * is found in their failed afterwards. */
	void (*compile)(struct plan *p);
	/* The most of each part is known: what follows from it; or NULL. */
	void (*measure)(struct plan *p);
	void (*head)(const struct plan *p, struct buf *out); /* or NULL */
	bool lines; /* binary records are the steps of the plan's line, and
		       record() is asked for the others only */
	void (*record)(struct plan *p, const struct plan_input *rec);
	enum style style;  /* of its fields */
	bool deep;         /* nested structs are columns of their own */
	const char *round; /* what stands between two passes, or NULL */
};

extern const struct plan_ops plan_json_ops, plan_csv_ops, plan_tsv_ops,
    plan_table_ops, plan_plain_ops, plan_raw_ops, plan_folded_ops,
    plan_reference_ops;

/* A plan of which only the form is known; NULL when memory ran out. */
struct plan *plan_new_form(const char *map, const struct plan_options *o);

/* The steps from there on, as a part. */
struct program_part plan_part(struct plan *p, size_t from);

/* A part for each column: its value in the form's style. */
void plan_column_parts(struct plan *p);

/* What the map of key and value shows of both: the key, the sum of all CPUs'
 * values or, where there is none, each. */
void plan_key_value_columns(struct plan *p);

/* The reference loader's JSON of one of them: {"u32":5}, or the members of a
 * struct, by the alphabet and without the markers of what nests. */
void plan_add_object(struct plan *p, const struct field *root);

/* Whether columns are chosen by the command line. */
bool plan_is_narrowed(const struct plan *p);

/* Whether the records are lines of text. */
bool plan_is_text(const struct plan *p);

/*
 * Whether the map is a histogram that has slots; then p->slots is set.  One
 * that should have them and does not is reported, and shown as what it is.
 */
bool plan_find_slots(struct plan *p);

/* Read the slots of a record, the sums over all CPUs of a per-CPU map; the
 * histogram of them. */
struct hist plan_read_slots(struct plan *p, const struct plan_input *rec);

/*
 * Take the stacks, and with them their sizes unless columns were chosen, out of
 * the columns: the form shows them apart.
 */
void plan_lift_stacks(struct plan *p);

/* Read a stack that is shown apart.  Returns whether there is one. */
bool plan_read_stack(
    struct plan *p, const struct plan_input *rec, enum stack_side side);

/* Append them: below a row of the table, or as the reference loader does. */
void plan_write_stacks(struct plan *p, const struct plan_input *rec);
void plan_compile_trace(struct plan *p);
void plan_write_trace(struct plan *p, const struct plan_input *rec);

/* Find what PLAN_FOLDED needs for a plan without types, in its row. */
void plan_guess_fold(struct plan *p);

/* Append what a record has in column i, and its time of day. */
void plan_write_column(struct plan *p, const struct plan_input *rec, size_t i);
void plan_write_time(const struct plan_input *rec);

/* The cell of a JSON record for column i. */
const struct json_value *plan_cell(const struct plan *p, size_t i);

/* Make the table's columns for a plan without types, from its row. */
void plan_guess_table(struct plan *p);

#endif
