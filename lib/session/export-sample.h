/*
 * Sampled maps and variables: marks in a package those that options name, and
 * describes the variables of data sections as records of the stream.
 *
 * Functions that return int return 0, or -1 after reporting.
 */
#ifndef SKEL_SESSION_EXPORT_SAMPLE_H
#define SKEL_SESSION_EXPORT_SAMPLE_H

#include "load/object.h"
#include "session/export-record.h"
#include "session/launch-option.h"

/*
 * Sets the samples of p, which is the package of the opened object o, as the
 * options --sample say.  A map, section or variable that -m names and that is
 * not exported is sampled with the defaults.
 */
int export_sample_mark(struct package *p, const struct object *o,
    const struct launch_options *options);

/* Fills in e for a section, or if v is not NULL for one variable of it. */
int export_sample_entry(const struct export_list *l, struct export_entry *e,
    const struct object *o, const struct package_section *s,
    const struct package_variable *v);

/* Adds an entry that export_sample_entry() filled in to l->header. */
int export_sample_describe(struct export_list *l, const struct export_entry *e);

#endif
