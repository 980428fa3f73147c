/*
 * Segment names: those of the files that segments are written to,
 *
 *	HOST-PROGRAM-20261122T144801.000000001Z.skel
 *
 * with ".zst" behind it if it is compressed.  Names of one host and program
 *sort as their times do.
 *
 * Host and program come from the header of a stream, and so from anybody. Other
 * characters than letters, digits, "." and "_", and in hosts "-", become "_",
 *as does a "." in front; more than SEGMENT_NAME_PART bytes are cut.
 */
#ifndef SKEL_SEGMENT_SEGMENT_NAME_H
#define SKEL_SEGMENT_SEGMENT_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SEGMENT_NAME_PART = 64,   /* bytes of the host, and of the program */
	SEGMENT_NAME_TIME = 26,   /* 20261122T144801.000000001Z */
	SEGMENT_NAME_ENDING = 10, /* ".skel.zst", with a NUL */
	SEGMENT_NAME_MAX = 2 * (SEGMENT_NAME_PART + 1) + SEGMENT_NAME_TIME +
			   SEGMENT_NAME_ENDING,
};

/* Writes what the names of a stream's segments begin with, "HOST-PROGRAM-". */
void segment_name_prefix(
    char prefix[SEGMENT_NAME_MAX], const char *host, const char *program);

/* Writes the name of the segment that begins at a time (CLOCK_REALTIME, ns). */
void segment_name_write(char name[SEGMENT_NAME_MAX], const char *prefix,
    uint64_t time_ns, bool zstd);

/* Whether a name is one that segment_name_write() can have made with the
 * prefix. */
bool segment_name_matches(const char *name, const char *prefix);

#endif
