/*
 * Naming: has the names found of numbers in records that only this machine
 * knows, as of users, cgroups and single addresses (record/named-members.h),
 * and tells each in the stream once, when it was first seen.
 *
 * They are found by the process of lookup/client.h, which is never waited for:
 * what it cannot take yet is asked for later.  A number that is seen again
 * takes one comparison, or one look into a table.
 *
 * The functions that can fail report errors and return -1.
 */
#ifndef SKEL_SYMBOLIZE_NAMING_H
#define SKEL_SYMBOLIZE_NAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "kinds/name-store.h"
#include "lookup/client.h"
#include "stream/header.h"

enum {
	NAMING_KIND_MAX = 1 << 16,   /* names of a kind that are told */
	NAMING_BYTES_MAX = 32 << 20, /* of all names, with their numbers */
	/* Requests with this bit are naming's; the others are of whoever shares
	 * the client. */
	NAMING_REQUEST = 1U << 31,
};

struct naming; /* opaque */

/* Where an address of a process is, for LOOKUP_FIND. */
struct naming_place {
	bool none;        /* nowhere: it has no name */
	uint64_t program; /* differs for each program of each process */
	uint32_t file;
	uint64_t at;
};
typedef struct naming_place naming_locate_fn(
    void *ctx, uint64_t pid, uint64_t addr);

/*
 * Create the naming of the numbers in the records of h; without any, *n becomes
 * NULL.  c and ctx are borrowed; locate() finds addresses of processes.
 */
int naming_open(struct naming **n, const struct stream_header *h,
    struct lookup_client *c, naming_locate_fn *locate, void *ctx);

/* n may be NULL, here and below. */
void naming_close(struct naming *n);

/* Whether there are addresses of the kernel, or of processes, among them. */
bool naming_has(const struct naming *n, enum kind kind);

/* Ask for the names of the numbers in a record of map number map, which has at
 * least stream_record_size() bytes.  Unless out is NULL, append what is known
 * at once. */
int naming_record(struct naming *n, unsigned int map,
    const unsigned char *record, struct buf *out);

/* Whether a message is an answer for naming_take(). */
bool naming_is_answer(const struct lookup_packet *p);

/* Take an answer, and append "@names" lines unless out is NULL.  Returns how
 * many numbers were told, or -1. */
int naming_take(
    struct naming *n, const struct lookup_packet *p, struct buf *out);

/* Append what was told and is not in a line yet, and ask for what could not be
 * asked before. */
int naming_flush(struct naming *n, struct buf *out);

/* How many numbers wait for an answer. */
size_t naming_waiting(const struct naming *n);

/* Tell that all numbers that wait have no name; with over no more names are
 * told. */
int naming_finish(struct naming *n, bool over, struct buf *out);

/* The store that these functions fill.  Borrowed; NULL without n. */
const struct name_store *naming_names(const struct naming *n);

#endif
