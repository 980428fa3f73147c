/*
 * The supervisor: passes requests on to worker processes, one at a time to
 * each, and ends a worker that takes too long or grows too large over a file,
 * which is not read any more then.
 */
#ifndef SKEL_LOOKUP_SUPERVISOR_H
#define SKEL_LOOKUP_SUPERVISOR_H

#include "lookup/host-names.h"

/*
 * Serves the socket fd until its other end is closed.  kallsyms is a descriptor
 * of /proc/kallsyms, or -1 with errno as it was in kallsyms_error.  names,
 * which may be NULL, is not used by this process itself, but by those that it
 * starts. Returns the exit status.
 */
int supervisor_run(
    int fd, int kallsyms, int kallsyms_error, struct host_names *names);

#endif
