/*
 * Which of two headers a C source includes, itself or by other headers that lie
 * beside it: the kernel's types, vmlinux.h, and its own event header.
 */
#ifndef SKEL_PACK_SOURCE_INCLUDES_H
#define SKEL_PACK_SOURCE_INCLUDES_H

#include <stdbool.h>

#include "base/buf.h"

struct source_includes {
	bool lacks_vmlinux; /* vmlinux.h is included, and nowhere to be found */
	bool has_header;
};

/*
 * Looks through the text of the source file and the headers that it includes
 * from folders that can be known without the compiler: its own, theirs, and
 * those in the compiler's nflags flags.  header is the path of the event
 * header, which may not exist.  Returns 0, or -1 after reporting that memory
 * ran out.
 */
int source_includes_find(struct source_includes *in, const char *file,
    const struct buf *text, const char *header, char *const flags[],
    int nflags);

#endif
