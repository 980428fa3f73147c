/*
 * Names in JSON records: takes the texts of numbers that only the machine of
 * the records knows, as "uid_text", and writes the "@names" lines that keep
 * them in a binary stream, each once.
 */
#ifndef CMD_SKEL_POLL_ENCODE_NAME_H
#define CMD_SKEL_POLL_ENCODE_NAME_H

#include <jansson.h>

#include "base/buf.h"
#include "stream/header.h"

struct name_encoder;

/* Returns an encoder for records of h, which is borrowed, or NULL after
 * reporting. */
struct name_encoder *name_encoder_new(const struct stream_header *h);
void name_encoder_free(struct name_encoder *e);

/* Appends to lines the lines that must precede a record of the map.  Returns 0,
 * or -1 after reporting that memory ran out. */
int name_encoder_record(struct name_encoder *e, unsigned int map,
    const json_t *record, struct buf *lines);

#endif
