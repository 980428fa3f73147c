#include <ctype.h>
#include <string.h>

#include "base/nomem.h"
#include "base/report.h"
#include "base/text.h"
#include "base/util.h"
#include "query/query-token.h"

enum { SHOWN_MAX = 40 }; /* bytes of a token in a message */

static const struct sign {
	char text[3];
	enum query_token_kind kind;
} signs[] = {
	{ "==", QUERY_EQ },
	{ "!=", QUERY_NE },
	{ "<=", QUERY_LE },
	{ ">=", QUERY_GE },
	{ "!~", QUERY_NO_MATCH },
	{ "&&", QUERY_AND },
	{ "||", QUERY_OR },
	{ "..", QUERY_RANGE },
	{ "<", QUERY_LT },
	{ ">", QUERY_GT },
	{ "~", QUERY_MATCH },
	{ "!", QUERY_NOT },
	{ "(", QUERY_OPEN },
	{ ")", QUERY_CLOSE },
	{ ",", QUERY_COMMA },
	{ "-", QUERY_MINUS },
};

void
query_tokens_close(struct query_tokens *t)
{
	buf_free(&t->word);
	*t = (struct query_tokens){ 0 };
}

void
query_tokens_expected(const struct query_tokens *t, const char *what)
{
	size_t n = t->end - t->at, shown = n < SHOWN_MAX ? n : SHOWN_MAX;

	if (t->kind == QUERY_END)
		report_error("expression:%zu: expected %s, found its end",
		    t->at + 1, what);
	else if (t->kind != QUERY_WRONG)
		report_error("expression:%zu: expected %s, found %.*s%s",
		    t->at + 1, what, (int)shown, t->text + t->at,
		    shown < n ? "..." : "");
}

static void
set_wrong(struct query_tokens *t, size_t at, const char *what)
{
	report_error("expression:%zu: %s", at + 1, what);
	t->kind = QUERY_WRONG;
}

/* Decode the escape sequence at t->next, behind its backslash.  Returns false
 * after reporting. */
static bool
decode_escape(struct query_tokens *t)
{
	static const char letters[] = "nrtaebfv",
			  codes[] = "\n\r\t\a\033\b\f\v";
	const char *p = t->text + t->next, *letter;
	int high, low;

	if (*p == 'x' && t->len - t->next > 2) {
		high = text_hex_value(p[1]);
		low = text_hex_value(p[2]);
		if (high >= 0 && low >= 0 && high + low > 0) {
			buf_chr(&t->word, (char)(high << 4 | low));
			t->next += 3;
			return true;
		}
	}
	letter = strchr(letters, *p);
	if (*p != '\0' && letter != NULL) {
		buf_chr(&t->word, codes[letter - letters]);
	} else if (ispunct((unsigned char)*p)) {
		buf_chr(&t->word, *p);
	} else {
		set_wrong(t, t->next - 1,
		    "expected \\n, \\t, \\x and two hex digits other than 00, "
		    "or \\ before a sign");
		return false;
	}
	t->next++;
	return true;
}

/* Read the rest of a text in quotes. */
static void
read_text(struct query_tokens *t, char quote, bool pattern)
{
	t->kind = QUERY_TEXT;
	while (t->next < t->len && t->text[t->next] != quote) {
		char c = t->text[t->next++];

		if (c != '\\' || t->next == t->len) {
			buf_chr(&t->word, c);
		} else if (!pattern) {
			if (!decode_escape(t))
				return;
		} else {
			if (t->text[t->next] != quote)
				buf_chr(&t->word, c);
			buf_chr(&t->word, t->text[t->next++]);
		}
	}
	if (t->next == t->len)
		set_wrong(t, t->at, "the quote that begins here has no end");
	else
		t->next++;
}

static bool
is_letter(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '@' || c == '$' ||
	       c == ':' || (unsigned char)c >= 0x80;
}

/* Whether the character at p, which is no letter, continues the word that
 * begins at start: a point of a path or of a number, the brackets of an
 * element, the sign of an exponent, the length of a prefix. */
static bool
continues_word(const char *start, const char *p, const char *end)
{
	bool digit = p + 1 < end && isdigit((unsigned char)p[1]);
	bool number = isdigit((unsigned char)*start) || *start == '.';
	const char *digits = start;

	switch (*p) {
	case '.':
		return p + 1 == end || p[1] != '.';
	case '[':
		return digit && !number;
	case ']':
		return memchr(start, '[', (size_t)(p - start)) != NULL;
	case '/':
		return digit && (number || memchr(start, ':',
					       (size_t)(p - start)) != NULL);
	case '+':
	case '-':
		while (digits < p &&
		       (isdigit((unsigned char)*digits) || *digits == '.'))
			digits++;
		return digit && number && digits == p - 1 &&
		       (p[-1] | 0x20) == 'e';
	default:
		return false;
	}
}

static void
read_word(struct query_tokens *t)
{
	const char *start = t->text + t->next, *p = start;
	const char *end = t->text + t->len;

	while (p < end && (is_letter(*p) || continues_word(start, p, end)))
		p++;
	buf_add(&t->word, start, (size_t)(p - start));
	t->next += (size_t)(p - start);
	t->kind = p - start == 2 && memcmp(start, "in", 2) == 0 ? QUERY_IN
								: QUERY_WORD;
}

static void
read_sign(struct query_tokens *t)
{
	const char *p = t->text + t->next;

	for (size_t i = 0; i < nitems(signs); i++) {
		size_t n = strlen(signs[i].text);

		if (t->len - t->next < n || memcmp(p, signs[i].text, n) != 0)
			continue;
		t->kind = signs[i].kind;
		t->next += n;
		return;
	}
	set_wrong(t, t->next,
	    *p == '='   ? "expected ==, found ="
	    : *p == '&' ? "expected &&, found &"
	    : *p == '|' ? "expected ||, found |"
			: "this character means nothing here; put text in "
			  "quotes");
}

void
query_tokens_next(struct query_tokens *t, bool pattern)
{
	char c;

	t->word.len = 0;
	while (t->next < t->len && isspace((unsigned char)t->text[t->next]))
		t->next++;
	t->at = t->next;
	if (t->next == t->len) {
		t->kind = QUERY_END;
	} else if ((c = t->text[t->next]) == '"' || c == '\'') {
		t->next++;
		read_text(t, c, pattern);
	} else if (is_letter(c) ||
		   (c == '.' && t->len - t->next > 1 &&
		       isdigit((unsigned char)t->text[t->next + 1]))) {
		read_word(t);
	} else {
		read_sign(t);
	}
	t->end = t->next;
	if (t->word.failed) {
		report_nomem();
		t->kind = QUERY_WRONG;
	}
}
