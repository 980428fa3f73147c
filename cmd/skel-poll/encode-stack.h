/*
 * Stacks in JSON records, turned back into what the program wrote: addresses,
 * or an id; and the lines "@stack" and "@symbols" that keep what JSON said of
 * them, each written once.
 */
#ifndef SKEL_ENCODE_STACK_H
#define SKEL_ENCODE_STACK_H

#include <jansson.h>

#include "base/buf.h"
#include "stream/stream.h"

struct stack_encoder;

/* NULL after reporting. */
struct stack_encoder *stack_encoder_new(const struct stream_header *h);
void stack_encoder_free(struct stack_encoder *e);

/*
 * Change the stacks in a record of the map, and append to lines what has to
 * stand before it.  Returns 0, or -1 after reporting; where is "name:line".
 */
int stack_encoder_record(struct stack_encoder *e, unsigned int map,
    json_t *record, const char *where, struct buf *lines);

#endif
