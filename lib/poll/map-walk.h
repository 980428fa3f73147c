/*
 * Samples: one pass after another over a BPF map of keys and values, in steps
 * small enough to let others go between.  Arrays that can be are mapped; others
 * and hashes are looked up in batches, and key by key where the kernel has
 * none.  The poller says when a pass starts.
 *
 * The functions report what is wrong and return -1.
 */
#ifndef SKEL_POLL_MAP_WALK_H
#define SKEL_POLL_MAP_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "poll/mmap-array.h"

enum sample_way {
	SAMPLE_BY_BATCH,
	SAMPLE_BY_KEY,   /* keys first, then each value */
	SAMPLE_BY_INDEX, /* arrays: each index */
	SAMPLE_MAPPED,   /* arrays: in memory */
};

struct map_walk {
	const char *name; /* borrowed: the map's, for reports */
	int fd;           /* borrowed */
	enum sample_way way;
	bool is_array, clear;
	size_t key_size;
	size_t value_size; /* what one look-up gives: all CPUs' values */
	uint64_t cpus;     /* 0: no per-CPU map */
	uint32_t max_entries;

	bool running;          /* a pass was started and not finished */
	uint64_t seen;         /* keys of this pass */
	bool resumed;          /* cursor is set */
	unsigned char *cursor; /* owned: the kernel's place in the walk */
	unsigned char *keys;   /* owned: room for key_cap keys */
	unsigned char *values; /* owned: room for cap values */
	size_t cap, key_cap;
	uint64_t nkeys, next; /* collected or in the batch, and done of them */
	bool at_end;          /* the batch is the last one */
	struct mmap_array mapped;
	unsigned char *record;  /* owned: a key, then its value */
	unsigned char *nothing; /* owned: a value of zeros */
};

/*
 * Prepare to sample the map behind fd.  clear: after each pass its keys are
 * gone, or for an array zero.  Hashes give key and value and drop it in one
 * step, and of a mapped array each word is taken in one, so nothing counted in
 * between is lost.
 */
int map_walk_open(struct map_walk *s, const char *name, int fd, bool clear);
void map_walk_close(struct map_walk *s);

/* Begin a pass. */
void map_walk_start(struct map_walk *s);

/* Takes one key with its value, borrowed for the call.  Not 0 ends the
 * step; the next goes on behind that key. */
typedef int sample_fn(void *ctx, const void *data, size_t len);

/*
 * Do the next step of the pass.  Returns 0 (running says whether there is
 * more), -1, or what fn returned when that is not 0.
 */
int map_walk_step(struct map_walk *s, sample_fn *fn, void *ctx);

#endif
