/*
 * Describes maps that somebody else has loaded as maps of a stream: by the
 * kernel's BTF of the map, or by a type that the option --type gives.
 */
#ifndef CMD_SKEL_POLL_DESCRIBE_MAP_H
#define CMD_SKEL_POLL_DESCRIBE_MAP_H

#include "find-map.h"
#include "options.h"
#include "stream/header.h"

/*
 * Adds the map to h.  A map that is neither a buffer nor can be read key by key
 * is refused, and so is a perf buffer, which cannot have two readers.  Returns
 * 0, or -1 after reporting.
 */
int describe_map(struct stream_header *h, const struct found_map *m,
    const struct skel_poll_options *o);

#endif
