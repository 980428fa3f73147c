/*
 * Forms: what plans have in common and how an output format joins them.  A new
 * format is a struct form and a row in plan.c's table.
 */
#ifndef SKEL_PLAN_FORM_H
#define SKEL_PLAN_FORM_H

#include "columns.h"
#include "hist.h"
#include "plan.h"
#include "steps.h"
#include "table.h"

/* Steps [from, to) and the most they write. */
struct part {
	size_t from, to, most;
};

/* A histogram's slots: where they are, and what was read there. */
struct slots {
	size_t offset;
	size_t count;
	size_t size; /* bytes of one: 4 or 8 */
	uint64_t *v; /* owned; NULL: the map is no histogram */
};

struct plan {
	const struct form *form;
	const struct stream_header *header; /* borrowed */
	unsigned int map;
	struct plan_options options;
	size_t record_size;

	struct columns columns;
	struct steps steps;
	struct part line;   /* forms that write a line at a stretch */
	struct part *parts; /* owned; others: one for each column */
	struct table table;
	struct slots slots;

	/* Reused by every record. */
	struct clock clock;
	struct buf scratch;
};

struct form {
	/* Fill in columns, steps and the rest; or NULL.  Memory that ran out
	 * is found in their failed afterwards. */
	void (*compile)(struct plan *p);
	void (*head)(const struct plan *p, struct buf *out); /* or NULL */
	void (*record)(struct plan *p, const struct run *r);
	const char *round; /* what stands between two passes, or NULL */
};

extern const struct form form_json, form_csv, form_tsv, form_table, form_plain,
    form_raw;

/* The steps from there on, as a part. */
struct part plan_part(struct plan *p, size_t from);

/* A part for each column: its value in that style. */
void plan_column_parts(struct plan *p, enum step_style style);

/* Whether columns are chosen by the command line. */
bool plan_is_narrowed(const struct plan *p);

/*
 * Whether the map is a histogram that has slots; then p->slots is set.  One
 * that should have them and does not is reported, and shown as what it is.
 */
bool plan_find_slots(struct plan *p);

/* Read the slots of a record, the sums over all CPUs of a per-CPU map. */
void plan_read_slots(struct plan *p, const unsigned char *data);

/* The histogram of what was read. */
struct hist plan_hist(const struct plan *p);

#endif
