/*
 * Preparing: what has to be done with an object or a package before it can be
 * loaded, and that takes a stranger's object apart.  skel-load does it in a
 * confined child, before anything privileged; the C library in the process of
 * its host.
 *
 * An object file is packed; the object of a package gets the types that only
 * its DWARF has and --events names; and calls that may fail because a ring
 * buffer is full are counted (infer/count-calls.h).
 *
 * Functions that return int return 0, or -1 after reporting what is wrong.
 */
#ifndef SKEL_SESSION_PREPARE_H
#define SKEL_SESSION_PREPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "elf/object-check.h"
#include "package/package.h"
#include "session/launch-option.h"

/* The input: either an object file or a package.  All is borrowed.
 */
struct prepare {
	const char *name; /* stands for the input in reports */
	const struct launch_options *options;
	const struct buf *object;      /* an object file to pack, or NULL */
	const struct package *package; /* a package, or NULL */
	bool tested;                   /* see prepare_ask_kernel() */
};

enum { PREPARE_REPLY_MAX = PACKAGE_TEXT_MAX + OBJECT_SIZE_MAX };

/* Whether the bytes are an object file, which has to be packed. */
bool prepare_is_object(const struct buf *input);

/* Whether there is anything to do for p. */
bool prepare_is_needed(const struct prepare *p);

/* Asks the kernel what prepare_run() has to know, which may run in a process
 * that cannot ask. */
void prepare_ask_kernel(struct prepare *p);

/* Does the work, and appends its result to reply. */
int prepare_run(const struct prepare *p, struct buf *reply);

/*
 * Takes the result of prepare_run() apart: opens the package that it made of an
 * object file in *package, which is not used otherwise, or gives *package, that
 * of p, the object with more types; and appends the object that counts to
 * counted, or nothing if there is nothing to count.
 */
int prepare_open(const struct prepare *p, const struct buf *reply,
    struct package *package, struct buf *counted);

#endif
