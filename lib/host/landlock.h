/*
 * Landlock: the file system as the kernel lets a process itself restrict it,
 * from Linux 5.13 on.
 */
#ifndef SKEL_HOST_LANDLOCK_H
#define SKEL_HOST_LANDLOCK_H

#include <stdbool.h>

/*
 * Give up all changes of the file system, executing files and, if not opens,
 * opening them for reading too; with them TCP, signals and abstract sockets of
 * others, as far as this kernel knows how.  What is open stays so.  Needs "no
 * new privileges".  Returns 0, or -1 with errno set: ENOSYS or EOPNOTSUPP where
 * the kernel has none.
 */
int landlock_confine(bool opens);

#endif
