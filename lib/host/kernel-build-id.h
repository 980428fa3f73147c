/*
 * The GNU build ID of the running kernel, from its notes in /sys/kernel/notes.
 */
#ifndef SKEL_HOST_KERNEL_BUILD_ID_H
#define SKEL_HOST_KERNEL_BUILD_ID_H

#include <stddef.h>

/* Find the build ID in len bytes of ELF notes, in the byte order of this
 * machine, and copy at most max bytes of it to id.  Returns their number, 0 if
 * there is none. */
size_t kernel_build_id_parse(
    unsigned char *id, size_t max, const unsigned char *notes, size_t len);

/* The same of the running kernel. */
size_t kernel_build_id_read(unsigned char *id, size_t max);

#endif
