/*
 * --list: prints the maps and members of a stream or session by its header, and
 * reads no record.
 */
#ifndef SKEL_LIST_H
#define SKEL_LIST_H

#include "base/output.h"
#include "format/field-list.h"

/*
 * Print the list of the first header in fd, whose name is for messages.  Checks
 * the maps in o.  Returns 0, or -1 after reporting.
 */
int list_run(struct output *out, const struct field_list_options *o, int fd,
    const char *name);

#endif
