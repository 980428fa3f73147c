/*
 * Plan sources: the maps that records come from, for forms that keep the state
 * of a map beyond the end of its stream.  A stream goes on in another one, as
 * in its segments, if both have the same host, boot and start; then what is
 * counted of a map goes on too.
 */
#ifndef SKEL_FORMAT_PLAN_SOURCE_H
#define SKEL_FORMAT_PLAN_SOURCE_H

#include "picture/heat.h"
#include "stream/header.h"

struct plan_source {
	uint64_t number; /* 0: it goes on in no other stream */
	uint32_t pass;   /* how many have ended */
	struct heat_source heat;
};

struct plan_sources; /* opaque */

/* Returns NULL after reporting an error. */
struct plan_sources *plan_sources_new(void);
void plan_sources_free(struct plan_sources *s);

/* The source of map number map of h as it was kept; a new one, with a number,
 * if it is not known, and one without if too many are, or if the header does
 * not say when and where its stream began. */
struct plan_source plan_source_find(
    struct plan_sources *s, const struct stream_header *h, unsigned int map);

/* Keep what has become of it. */
void plan_source_keep(struct plan_sources *s, const struct plan_source *source);

#endif
