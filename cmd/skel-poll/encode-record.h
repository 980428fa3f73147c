/*
 * Encoding: converts a JSON record back to the bytes that it was made from, for
 * records that went through a tool like jq and are to be binary again.  Padding
 * and members that the JSON does not have become zeros; text that was not UTF-8
 * stays as it is in the JSON.
 */
#ifndef CMD_SKEL_POLL_ENCODE_RECORD_H
#define CMD_SKEL_POLL_ENCODE_RECORD_H

#include <jansson.h>
#include <stdint.h>

#include "base/buf.h"
#include "stream/header.h"

/*
 * Replaces the content of bytes by the record, which is one of the map, and
 * sets *time_ns to its "@time", 0 if it has none.  where, for messages, is
 * "name:line".  Returns 0, or -1 after
 * reporting.
 */
int encode_record(const struct stream_header *h, unsigned int map,
    const json_t *record, const char *where, struct buf *bytes,
    uint64_t *time_ns);

#endif
