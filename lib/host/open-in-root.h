/*
 * Opening files that other processes put there: regular ones only, without
 * waiting for a FIFO, waking a device or following a link out of a container.
 *
 * The functions return -1 with errno set; nothing is reported.
 */
#ifndef SKEL_HOST_OPEN_IN_ROOT_H
#define SKEL_HOST_OPEN_IN_ROOT_H

#include <sys/stat.h>
#include <sys/types.h>

/* The root directory of a process, for open_in_root(). */
int open_in_root_dir(pid_t pid);

/* Open the regular file at path for reading. */
int open_in_root_own(const char *path);

/* The same as a process sees path whose root directory is root: links and ".."
 * do not lead out of it. */
int open_in_root(int root, const char *path);

#endif
