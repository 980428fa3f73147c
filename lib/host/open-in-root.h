/*
 * Opens files that other processes control, safely: only regular files of a
 * real file system, without blocking on a FIFO, without opening a device or a
 * file of the kernel (to read trace_pipe empties it), and without following a
 * symbolic link out of a container.  A file system in user space may still let
 * the caller wait.
 *
 * The functions return a descriptor, or -1 with errno set, EINVAL if the file
 * is not a regular one; they report nothing.
 */
#ifndef SKEL_HOST_OPEN_IN_ROOT_H
#define SKEL_HOST_OPEN_IN_ROOT_H

#include <sys/types.h>

/* Open the root directory of a process, for open_in_root(). */
int open_in_root_dir(pid_t pid);

/* Open a regular file for reading, by its path for a process whose root
 * directory is root: links and ".." do not lead out of it. */
int open_in_root(int root, const char *path);

/* The same, but a symbolic link anywhere in the path is an error. */
int open_in_root_plain(int root, const char *path);

/* The same by the path for this process. */
int open_in_root_own(const char *path);

/* The same with O_PATH: nothing is opened, but the descriptor stands for the
 * file whatever happens to the path. */
int open_in_root_path(int root, const char *path);
int open_in_root_own_path(const char *path);

/* Open the file of an O_PATH descriptor, which stays open, for reading. */
int open_in_root_again(int fd);

#endif
