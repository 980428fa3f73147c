/*
 * JSON records: finds out which map of the header a record is of, from its
 * text.
 *
 * What is wrong with a record is reported and counted as a bad line.
 */
#ifndef SKEL_STREAM_JSON_RECORD_H
#define SKEL_STREAM_JSON_RECORD_H

#include <stdbool.h>

#include "stream/reader.h"

/*
 * Set *text to the string that is the member called name of the record in line,
 * or to "" if it has none.  Returns 0, or -1 if the text is not JSON up to
 * there, or memory ran out (text->failed).
 */
int stream_json_string(struct stream_reader *r, const struct stream_line *line,
    const char *name, struct buf *text);

/*
 * Return the number of the entry of the header for a record whose map is called
 * map, "" if it does not name one: the only one of the map or, of several
 * types, the one that "@type" names, for which scratch is room.  Returns -1 if
 * there is none.
 */
int stream_json_entry(struct stream_reader *r, const struct stream_line *line,
    const char *map, struct buf *scratch);

/* Whether the whole line is JSON. */
bool stream_json_check(struct stream_reader *r, const struct stream_line *line);

#endif
