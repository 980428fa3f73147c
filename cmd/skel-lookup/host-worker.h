/*
 * The worker that finds the names of numbers that only this host knows.  It
 * reads no file of a user, but whoever may make cgroups or interfaces chooses
 * how many there are and what they are called; so it is confined as the others
 * are.
 */
#ifndef SKEL_LOOKUP_HOST_WORKER_H
#define SKEL_LOOKUP_HOST_WORKER_H

#include <stdint.h>

#include "lookup/host-names.h"

/* Confines this process to bytes of memory, and answers the requests that come
 * over the socket fd until its other end is closed.  Does not return. */
_Noreturn void host_worker_run(
    int fd, struct host_names *names, uint64_t bytes);

#endif
