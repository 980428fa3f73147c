/*
 * Reads the file of a package or an object and recognises other documents.
 *
 * The functions return 0, or -1 after reporting what is wrong.
 */
#ifndef SKEL_PACKAGE_INPUT_H
#define SKEL_PACKAGE_INPUT_H

#include <stddef.h>

#include "base/buf.h"

/*
 * Appends the content of file, at most max bytes, to b; "-" or NULL stands for
 * standard input.  name stands for the file in reports.
 */
int package_input_read(
    struct buf *b, const char *file, const char *name, size_t max);

/*
 * Checks that text is neither empty nor another document of the suite, such as
 * a stream; the report names the command that reads it.
 */
int package_input_check(const char *text, size_t len, const char *name);

#endif
