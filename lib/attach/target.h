/*
 * Targets of probes: functions by name and offset, for the ways that attach to
 * functions of the kernel and of user space.
 */
#ifndef SKEL_ATTACH_TARGET_H
#define SKEL_ATTACH_TARGET_H

#include "attach/way.h"

/* The error for a program whose section does not name its target. */
struct attach_error attach_target_missing(const struct attach_job *j);

/* For struct attach_way's parse: requires a target, and checks "offset". */
struct attach_error attach_target_parse(const struct attach_where *w);

/*
 * Split text, "NAME" or "NAME+OFFSET", where the offset may be the option
 * "offset" instead.  On success *name is a string to free.
 */
struct attach_error attach_target_symbol(const struct attach_job *j,
    const char *text, char **name, uint64_t *offset);

/* The kernel's functions whose names resemble this one, as text that follows
 * "no such function": a string to free, or NULL. */
char *attach_target_suggest(const char *name);

#endif
