/*
 * Finds stacks in records that the package describes as plain structs, by the
 * names and types of their members.
 */
#ifndef SKEL_SESSION_STACK_GUESS_H
#define SKEL_SESSION_STACK_GUESS_H

#include "load/object.h"
#include "stream/header.h"

/*
 * Sets the interpreter of map number map of h if its records have members
 * called like stacks, with the types of such: arrays of addresses or, if the
 * object has a single stack-trace map, ids.  Says so in a notice.  Returns 0
 * also if there are none, or -1 after reporting that memory ran out.
 */
int stack_guess(
    struct stream_header *h, unsigned int map, const struct object *o);

#endif
