/*
 * Preparing: what has to be done with an object or a package before it can be
 * loaded, and that takes a stranger's object apart.  skel-load does it in a
 * confined child, before anything privileged; the C library in the process of
 * its host.
 *
 * An object file is packed.
 *
 * Functions that return int return 0, or -1 after reporting what is wrong.
 */
#ifndef SKEL_SESSION_PREPARE_H
#define SKEL_SESSION_PREPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "package/package.h"
#include "session/launch-option.h"

/* What is to be prepared.  All is borrowed. */
struct prepare {
	const char *name; /* stands for the input in reports */
	const struct launch_options *options;
	const struct buf *object; /* an object file to pack, or NULL */
};

enum { PREPARE_REPLY_MAX = PACKAGE_TEXT_MAX };

/* Whether the bytes are an object file, which has to be packed. */
bool prepare_is_object(const struct buf *input);

/* Does the work, and appends its result to reply. */
int prepare_run(const struct prepare *p, struct buf *reply);

/* Opens the package that prepare_run() has made in reply. */
int prepare_open(
    const struct prepare *p, const struct buf *reply, struct package *package);

#endif
