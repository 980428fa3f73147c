/*
 * Merge queue: the lines of one input that wait for those of others, by time.
 *
 * Records that come later than one with a later time, as those of two CPUs do,
 * are put right; of records of one time the order stays.  Lines that are no
 * records keep their place: those that say something of the records after them,
 * such as names, come before all that were put in behind them.
 */
#ifndef SKEL_MERGE_MERGE_QUEUE_H
#define SKEL_MERGE_MERGE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum merge_kind {
	MERGE_RECORD, /* binary */
	MERGE_JSON,
	MERGE_CONTROL, /* a control line */
	MERGE_CLOCK,   /* one about the clocks of the records behind it */
	MERGE_NAMES,   /* one that tells names of the records behind it */
};

/* A line in the queue, whose text is behind it. */
struct merge_item {
	uint64_t time_ns; /* of a record, or of the one that it goes with */
	uint64_t came;    /* when, by the caller's clock */
	uint64_t number;  /* the queue's: in the order in which they came */
	uint32_t len;     /* of the text */
	uint16_t map;
	uint8_t kind;  /* enum merge_kind */
	uint8_t state; /* the queue's */
};

/* Borrowed until the line is removed. */
static inline const char *
merge_item_text(const struct merge_item *item)
{
	return (const char *)(item + 1);
}

struct merge_queue; /* opaque */

/* Memory that the queues of all inputs share; it must outlive them. */
struct merge_pool; /* opaque */

/* Both return NULL after reporting that memory ran out. */
struct merge_pool *merge_pool_new(void);
struct merge_queue *merge_queue_new(struct merge_pool *pool);
void merge_pool_free(struct merge_pool *p);
void merge_queue_free(struct merge_queue *q);

/* Put in a line with a copy of its text.  The time of a control line does not
 * matter.  Returns 0, or -1 after reporting that memory ran out. */
int merge_queue_put(
    struct merge_queue *q, const struct merge_item *item, const char *text);

/*
 * Returns the line that is to come out next, or NULL if there is none.  Lines
 * that belong to records behind them come out with the next of these; as long
 * as there is none, they are kept back unless last is set.
 */
const struct merge_item *merge_queue_first(struct merge_queue *q, bool last);

/* Remove the line that merge_queue_first() has told. */
void merge_queue_drop(struct merge_queue *q);

/* The latest time of all records that were put in; 0 before the first one. */
uint64_t merge_queue_latest(const struct merge_queue *q);

/* The bytes of memory that the lines in it take. */
size_t merge_queue_bytes(const struct merge_queue *q);

#endif
