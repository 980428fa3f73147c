/*
 * Restricts this process by Landlock, which Linux has since 5.13.
 */
#ifndef SKEL_HOST_LANDLOCK_H
#define SKEL_HOST_LANDLOCK_H

#include <stdbool.h>

/*
 * Give up changing the file system, executing files and, unless opens is set,
 * opening files for reading; with a kernel that supports it, also TCP, signals
 * to other processes and their abstract sockets.  Open descriptors stay usable.
 * Unless dir is -1, regular files can be made, written and removed in that open
 * directory and those below it.
 *
 * Requires PR_SET_NO_NEW_PRIVS.  Returns 0, or -1 with errno set: ENOSYS or
 * EOPNOTSUPP if the kernel has no Landlock.
 */
int landlock_confine(bool opens, int dir);

/*
 * The same, but files can be opened for reading anywhere, also in the mount
 * namespaces of other processes, which no rule of the other function reaches.
 */
int landlock_confine_changes(void);

#endif
