/*
 * Completion: what the word under the cursor of a shell may become.
 *
 *	skel-fmt --complete=INDEX -- WORD...
 *
 * prints it for the word of that index, one possibility on each line, with a
 * tab and a help text after it if there is one.  The words are those that
 *follow the command's name, up to the end of the command line, since what a
 *word may be can depend on one after it.  Lines that begin with "+" are for the
 *shell (completions/): "+files N PATTERN..." and
 * "+dirs N" stand for the files or directories that the word names from its
 *byte N on, of these patterns if there are any; "+nospace" says that no space
 *follows the word.
 *
 * The options and how they go on are in the command's table, so that all shells
 * offer the same.
 */
#ifndef SKEL_COMPLETE_H
#define SKEL_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>

#include "command.h"

struct completion; /* opaque */

/* Whether the command is asked to complete a word. */
bool complete_is_asked(int argc, char *const argv[]);

/* Prints what the word may become, and returns the exit status.  Confines the
 * process before it reads any file. */
int complete_run(const struct command *c, int argc, char *const argv[]);

/*
 * For struct command's complete(), which is called for what an option's
 * argument or an operand is, by the table.
 */

/* Offers a word if it begins like the one under the cursor and has only
 * characters that mean nothing to a shell; help may be NULL.  Returns whether
 * it was offered. */
bool complete_offer(struct completion *c, const char *word, const char *help);

/* The same with end behind the word, and without a help text. */
bool complete_offer_with(
    struct completion *c, const char *word, const char *end);

/* The same for the files or directories of this name; patterns, "*.o *.c", may
 * be
 * "". */
void complete_offer_files(struct completion *c, const char *patterns);
void complete_offer_dirs(struct completion *c);

/* No space follows what was offered. */
void complete_leave_open(struct completion *c);

/* Goes to the part of the word behind the last of these characters: what is
 * offered from here on takes the place of that part. */
void complete_skip_to(struct completion *c, const char *characters);

/* Goes behind the first of this character, if the word has it.  Returns whether
 * it has; then *before, of which the caller has to free it, is what stands
 * before it.  It is NULL if memory ran out. */
bool complete_skip_past(struct completion *c, char character, char **before);

/* What stands under the cursor, from the place on that was gone to. */
const char *complete_prefix(const struct completion *c);

/* Whether the file can be read without waiting for anybody: it is neither
 * standard input nor a FIFO. */
bool complete_may_read(const char *file);

/* The operand of this index beside the word under the cursor, or NULL. */
const char *complete_operand(const struct completion *c, size_t index);

/* The argument of the option with this value, or NULL if it is not given. */
const char *complete_option(const struct completion *c, int value);

#endif
