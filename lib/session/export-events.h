/*
 * Sets the types of records in a package that the options --events name.
 */
#ifndef SKEL_SESSION_EXPORT_EVENTS_H
#define SKEL_SESSION_EXPORT_EVENTS_H

#include "package/package.h"
#include "session/launch-option.h"

/*
 * Sets the types of the maps and iterators of p, which the BTF of its object
 * must have.  A package that was made of an object for this run says it
 * already.  Returns 0, or -1 after reporting.
 */
int export_events_set(struct package *p, const struct launch_options *options);

#endif
