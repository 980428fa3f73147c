/*
 * The files that probes of user space go into, found where the shell, the
 * dynamic linker or the probed process would find them.
 */
#ifndef SKEL_ATTACH_FILE_H
#define SKEL_ATTACH_FILE_H

#include "attach/error.h"

struct attach_file {
	char *name; /* owned: for messages */
	char *path; /* owned: by which this process opens the file */
	int fd;     /* owned: what path refers to, or -1 */
};

/*
 * Find a file.  A name without a slash is searched for: among the files that
 * the process pid has mapped, then, if it has ".so" in it, where the dynamic
 * linker looks, else in PATH.  Otherwise it may be the name of a library
 * without its version, as "libc" or "c", which is searched for in the same
 * places.
 *
 * The path that is given or found is looked up once, in the root directory and
 * the mount namespace of the process pid; what happens to the path later does
 * not matter.  A pid of -1 means this process.  Close f in any case.
 */
struct attach_error attach_file_find(
    const char *name, int pid, struct attach_file *f);
void attach_file_close(struct attach_file *f);

/* Set *path to a path of the file by which libbpf finds it in /proc/PID/maps: a
 * string to free. */
struct attach_error attach_file_mapped_path(
    const struct attach_file *f, int pid, char **path);

#endif
