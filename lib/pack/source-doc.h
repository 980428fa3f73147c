/*
 * The text of documentation comments as the reference compiler reads it: plain
 * text is a description, and a line "@key value" gives any other key.
 */
#ifndef SKEL_PACK_SOURCE_DOC_H
#define SKEL_PACK_SOURCE_DOC_H

#include <jansson.h>

#include "pack/source-scan.h"

/*
 * Reads the comment, with its markers, of a declaration; line is that of its
 * beginning, and file stands for the source in reports.  Returns a new object,
 * with "description" for plain text, whose lines are joined by blanks, and a
 * member for each key.  The value of a key is JSON, which may go on over
 * several lines, or else a string; true if there is none.  The keys for which C
 * programmers write paragraphs, such as @brief, @details and @version, and
 * @description are always strings.  Lines may stand in any order.  Returns NULL
 * after reporting JSON that is wrong.
 */
json_t *source_doc_read(
    struct source_span comment, unsigned long line, const char *file);

#endif
