/*
 * Finds the functions of a live process.  From time to time it is checked
 * whether the pid still belongs to the same process, running the same program.
 */
#ifndef SKEL_SYMBOLIZE_PROCESS_H
#define SKEL_SYMBOLIZE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/mappings.h"
#include "lookup/image-cache.h"
#include "lookup/jit-map.h"
#include "record/symbol-store.h"

/* Values that stay the same while a process runs one program. */
struct process_identity {
	unsigned long long start; /* clock ticks after boot */
	/* The addresses of code and stack, which execve(2) chooses anew. */
	unsigned long long code, stack;
	dev_t dev; /* of the program's file */
	ino_t ino;
};

struct mapping_image;

/* Initialise with { .pid = pid }; there is no open function.  Points in time
 * are those of clock_elapsed(), 0 meaning never; durations are in the same
 * unit. */
struct process {
	pid_t pid;
	bool known;   /* its identity has been read */
	bool gone;    /* it has ended; its mappings are kept */
	bool refused; /* its mappings cannot be read for lack of privilege */
	struct process_identity identity;
	uint64_t checked_at;          /* when its identity was last read */
	struct mappings maps;         /* as last read */
	struct mapping_image *mapped; /* owned: the images of maps */
	uint64_t maps_read_at;        /* when maps were last read */
	uint64_t read_cost;           /* how long that took */
	uint64_t retry_after;         /* the least time until the next read */
	struct jit_map generated;     /* code without a file */
	uint64_t generated_read_at;   /* when it was last read */
};

/* Drop all mappings; p is ready to read them again. */
void process_free(struct process *p);

enum process_change {
	PROCESS_SAME,
	PROCESS_CHANGED, /* addresses found before may have other functions */
};

/* Check the identity of the process, if the last check is some time ago. */
enum process_change process_refresh(struct process *p, uint64_t now);

/*
 * Read the mappings of the process again if none contains addr.  That is
 * limited in rate: *settled becomes false if it must wait, and a later call
 * may find a mapping.
 */
enum process_change process_refresh_mappings(
    struct process *p, uint64_t addr, uint64_t now, bool *settled);

/* Find the frames of an address, after process_refresh_mappings(), as
 * image_find() does.  *settled becomes false if a later call may find more. */
size_t process_find(struct process *p, struct image_cache *images,
    uint64_t addr, bool is_return, struct symbol_frame *frames, bool *settled);

#endif
