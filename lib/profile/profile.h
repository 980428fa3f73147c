/*
 * Profiles: counts stacks as --folded does, and writes them as a profile.proto,
 * https://github.com/google/pprof/blob/main/proto/profile.proto, which pprof
 * and other viewers of profiles read: functions, files and lines, where code is
 * mapped from, and labels for the process and the host.
 *
 * A stack is identified by a hash of its record's bytes, so that its locations
 * are found only once.  What is kept is as large as the different stacks,
 * functions and names are together.
 */
#ifndef SKEL_PROFILE_PROFILE_H
#define SKEL_PROFILE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"

struct profile; /* opaque */

enum { PROFILE_UNITS_MAX = 16 }; /* sorts of values beside samples/count */

/* What the counts of a source are: samples, with unit 0; or values of another
 * type and unit, profile_unit()'s number. */
struct profile_source {
	struct hash_key key; /* for hash_mix() to mix each stack into */
	unsigned int unit;   /* of weights; 0: they are not kept */
	bool counts;         /* each record is a number of samples */
	uint64_t period_ns;  /* of time from one of them to the next; 0: this is
				not known */
};

/* A file that is mapped into memory.  Strings are borrowed. */
struct profile_mapping {
	uint64_t start, limit, offset;
	const char *file;     /* or NULL */
	const char *build_id; /* in hex digits, or NULL */
};

/* A function at an address.  Strings are borrowed. */
struct profile_line {
	const char *function;
	const char *file; /* or NULL */
	uint64_t line;    /* 0: not known */
};

/* Returns NULL after reporting an error. */
struct profile *profile_new(void);
void profile_free(struct profile *p);

/*
 * Note a stream that is counted: where it is from and since when, "" or NULL if
 * that is not known.  The earliest start becomes the time of the profile.
 */
void profile_note_stream(
    struct profile *p, const char *name, const char *host, const char *started);

/* Note the time of a record, for the duration of the profile. */
void profile_note_time(struct profile *p, uint64_t time_ns);

/* The number of a sort of values, "delay" in "nanoseconds".  There are at most
 * PROFILE_UNITS_MAX; more become 0, which is reported once. */
unsigned int profile_unit(
    struct profile *p, const char *type, const char *unit);

/* Set the key of a source of stacks.  Stacks of different sources are different
 * entries.  Each number is a source; 0 is another one each time.  If all
 * sources that count have one period, the time that samples stand for is beside
 * their number, as cpu/nanoseconds. */
void profile_add_source(
    struct profile *p, struct profile_source *s, uint64_t number);

/*
 * Add to a stack that was added before; numbers of an earlier pass are
 * replaced.  Returns whether the stack was there.
 */
bool profile_count(struct profile *p, const struct hash_key *k, uint32_t pass,
    uint64_t count, uint64_t weight);

/*
 * Add a stack: its addresses, the innermost first, each with the functions
 * there, of which the first is inlined into the next, or with n 0 if there is
 * no name; then its labels, of which the host and comm may be NULL; and then
 * its numbers.  mapping may be NULL.  If memory runs out, profile_end_sample()
 * returns -1, without a report.
 */
void profile_begin_sample(struct profile *p);
void profile_add_location(struct profile *p, const struct profile_mapping *m,
    uint64_t address, const struct profile_line *lines, size_t n);
void profile_add_label(
    struct profile *p, const char *key, const char *text, size_t len);
void profile_add_number(struct profile *p, const char *key, uint64_t number);
int profile_end_sample(struct profile *p, const struct profile_source *s,
    const struct hash_key *k, uint32_t pass, uint64_t count, uint64_t weight);

/* Whether no stack was added. */
bool profile_is_empty(const struct profile *p);

/* Append the profile, compressed by gzip; nothing if there was no source.  If
 * memory runs out, out->failed is set. */
void profile_write(const struct profile *p, struct buf *out);

#endif
