/*
 * Hints for a program that exports nothing: which of its maps and variables may
 * hold its results, with the option that shows them.
 */
#ifndef SKEL_SESSION_EXPORT_HINTS_H
#define SKEL_SESSION_EXPORT_HINTS_H

#include <stdbool.h>

#include "load/object.h"
#include "package/package.h"

/* Reports, as notices, the maps and variables of the object o of p that could
 * be sampled, the likely results first.  prints is true if the lines that the
 * program prints are shown. */
void export_hints(const struct package *p, const struct object *o, bool prints);

#endif
