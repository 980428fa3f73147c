/*
 * The order of skel-merge: lines of all inputs come out by the time of their
 * records.
 *
 * A record comes out when every input has come to records that are later by
 * more than the bound, so that nothing that is out of order by less can come
 * before it; and of an input that is no file, when it has been waited for as
 * long as that.
 */
#ifndef SKEL_MERGE_ORDER_H
#define SKEL_MERGE_ORDER_H

#include "merge.h"

/* Make what an order needs.  Returns 0, or -1 after reporting. */
int merge_order_open(struct merge *m);

/* Lines were put into the queue of an input: it is not read if enough wait. */
void merge_order_note_full(const struct merge *m, struct merge_input *in);

/* Whether more of the input is to be read before others come out: a file is
 * read only as far as is needed. */
bool merge_order_needs(const struct merge *m, const struct merge_input *in);

/* Write what may come out.  Returns 0; 1 if an input has come to the end of its
 * stream, which is *ended then; or -1 if the output failed. */
int merge_order_write(struct merge *m, struct merge_input **ended);

/* For how many ns nothing will come out unless more is read; UINT64_MAX: for
 * ever. */
uint64_t merge_order_wait(const struct merge *m);

#endif
