#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/report.h"
#include "query/query-regex.h"

/* What one text may cost: steps of matching, depth of backtracking, and KiB of
 * memory.  An ordinary expression needs a few steps for each byte. */
enum {
	STEPS_MAX = 200000,
	DEPTH_MAX = 20000,
	HEAP_MAX = 4096,
	NESTED_MAX = 50
};

/* After so many texts of a query that cost the limit, each may cost only a
 * hundredth, and after more of them no text is looked at. */
enum { GIVEN_UP_FEW = 100, GIVEN_UP_MAX = 10000 };

struct query_regex {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
	struct query_budget *budget; /* borrowed */
	bool reduced;                /* the limits */
};

static pcre2_code *
compile(const char *pattern, size_t len, int *error, size_t *at)
{
	pcre2_compile_context *c = pcre2_compile_context_create(NULL);
	pcre2_code *code;

	if (c == NULL) {
		*error = PCRE2_ERROR_NOMEMORY;
		return NULL;
	}
	pcre2_set_max_pattern_length(c, QUERY_REGEX_PATTERN_MAX);
	pcre2_set_parens_nest_limit(c, NESTED_MAX);
	code = pcre2_compile((PCRE2_SPTR)pattern, len,
	    PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C, error,
	    at, c);
	pcre2_compile_context_free(c);
	return code;
}

struct query_regex *
query_regex_new(const char *pattern, size_t len, struct query_budget *budget,
    char error_text[256], size_t *error_at)
{
	struct query_regex *r = calloc(1, sizeof(*r));
	int error = PCRE2_ERROR_NOMEMORY;

	*error_at = 0;
	if (r != NULL) {
		r->budget = budget;
		r->code = compile(pattern, len, &error, error_at);
		r->limits = pcre2_match_context_create(NULL);
		/* Where in the text it matches does not matter. */
		r->data = pcre2_match_data_create(1, NULL);
	}
	if (r == NULL || r->code == NULL || r->limits == NULL ||
	    r->data == NULL) {
		pcre2_get_error_message(error, (PCRE2_UCHAR *)error_text, 256);
		query_regex_free(r);
		return NULL;
	}
	pcre2_set_match_limit(r->limits, STEPS_MAX);
	pcre2_set_depth_limit(r->limits, DEPTH_MAX);
	pcre2_set_heap_limit(r->limits, HEAP_MAX);
	return r;
}

void
query_regex_free(struct query_regex *r)
{
	if (r == NULL)
		return;
	pcre2_code_free(r->code);
	pcre2_match_data_free(r->data);
	pcre2_match_context_free(r->limits);
	free(r);
}

/* Count a text that is given up, and report the first one. */
static void
give_up(struct query_regex *r, const char *why)
{
	if (r->budget->given_up++ == 0)
		report_error("a regular expression was given up for a text "
			     "that %s; such records are left out, and after "
			     "%d of them all",
		    why, GIVEN_UP_MAX);
}

int
query_regex_match(struct query_regex *r, const char *text, size_t len)
{
	char why[320], error[256];
	int got;

	if (r->budget->given_up >= GIVEN_UP_MAX)
		return -1;
	if (r->budget->given_up >= GIVEN_UP_FEW && !r->reduced) {
		pcre2_set_match_limit(r->limits, STEPS_MAX / 100);
		r->reduced = true;
	}
	if (len > QUERY_REGEX_TEXT_MAX) {
		snprintf(why, sizeof(why), "is longer than %d bytes",
		    QUERY_REGEX_TEXT_MAX);
		give_up(r, why);
		return -1;
	}
	got = pcre2_match(
	    r->code, (PCRE2_SPTR)text, len, 0, 0, r->data, r->limits);
	if (got >= 0 || got == PCRE2_ERROR_NOMATCH)
		return got >= 0;
	pcre2_get_error_message(got, (PCRE2_UCHAR *)error, sizeof(error));
	snprintf(why, sizeof(why), "costs too much (%s)", error);
	give_up(r, why);
	return -1;
}
