/*
 * Stacks in JSON records: converts the frames of a stack back to what the
 * program wrote, addresses or an id, and writes the "@stack" and "@symbols"
 * lines that keep the names of the frames, each once.
 */
#ifndef CMD_SKEL_POLL_ENCODE_STACK_H
#define CMD_SKEL_POLL_ENCODE_STACK_H

#include <jansson.h>

#include "base/buf.h"
#include "stream/header.h"

struct stack_encoder;

/* Returns an encoder for records of h, which is borrowed, or NULL after
 * reporting. */
struct stack_encoder *stack_encoder_new(const struct stream_header *h);
void stack_encoder_free(struct stack_encoder *e);

/*
 * Replaces the stacks in a record of the map by addresses or ids, and appends
 * to lines the lines that must precede the record.  where, for messages, is
 * "name:line".  Returns 0, or -1 after reporting.
 */
int stack_encoder_record(struct stack_encoder *e, unsigned int map,
    json_t *record, const char *where, struct buf *lines);

#endif
