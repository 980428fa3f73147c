/*
 * Completion of the names in the streams on a command line: maps and members.
 */
#ifndef SKEL_COMPLETE_STREAM_H
#define SKEL_COMPLETE_STREAM_H

#include "complete.h"

/* For struct command.  What is "stream", "map", "member", "members" (a list of
 * them), "expression" (each comparison of which begins with a member), or "as"
 * (MEMBER=KIND). */
void complete_stream(struct completion *c, const char *what, size_t before);

#endif
