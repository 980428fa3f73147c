/*
 * The kinds of the members in a table of types: those that were said are
 * checked, others are known by the members' types and names.
 */
#ifndef SKEL_TYPES_MEMBER_KINDS_H
#define SKEL_TYPES_MEMBER_KINDS_H

#include "types/types.h"

/* Members of a table whose kind names another member or an enum. */
enum { MEMBER_KINDS_ARGS_MAX = 256 };

/*
 * Sets the kinds of all members of a table that is complete and checked.  A
 * kind that was said must fit the member's type; the member that
 * ip(family=MEMBER) names must be an integer of the struct around it; the enum
 * of flags(ENUM) must be in the table.  where begins reports.  Returns 0, or -1
 * after reporting.
 */
int member_kinds_set(struct types *t, const char *where);

/* Whether a member of the struct around can be of the kind that it has. */
bool member_kinds_fit(const struct types *t, const struct type_member *m,
    const struct type *around);

/* The enum of this name in the table, or NULL. */
const struct type *member_kinds_find_enum(
    const struct types *t, const char *name);

#endif
