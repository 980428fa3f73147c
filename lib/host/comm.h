/*
 * The comm of a task, its short name: at most 15 bytes that the task itself
 * can set, of any value but NUL.  See proc(5).
 */
#ifndef SKEL_HOST_COMM_H
#define SKEL_HOST_COMM_H

#include <stdbool.h>

enum { COMM_SIZE = 16 };

/*
 * Find the comm of a task by its number in the initial pid namespace, which
 * the kernel's traces use.  It is read from /proc or, if the task has ended or
 * this process is in another pid namespace, from saved: the path of tracefs's
 * saved_cmdlines.  Returns false if neither has it, or if a comm that contains
 * newlines leaves it open which of several entries is the task's.
 */
bool comm_find(unsigned long tid, const char *saved, char comm[COMM_SIZE]);

#endif
