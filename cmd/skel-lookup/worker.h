/*
 * The worker: reads the files of other users' processes and finds functions in
 * them, confined, and with a limit on its memory.  What it reads may make it
 * crash, hang or grow; the supervisor then starts another one.
 */
#ifndef SKEL_LOOKUP_WORKER_H
#define SKEL_LOOKUP_WORKER_H

#include <stdbool.h>
#include <stdint.h>

/* The exit status if memory ran out, or a file needs more. */
enum { WORKER_NO_MEMORY = 3 };

/* Limits the memory of this process to bytes. */
void worker_limit_memory(uint64_t bytes);

/*
 * Confines this process to bytes of memory, and answers the requests that come
 * over the socket fd until its other end is closed.  A small worker ends with
 * WORKER_NO_MEMORY at a file that takes a large part of its memory.  kallsyms
 * is a descriptor of /proc/kallsyms, or -1 with errno as it was in
 * kallsyms_error.  Does not return.
 */
_Noreturn void worker_run(
    int fd, int kallsyms, int kallsyms_error, uint64_t bytes, bool small);

#endif
