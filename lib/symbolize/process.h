/*
 * What a live process has mapped, noted while it lives: it may have ended when
 * its functions are looked up.  From time to time it is checked whether the pid
 * still belongs to the same process, running the same program.
 *
 * The process may be hostile, so nothing here opens a file that it chose, or
 * walks along its paths: a file system in user space would let this process
 * wait for ever.
 */
#ifndef SKEL_SYMBOLIZE_PROCESS_H
#define SKEL_SYMBOLIZE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "host/mappings.h"

/* Values that stay the same while a process runs one program. */
struct process_identity {
	unsigned long long start; /* clock ticks after boot */
	/* The addresses of code and stack, which execve(2) chooses anew. */
	unsigned long long code, stack;
	uint64_t device; /* of the program's file */
	uint64_t inode;
};

/* Initialise with { .pid = pid }; there is no open function.  Points in time
 * are those of clock_elapsed(), 0 meaning never; durations are in the same
 * unit. */
struct process {
	pid_t pid;
	bool known;   /* its identity has been read */
	bool gone;    /* it has ended; its mappings are kept */
	bool refused; /* its mappings cannot be read for lack of privilege */
	struct process_identity identity;
	uint64_t checked_at;  /* when its identity was last read */
	struct mappings maps; /* as last read */
	/* Owned: for each of maps the number of the file in the process that
	 * finds names; 0: not noted yet. */
	uint32_t *files;
	uint64_t maps_read_at; /* when maps were last read */
	uint64_t read_cost;    /* how long that took */
	uint64_t retry_after;  /* the least time until the next read */
	uint32_t generated;    /* the number of its code without a file, or 0 */
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
 * limited in rate: *retry becomes the time after which a later call may find a
 * mapping, or 0 if there is nothing to wait for.
 */
enum process_change process_refresh_mappings(
    struct process *p, uint64_t addr, uint64_t now, uint64_t *retry);

/* A file as it is when it is mapped. */
struct process_file {
	int fd; /* owned: O_PATH; -1 without the privilege for it */
	uint64_t device, inode;
	/* 0 without fd. */
	uint64_t size;
	struct timespec mtime;
};

/* Note the file of mapping number i, without opening it. */
void process_note_file(
    const struct process *p, size_t i, struct process_file *f);

/* The root directory of the process, an O_PATH descriptor to be closed, or
 * -1. */
int process_root(const struct process *p);

/* The user of the process, or -1. */
uid_t process_uid(const struct process *p);

/* The pid in the process's own pid namespace. */
pid_t process_inner_pid(const struct process *p);

#endif
