/*
 * Member notes: what is said of members by their names, beside their types: in
 * a package (maps[].fields) or by the option --as.
 *
 * The functions return 0, or -1 after reporting.
 */
#ifndef SKEL_RECORD_MEMBER_NOTES_H
#define SKEL_RECORD_MEMBER_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream/header.h"

/* All borrowed; what is NULL, false or 0 is not said. */
struct member_note {
	const char *name; /* as fields_find() finds it: "a.b", "key.x" */
	const char *as;   /* a kind, as kind_parse() takes it */
	const char *help;
	bool hide, time, gauge;
	uint32_t width;
};

/* Sets what the n notes say of members of the map, all entries of that name.
 * member_kinds_set() is to be called when all is set.  A member that the map
 * lacks is a notice.  where begins reports. */
int member_notes_set(struct stream_header *h, const char *map,
    const struct member_note *notes, size_t n, const char *where);

/* Whether the argument of --as, "[MAP.]MEMBER=KIND", can be one. */
int member_notes_check_option(const char *option);

/*
 * Does what n such options say; a member of several maps is set in all of them.
 * It is an error if no map has the member, or if it cannot be of the kind.
 */
int member_notes_apply_options(
    struct stream_header *h, const char *const *options, size_t n);

#endif
