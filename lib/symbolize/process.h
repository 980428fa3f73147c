/*
 * Processes: whose code it is that addresses of user stacks lie in.  A process
 * is looked at again now and then: whether it is still the one it was, not
 * another one with its number nor another program after execve(2).
 */
#ifndef SKEL_SYMBOLIZE_PROCESS_H
#define SKEL_SYMBOLIZE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/mappings.h"
#include "record/symbol-store.h"
#include "symbolize/image-cache.h"
#include "symbolize/jit-map.h"

/* What does not change while a process runs one program. */
struct identity {
	unsigned long long start; /* clock ticks after boot */
	/* Where its code and its stack begin: chosen anew by each execve(2). */
	unsigned long long code, stack;
	dev_t dev; /* of the program */
	ino_t ino;
};

struct mapping_image;

/* One zeroed but for its pid is ready for use. */
struct process {
	pid_t pid;
	bool known;   /* it was there to be looked at */
	bool gone;    /* it is there no more: what was found stays */
	bool refused; /* we may not read its mappings */
	struct identity identity;
	uint64_t looked;      /* clock_elapsed() when it was last seen */
	struct mappings maps; /* as they were read last */
	struct mapping_image *mapped; /* owned: what is behind each */
	uint64_t read, reading; /* when, and how long that took; 0: never */
	uint64_t pause;         /* before they are read again, at least */
	struct jit_map generated;
	uint64_t generated_read; /* when; 0: never */
};

void process_free(struct process *p);

enum process_change {
	PROCESS_SAME,
	PROCESS_CHANGED, /* of what was found before nothing may hold */
};

/* Look whether it is still the same, unless that was done just now. */
enum process_change process_refresh(struct process *p, uint64_t now);

/*
 * See to it that its mappings are known, and read them again where addr is in
 * none: not too often.  *settled is false where that has to wait; the answer
 * may be another then.
 */
enum process_change process_refresh_mappings(
    struct process *p, uint64_t addr, uint64_t now, bool *settled);

/* The frames of an address that was covered; as image_find().  *settled
 * becomes false where a later look may find more. */
size_t process_find(struct process *p, struct image_cache *images,
    uint64_t addr, bool is_return, struct symbol_frame *frames, bool *settled);

#endif
