/*
 * The files that a package comes from, before anything is parsed.
 *
 * The functions report what is wrong and return -1.
 */
#ifndef SKEL_PACKAGE_INPUT_H
#define SKEL_PACKAGE_INPUT_H

#include <stddef.h>

#include "base/buf.h"

/*
 * Append all of file, "-" or NULL for standard input, to b; more than max
 * bytes are refused.  name is the file's in reports.
 */
int package_input_read(
    struct buf *b, const char *file, const char *name, size_t max);

/*
 * Refuse text that is empty or one of the suite's other documents, with the
 * stage that takes it.
 */
int package_input_check(const char *text, size_t len, const char *name);

#endif
