/*
 * The comm of a task, by which tools call it: at most 15 bytes that the task
 * chose itself, of any value but NUL.  See proc(5).
 */
#ifndef SKEL_HOST_COMM_H
#define SKEL_HOST_COMM_H

#include <stdbool.h>

enum { COMM_SIZE = 16 };

/*
 * The comm of the task whose number the kernel's traces have, from /proc or,
 * when it is gone or this process is in another pid namespace, from saved: the
 * path of tracefs's saved_cmdlines.  Returns false if neither knows it.
 */
bool comm_find(unsigned long tid, const char *saved, char comm[COMM_SIZE]);

#endif
