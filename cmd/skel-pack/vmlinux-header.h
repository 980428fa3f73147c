/*
 * vmlinux.h: the types of the running kernel as C, which many BPF programs
 * include.  It is made once for each kernel and kept in the user's cache.
 */
#ifndef SKEL_PACK_VMLINUX_HEADER_H
#define SKEL_PACK_VMLINUX_HEADER_H

#include "base/buf.h"

/*
 * Appends to dir, with a NUL, the path of a folder that holds the vmlinux.h of
 * the running kernel: skel/ID in $XDG_CACHE_HOME or ~/.cache, where ID is the
 * build id of the kernel.  Makes the header if it is not there; a header that
 * is not complete is never seen there.  Returns 0, or -1 after a notice of the
 * reason.
 */
int vmlinux_header_find(struct buf *dir);

#endif
