/*
 * Times as people write them: "2026-11-28", "2026-11-28 10:00",
 * "2026-11-28T10:00:05.25Z", "2026-11-28 10:00+01:00".
 */
#ifndef SKEL_QUERY_QUERY_TIME_H
#define SKEL_QUERY_QUERY_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Parse len bytes of text, all of them, as a time in ns since 1970.  One
 * without a zone is local; then the file of the zone may be read.  Returns
 * false if it is none.
 */
bool query_time_parse(const char *text, size_t len, int64_t *time_ns);

#endif
