/*
 * Numbers from text: the arguments of options, and the fields of files that
 * the kernel and other programs write.
 */
#ifndef SKEL_BASE_PARSE_NUMBER_H
#define SKEL_BASE_PARSE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Parse the digits at *p, in base 10 or 16, up to the character end, and move
 * *p behind that character.  Returns false, with *p unchanged, if there is
 * anything else before end or if the number does not fit 64 bits.
 */
bool parse_digits(const char **p, int base, char end, uint64_t *out);

/*
 * Parse the arguments of three options of the commands that poll:
 * -n, a number of records, at least 1; -t, seconds such as "2.5", more than 0
 * and at most a hundred years; and --latency, milliseconds such as "0.5", from
 * 0 to 1000.  Times are returned in nanoseconds.
 * Each returns 0, or -1 after reporting "-n: 0x: not a number of records".
 */
int parse_records(const char *text, uint64_t *records);
int parse_seconds(const char *text, uint64_t *ns);
int parse_latency(const char *text, uint64_t *ns);

#endif
