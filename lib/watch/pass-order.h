/*
 * Pass orders: the number by which the records of one map are sorted, the
 * largest first: "count" of their value if there is one, or else its first
 * number.
 */
#ifndef SKEL_WATCH_PASS_ORDER_H
#define SKEL_WATCH_PASS_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "count/measure.h"
#include "record/json-row.h"
#include "stream/header.h"

/* A zeroed one can be closed. */
struct pass_order {
	bool set; /* there is such a number */
	bool is_real, is_signed;
	struct member_load load;
	size_t size; /* of a whole record */
	struct json_row row;
	uint32_t cell;
};

/*
 * Find the number in the records of map number map of h, which must outlive the
 * order; of the n members of only, if n is not 0 and one of them is a number of
 * the value.  Rows that counting made have their order already, and maps that
 * are not sampled too: then set is false.  Returns 0, or -1 after reporting
 * that memory ran out.
 */
int pass_order_open(struct pass_order *o, const struct stream_header *h,
    unsigned int map, const char *const *only, size_t n);
void pass_order_close(struct pass_order *o);

/* The number of a binary record; 0 if it is short or there is none. */
struct measure_number pass_order_number(
    const struct pass_order *o, const unsigned char *data, size_t len);

/* Store the number of a JSON record, 0 if it has none.  Returns 0, or -1 with
 * o->row.wrong_at set if the text is no JSON object. */
int pass_order_json_number(struct pass_order *o, const char *text, size_t len,
    struct measure_number *number);

#endif
