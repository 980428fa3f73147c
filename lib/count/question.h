/*
 * Questions: what is to be counted, from the words of the command line.
 *
 * The functions that return int return 0, or -1 after reporting what is wrong.
 */
#ifndef SKEL_COUNT_QUESTION_H
#define SKEL_COUNT_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum column_op {
	COLUMN_COUNT, /* how many records */
	COLUMN_SUM,
	COLUMN_LEAST,
	COLUMN_GREATEST,
	COLUMN_MEAN,
	COLUMN_QUANTILE,
	COLUMN_HIST,
};

enum {
	QUESTION_COLUMNS_MAX = 256,
	QUESTION_BY_MAX = 64,
	QUESTION_KEYS = 100000, /* the default of question.keys */
	QUESTION_KEYS_MAX = 1 << 30,
	HIST_SLOTS = 64,
	HIST_STEP_BITS = 56, /* so that all bounds are below 2^63 */
};

struct column {
	enum column_op op;
	char *member;    /* owned; NULL for COLUMN_COUNT */
	char *name;      /* owned: "p99_latency" */
	bool wide;       /* COLUMN_SUM: of 128 bits */
	double quantile; /* COLUMN_QUANTILE: 0 to 1 */
	/* COLUMN_HIST: the width of a slot, or 0: log2; and where the first
	 * begins. */
	uint64_t step, start;
};

/* A member by which records are grouped. */
struct by_member {
	char *member; /* owned: "a.b" */
	char *name;   /* owned: "a_b", which the key has it as */
};

struct question {
	struct by_member by[QUESTION_BY_MAX];
	size_t nby;
	struct column columns[QUESTION_COLUMNS_MAX];
	size_t ncolumns;
	size_t keys;      /* the most rows, but for one of all others */
	size_t top;       /* 0: all */
	const char *sort; /* borrowed: a column, or NULL for the count */
	bool ascending;
	bool delta; /* each pass counts its own records only */
	uint64_t every_ns;
};

/* Returns a new string, or NULL: the name that a key has a member as, "a_b" for
 * "key.a.b". */
char *question_key_name(const char *member);

/* A question for the number of records, without groups. */
int question_init(struct question *q);
void question_free(struct question *q);

/* Add the members of a list, "comm,ret". */
int question_add_by(struct question *q, const char *list);

/*
 * Add columns for "MEMBER", or "MEMBER=WORDS": 128 for a sum, "50,90,99.9" for
 * quantiles, "log2" or "linear:STEP[:START]" for a histogram.
 */
int question_add_columns(
    struct question *q, enum column_op op, const char *words);

/* Parse the argument of --every: "5s", "500ms"; a bare number is of ms. */
int question_parse_every(struct question *q, const char *text);

/* Check what can be checked without records: names are unique, and one of them
 * is that of --sort. */
int question_check(const struct question *q);

/* The number of the column that --sort names: of a key's member, or nby plus
 * that of a column. */
size_t question_sort_column(const struct question *q);

#endif
