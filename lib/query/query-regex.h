/*
 * Regular expressions of Perl, by PCRE2, with bounds on the time and the memory
 * that an expression and a text can cost.  They match bytes: UTF-8 in both is
 * compared as it is.
 */
#ifndef SKEL_QUERY_QUERY_REGEX_H
#define SKEL_QUERY_QUERY_REGEX_H

#include <stdbool.h>
#include <stddef.h>

enum {
	QUERY_REGEX_PATTERN_MAX = 4096,
	QUERY_REGEX_TEXT_MAX = 65536, /* bytes of a text */
};

struct query_regex;

/* How many texts the regular expressions of a query gave up.  The more there
 * are, the less the next ones may cost, and then none is looked at. */
struct query_budget {
	unsigned long given_up;
};

/*
 * Compile len bytes at pattern; the budget is borrowed.  Returns NULL if it is
 * wrong, with the reason in error_text and where that is, an offset in the
 * pattern, in *error_at.
 */
struct query_regex *query_regex_new(const char *pattern, size_t len,
    struct query_budget *budget, char error_text[256], size_t *error_at);
void query_regex_free(struct query_regex *r);

/*
 * Returns 1 if it matches somewhere in the text, or 0.  Returns -1 for a text
 * that is longer than QUERY_REGEX_TEXT_MAX, or that costs more than the limits;
 * the first such one of the query is reported, and all are counted.
 */
int query_regex_match(struct query_regex *r, const char *text, size_t len);

#endif
