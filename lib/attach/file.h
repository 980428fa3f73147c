/*
 * The files that probes of user space go into, found where the shell, the
 * dynamic linker or the probed process would find them.
 */
#ifndef SKEL_ATTACH_FILE_H
#define SKEL_ATTACH_FILE_H

#include "attach/error.h"

/*
 * Find the path by which this process can open a file.  A name without a slash
 * is searched for: among the files that the process pid has mapped, then, if it
 * has ".so" in it, where the dynamic linker looks, else in PATH.  Otherwise it
 * may be the name of a library without its version, as "libc" or "c", which is
 * searched for in the same places.  A path is looked up in the root directory
 * of the process pid.  A pid of -1 means this process.  On success *path is a
 * string to free.
 */
struct attach_error attach_file_find(const char *name, int pid, char **path);

#endif
