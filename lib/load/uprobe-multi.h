/*
 * Links that attach a program to many places of a file at once, which Linux has
 * since 6.6.  Such a link takes as long to make and to close as that of a
 * single place.  libbpf before 1.3 does not know them, so they are made by
 * bpf(2) itself.
 */
#ifndef SKEL_LOAD_UPROBE_MULTI_H
#define SKEL_LOAD_UPROBE_MULTI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* BPF_TRACE_UPROBE_MULTI: what a program must be verified for. */
enum { UPROBE_MULTI_TYPE = 48 };

/*
 * Whether the kernel makes such links.  The first ones of Linux 6.6, which take
 * the pid of a process for that of a thread, do not count.  The answer is
 * remembered.
 */
bool uprobe_multi_is_there(void);

/* Attaches the program prog to the n offsets in the file at path, at the
 * returns if at_return is set, in the process pid or, if it is -1, in all.
 * Returns the descriptor of the link, or -1 with errno set. */
int uprobe_multi_attach(int prog, const char *path, const uint64_t *offsets,
    size_t n, bool at_return, int pid);

#endif
