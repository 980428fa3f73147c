/*
 * The words and signs of an expression, one after another.
 */
#ifndef SKEL_QUERY_QUERY_TOKEN_H
#define SKEL_QUERY_QUERY_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum query_token_kind {
	QUERY_END,
	QUERY_WORD, /* a name, a number or an address */
	QUERY_TEXT, /* in quotes; its text is decoded */
	QUERY_EQ,
	QUERY_NE,
	QUERY_LT,
	QUERY_LE,
	QUERY_GT,
	QUERY_GE,
	QUERY_MATCH,    /* ~ */
	QUERY_NO_MATCH, /* !~ */
	QUERY_IN,
	QUERY_AND,
	QUERY_OR,
	QUERY_NOT,
	QUERY_OPEN,
	QUERY_CLOSE,
	QUERY_COMMA,
	QUERY_RANGE, /* .. */
	QUERY_MINUS,
	QUERY_WRONG, /* reported */
};

struct query_tokens {
	const char *text; /* borrowed */
	size_t len;
	size_t next; /* where the next token is searched */

	/* The last token: where it is, and its text. */
	enum query_token_kind kind;
	size_t at, end;
	struct buf word; /* owned */
};

/* Reads the next token.  With pattern, a text in quotes keeps its backslashes,
 * but for one before its quote. */
void query_tokens_next(struct query_tokens *t, bool pattern);
void query_tokens_close(struct query_tokens *t);

/* Reports "expression:12: expected WHAT, found ...". */
void query_tokens_expected(const struct query_tokens *t, const char *what);

#endif
