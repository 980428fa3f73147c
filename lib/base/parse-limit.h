/*
 * Limits: the -n, -t and --latency of the commands that poll, from text.
 */
#ifndef SKEL_BASE_PARSE_LIMIT_H
#define SKEL_BASE_PARSE_LIMIT_H

#include <stdint.h>

/*
 * "1000": a number of records, from 1.  "2.5": seconds, more than 0 and at
 * most a hundred years.  "0.5": milliseconds, from 0 to 1000, as ns.  Each
 * returns 0, or -1 after reporting "-n: 0x: not a number of records".
 */
int limit_records(const char *text, uint64_t *records);
int limit_seconds(const char *text, uint64_t *ns);
int limit_latency(const char *text, uint64_t *ns);

#endif
