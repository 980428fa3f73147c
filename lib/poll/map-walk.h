/*
 * Map walks: one pass after another over the keys and values of a BPF map, in
 * steps that are small enough to serve other maps in between.  Arrays are
 * mapped into memory if the kernel allows it.  Other arrays and hashes are
 * looked up in batches, or key by key where the kernel has no batches.
 *
 * Each function that fails reports the error and returns -1.
 */
#ifndef SKEL_POLL_MAP_WALK_H
#define SKEL_POLL_MAP_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "poll/mmap-array.h"
#include "poll/poll-sink.h"

enum map_walk_way {
	MAP_WALK_BY_BATCH,
	MAP_WALK_BY_KEY,   /* collect all keys, then look up each */
	MAP_WALK_BY_INDEX, /* arrays: look up each index */
	MAP_WALK_MAPPED,   /* arrays: read the memory */
};

/* What a walk reads. */
struct map_walk_options {
	bool clear;   /* each pass deletes the keys that it reads, or sets the
			 elements of an array to zero */
	bool nonzero; /* leave out keys whose value is all zeros */
	/* If part is set, the map is an array of one element: a record is the
	 * size bytes of it from offset on, without a key. */
	bool part;
	uint64_t offset, size;
};

struct map_walk {
	const char *name; /* borrowed: the map's, for reports */
	int fd;           /* borrowed */
	enum map_walk_way way;
	bool is_array, clear, nonzero, part;
	size_t part_offset, part_size;
	size_t key_size;
	size_t value_size; /* of what one look-up gives: all CPUs' values */
	uint64_t cpus;     /* 0: not a per-CPU map */
	uint32_t max_entries;

	bool running;          /* a pass was started and is not finished */
	uint64_t seen;         /* keys of this pass */
	bool resumed;          /* the cursor is set, or the keys are there */
	unsigned char *cursor; /* owned: the kernel's position in the map */
	unsigned char *keys;   /* owned: room for key_cap keys */
	unsigned char *values; /* owned: room for cap values */
	size_t cap, key_cap;
	uint64_t nkeys, next; /* keys that are there, and the next of them */
	bool at_end;          /* the batch is the last one */
	struct mmap_array mapped;
	unsigned char *record; /* owned: a key, then its value */
	unsigned char *zeros;  /* owned: a value of zeros */
};

/*
 * Prepares to walk the map behind fd.  With clear, a mapped array
 * loses nothing that a program counts meanwhile by atomic instructions.  A hash
 * is read and deleted in one operation; it can lose only an update between the
 * kernel's copy of a value and its removal.  Other maps lose what is counted
 * between two system calls, the look-up and the deletion.
 */
int map_walk_open(struct map_walk *w, const char *name, int fd,
    const struct map_walk_options *o);
void map_walk_close(struct map_walk *w);

/* Begins a pass. */
void map_walk_start(struct map_walk *w);

/*
 * Does the next step of the pass, and calls fn for each key with the key and
 * then its value in one record.  If fn returns something else than 0 the step
 * ends; the next one goes on after that key.  Returns 0 (w->running tells
 * whether there is more), -1, or what fn returned.
 */
int map_walk_step(struct map_walk *w, poll_record_fn *fn, void *ctx);

#endif
