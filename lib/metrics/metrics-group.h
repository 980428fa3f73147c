/*
 * The inside of the metrics, for metrics.c, which has the rows, and
 * metrics-write.c, which has the text.
 */
#ifndef SKEL_METRICS_METRICS_GROUP_H
#define SKEL_METRICS_METRICS_GROUP_H

#include "base/text.h"
#include "metrics/metrics.h"

/* Room for a number in its base unit. */
enum { METRICS_NUMBER_MAX = 64 + TEXT_128_MAX + TEXT_SLACK };

/* A family: one name, with its lines. */
struct family {
	char *member;      /* owned: as the program has it */
	char *name, *help; /* owned; help is escaped */
	struct metric_family_info info;
	size_t cell;
	char *bounds;    /* owned: the le of each slot, one after the other */
	size_t *offsets; /* owned: where each begins in bounds */
};

struct row {
	size_t text, len; /* its labels, in the group's texts */
	uint32_t host;    /* whose it is */
	uint32_t pass;    /* that touched it last */
	uint32_t keys;    /* how many there are for it */
};

/* The passes of a host. */
struct host_passes {
	char *name; /* owned */
	uint32_t pass;
	size_t touched, live; /* rows, in this pass and in the last one */
};

/* A key of a row. */
struct row_key {
	struct hash_key key;
	uint32_t row, pass;
};

struct metrics_group {
	struct metrics *metrics; /* borrowed */
	char *program, *map;     /* owned */
	bool adds_up, many;
	bool full_reported;
	char **labels; /* owned, as what they point at */
	size_t nlabels, labels_cap;
	struct family *families; /* owned */
	size_t nfamilies, families_cap;
	bool *real; /* owned: by cell */
	size_t ncells, cells_cap, nslots;
	bool *kept; /* owned, by cell: a gauge, which does not add up */

	struct row *rows; /* owned */
	size_t nrows, rows_cap;
	union metric_cell *cells; /* owned: ncells for each row */
	uint64_t *slots;          /* owned: nslots for each row */
	struct buf texts;
	struct hash keys, by_text;
	struct row_key *found;     /* the key that was looked for last */
	uint64_t era;              /* how often the keys were forgotten */
	struct hash_key first;     /* random */
	size_t lines;              /* of a row */
	struct host_passes *hosts; /* owned */
	size_t nhosts, hosts_cap;
	size_t live;  /* rows, in the last passes of all hosts */
	size_t users; /* that have not released it */
};

/* Records of a map of events, or of one with more series than there may be. */
struct count {
	char *program, *map, *host; /* owned */
	struct metrics_counts n;
	uint64_t left_out;
};

struct metrics {
	struct metrics_group **groups; /* owned */
	size_t ngroups, groups_cap;
	struct count **counts; /* owned */
	size_t ncounts, counts_cap;
	size_t most, series, nfamilies;
};

/* Whether a row is of the state that is shown: that of the last pass, with what
 * the next one has brought so far. */
static inline bool
metrics_is_live(const struct metrics_group *g, const struct row *r)
{
	return g->adds_up || r->pass + 1 >= g->hosts[r->host].pass;
}

/* Write a number in its base unit.  Returns the end. */
char *metrics_write_integer(char *p, __int128 v, const struct metric_unit *u);

#endif
