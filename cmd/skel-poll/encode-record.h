/*
 * Encoding: a JSON record back into the bytes it was made from, as far as JSON
 * kept them: members that it lacks and padding become zeros, text that was not
 * UTF-8 stays as JSON had it.
 *
 * This is the slow way round, for records that passed through jq and are to be
 * binary again.
 */
#ifndef SKEL_ENCODE_H
#define SKEL_ENCODE_H

#include <jansson.h>
#include <stdint.h>

#include "base/buf.h"
#include "stream/stream.h"

/*
 * The number of the map that a record's "@map" names; the only map if it names
 * none.  Returns -1 after reporting; where is "name:line".
 */
int encode_find_map(
    const struct stream_header *h, const json_t *record, const char *where);

/* Make bytes the record's, a record of the map, and set time_ns; 0 if it has
 * no "@time".  Returns 0, or -1 after reporting. */
int encode_record(const struct stream_header *h, unsigned int map,
    const json_t *record, const char *where, struct buf *bytes,
    uint64_t *time_ns);

#endif
