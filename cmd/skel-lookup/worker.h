/*
 * The worker: reads the files of other users' processes and finds functions in
 * them, confined, and with a limit on its memory.  What it reads may make it
 * crash, hang or grow; the supervisor then starts another one.
 */
#ifndef SKEL_LOOKUP_WORKER_H
#define SKEL_LOOKUP_WORKER_H

#include <stdint.h>

/* The exit status if memory ran out within libdw. */
enum { WORKER_NO_MEMORY = 3 };

/*
 * Confines this process to bytes of memory, and answers the requests that come
 * over the socket fd until its other end is closed.  kallsyms is a descriptor
 * of /proc/kallsyms, or -1 with errno as it was in kallsyms_error.  Does not
 * return.
 */
_Noreturn void worker_run(
    int fd, int kallsyms, int kallsyms_error, uint64_t bytes);

#endif
