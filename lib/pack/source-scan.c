#include <ctype.h>
#include <string.h>

#include "pack/source-scan.h"

enum { CONDITIONS_MAX = 64 }; /* depth of #if; deeper ones are not undone */

/* Brackets that are open. */
struct source_depth {
	size_t braces, parens;
};

/* Where the declaration stands in front of a brace that may be the body of a
 * struct, union or enum. */
enum tag_state { TAG_NONE, TAG_KEYWORD, TAG_ATTRIBUTE, TAG_NAMED };

struct source_scanner {
	const char *p, *end;
	unsigned long line;
	bool line_start; /* only blanks came since the last newline */

	struct source_depth depth;
	struct source_depth saved[CONDITIONS_MAX]; /* at each open #if */
	size_t nconditions;

	/* The documentation comment that waits for its declaration, and the
	 * line on which it ends. */
	struct source_span comment;
	unsigned long comment_line, comment_end;

	/* The declaration that has begun, if it has. */
	struct source_declaration d;
	bool begun;
	bool in_value;   /* after "=", up to "," or ";" */
	bool body;       /* the open brace at depth 0 is a function's */
	bool after_name; /* the last token is the last name */
	bool first;      /* the last token is the "(" of a call */
	enum tag_state tag;
	struct source_span tag_name;
	bool tag_is_struct;

	source_declaration_fn *found;
	source_include_fn *include;
	source_struct_fn *structure;
	void *ctx;
};

static bool
is_name_start(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

static bool
is_name_part(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool
is_span(struct source_span s, const char *word)
{
	return s.len == strlen(word) && memcmp(s.text, word, s.len) == 0;
}

static bool
at(const struct source_scanner *s, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(s->end - s->p) >= n && memcmp(s->p, text, n) == 0;
}

static void
step_char(struct source_scanner *s)
{
	if (*s->p++ == '\n')
		s->line++;
}

/* Whether the newline at p is not the end of a line, because of a backslash. */
static bool
is_spliced(const char *start, const char *p)
{
	if (p > start && p[-1] == '\r')
		p--;
	return p > start && p[-1] == '\\';
}

/* Moves to the newline that ends the line, or to the end. */
static void
skip_line(struct source_scanner *s)
{
	const char *start = s->p;

	while (s->p < s->end && (*s->p != '\n' || is_spliced(start, s->p)))
		step_char(s);
}

static void
skip_block_comment(struct source_scanner *s)
{
	s->p += 2;
	while (s->p < s->end && !at(s, "*/"))
		step_char(s);
	s->p += s->p < s->end ? 2 : 0;
}

/* Whether a comment at p describes what follows.  Four slashes or three stars
 * are decoration, and "<" describes what stands before. */
static bool
is_documentation(const struct source_scanner *s)
{
	bool line = at(s, "///") || at(s, "//!");
	bool block = at(s, "/**") || at(s, "/*!");
	char next = s->end - s->p > 3 ? s->p[3] : '\n';

	return (line && next != '/' && next != '<') ||
	       (block && next != '*' && next != '/' && next != '<');
}

/* Keeps a documentation comment that ends at p; one that follows another on the
 * same or the next line belongs to that. */
static void
keep_comment(
    struct source_scanner *s, const char *start, unsigned long first_line)
{
	if (s->comment.text == NULL || first_line > s->comment_end + 1) {
		s->comment.text = start;
		s->comment_line = first_line;
	}
	s->comment.len = (size_t)(s->p - s->comment.text);
	s->comment_end = s->line;
}

static void
scan_comment(struct source_scanner *s)
{
	bool keep = is_documentation(s) && s->depth.braces == 0;
	unsigned long first_line = s->line;
	const char *start = s->p;

	if (at(s, "//"))
		skip_line(s);
	else
		skip_block_comment(s);
	if (keep)
		keep_comment(s, start, first_line);
}

/* A string or a character, which ends at its quote or its line. */
static void
skip_literal(struct source_scanner *s)
{
	char quote = *s->p++;

	while (s->p < s->end && *s->p != quote && *s->p != '\n') {
		if (*s->p == '\\' && s->p + 1 < s->end)
			step_char(s);
		step_char(s);
	}
	if (s->p < s->end && *s->p == quote)
		s->p++;
}

static void
skip_spaces(struct source_scanner *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t'))
		s->p++;
}

static struct source_span
read_name(struct source_scanner *s)
{
	struct source_span span = { .text = s->p };

	while (s->p < s->end && is_name_part(*s->p))
		s->p++;
	span.len = (size_t)(s->p - span.text);
	return span;
}

/*
 * The parts of a conditional are alternatives: each begins with the brackets
 * that were open before the first.
 */
static void
note_condition(struct source_scanner *s, struct source_span word)
{
	if (is_span(word, "if") || is_span(word, "ifdef") ||
	    is_span(word, "ifndef")) {
		if (s->nconditions < CONDITIONS_MAX)
			s->saved[s->nconditions] = s->depth;
		s->nconditions++;
	} else if (s->nconditions == 0) {
		return;
	} else if (is_span(word, "else") || is_span(word, "elif")) {
		if (s->nconditions <= CONDITIONS_MAX)
			s->depth = s->saved[s->nconditions - 1];
	} else if (is_span(word, "endif")) {
		s->nconditions--;
	}
}

/* The name in the quotes or angles at p; empty if there is none. */
static struct source_span
read_include(struct source_scanner *s)
{
	struct source_span name = { .text = s->p };
	char close;

	skip_spaces(s);
	if (s->p == s->end || (*s->p != '"' && *s->p != '<'))
		return name;
	close = *s->p == '<' ? '>' : '"';
	name.text = ++s->p;
	while (s->p < s->end && *s->p != close && *s->p != '\n')
		s->p++;
	if (s->p < s->end && *s->p == close)
		name.len = (size_t)(s->p - name.text);
	return name;
}

/* A preprocessor line.  A comment before it does not describe what follows. */
static int
scan_directive(struct source_scanner *s)
{
	struct source_span word, name;
	int ret = 0;

	s->p++;
	skip_spaces(s);
	word = read_name(s);
	note_condition(s, word);
	if (s->include != NULL && is_span(word, "include")) {
		name = read_include(s);
		if (name.len > 0)
			ret = s->include(s->ctx, name);
	}
	while (s->p < s->end && *s->p != '\n') {
		const char *start = s->p;

		/* A block comment may go on beyond the line. */
		while (s->p < s->end && !at(s, "/*") &&
		       (*s->p != '\n' || is_spliced(start, s->p)))
			step_char(s);
		if (at(s, "/*"))
			skip_block_comment(s);
	}
	if (!s->begun)
		s->comment = (struct source_span){ 0 };
	return ret;
}

static void
end_declaration(struct source_scanner *s)
{
	s->begun = s->in_value = s->body = s->first = s->after_name = false;
	s->tag = TAG_NONE;
	s->d.nnames = 0;
	s->d.has_body = false;
	s->d.comment = (struct source_span){ 0 };
	s->comment = (struct source_span){ 0 };
}

static int
finish_declaration(struct source_scanner *s)
{
	int ret = 0;

	if (s->d.comment.text != NULL && s->d.nnames > 0 && s->found != NULL)
		ret = s->found(s->ctx, &s->d);
	end_declaration(s);
	return ret;
}

/* A comment belongs to the declaration whose first token follows it, or in
 * which it stands. */
static void
begin_declaration(struct source_scanner *s)
{
	s->begun = true;
	if (s->comment.text == NULL || s->d.comment.text != NULL ||
	    s->in_value || s->depth.braces > 0)
		return;
	s->d.comment = s->comment;
	s->d.line = s->comment_line;
	s->comment = (struct source_span){ 0 };
}

static void
add_declared_name(
    struct source_scanner *s, struct source_span span, enum source_role role)
{
	s->after_name = false;
	if (s->d.nnames == SOURCE_NAMES_MAX)
		return;
	s->d.names[s->d.nnames++] =
	    (struct source_name){ .span = span, .role = role };
	s->after_name = role == SOURCE_NAME;
}

/* Follows "struct __attribute__((packed)) name" up to the brace. */
static enum tag_state
next_tag_state(enum tag_state tag, struct source_span word)
{
	if (is_span(word, "struct") || is_span(word, "union") ||
	    is_span(word, "enum"))
		return TAG_KEYWORD;
	if (tag == TAG_NONE || tag == TAG_NAMED)
		return TAG_NONE;
	if (is_span(word, "__attribute__"))
		return TAG_ATTRIBUTE;
	return TAG_NAMED;
}

static void
scan_name(struct source_scanner *s)
{
	struct source_span word = read_name(s);

	if (s->depth.braces > 0 || s->in_value)
		return;
	if (s->depth.parens > 0) {
		if (s->first)
			add_declared_name(s, word, SOURCE_ARGUMENT);
		s->first = s->after_name = false;
		return;
	}
	s->tag = next_tag_state(s->tag, word);
	if (s->tag == TAG_KEYWORD)
		s->tag_is_struct = is_span(word, "struct");
	else if (s->tag == TAG_NAMED)
		s->tag_name = word;
	/* The name of a struct is not what is declared. */
	if (s->tag != TAG_NONE) {
		s->after_name = false;
		return;
	}
	add_declared_name(s, word, SOURCE_NAME);
}

/* Tells of the struct whose body begins. */
static int
tell_structure(const struct source_scanner *s)
{
	if (s->structure == NULL || s->tag != TAG_NAMED || !s->tag_is_struct)
		return 0;
	return s->structure(s->ctx, s->tag_name);
}

static int
open_brace(struct source_scanner *s)
{
	int ret = 0;

	if (s->depth.braces == 0 && s->depth.parens == 0) {
		bool call = false;

		for (size_t i = 0; i < s->d.nnames; i++)
			call |= s->d.names[i].role == SOURCE_FUNCTION;
		s->body = s->tag == TAG_NONE && !s->in_value && call;
		s->d.has_body |= s->body;
		ret = tell_structure(s);
		s->tag = TAG_NONE;
	}
	s->depth.braces++;
	return ret;
}

static int
close_brace(struct source_scanner *s)
{
	if (s->depth.braces > 0)
		s->depth.braces--;
	if (s->depth.braces == 0 && s->depth.parens == 0 && s->body)
		return finish_declaration(s);
	return 0;
}

static void
open_paren(struct source_scanner *s)
{
	bool top = s->depth.braces == 0 && s->depth.parens == 0 && !s->in_value;

	s->first = top && s->after_name;
	if (s->first)
		s->d.names[s->d.nnames - 1].role = SOURCE_FUNCTION;
	s->depth.parens++;
}

/* Handles a token of one character that is not inside brackets. */
static int
scan_separator(struct source_scanner *s, char c)
{
	if (s->depth.braces > 0 || s->depth.parens > 0)
		return 0;
	if (c == ';')
		return finish_declaration(s);
	if (c == '=')
		s->in_value = true;
	else if (c == ',')
		s->in_value = false;
	s->tag = TAG_NONE;
	return 0;
}

static int
scan_punctuation(struct source_scanner *s)
{
	char c = *s->p;
	int ret = 0;

	if (c == '(') {
		open_paren(s);
	} else {
		s->first = false;
		if (c == ')')
			s->depth.parens -= s->depth.parens > 0;
		else if (c == '{')
			ret = open_brace(s);
		else if (c == '}')
			ret = close_brace(s);
		else
			ret = scan_separator(s, c);
	}
	s->after_name = false;
	s->p++;
	return ret;
}

static int
scan_token(struct source_scanner *s)
{
	bool line_start = s->line_start;

	s->line_start = false;
	if (at(s, "//") || at(s, "/*")) {
		scan_comment(s);
		s->line_start = line_start;
		return 0;
	}
	if (*s->p == '#' && line_start)
		return scan_directive(s);
	begin_declaration(s);
	if (is_name_start(*s->p)) {
		scan_name(s);
		return 0;
	}
	if (*s->p == '"' || *s->p == '\'' || isdigit((unsigned char)*s->p)) {
		s->after_name = s->first = false;
		if (isdigit((unsigned char)*s->p))
			read_name(s);
		else
			skip_literal(s);
		return 0;
	}
	return scan_punctuation(s);
}

static int
run_scanner(struct source_scanner *s)
{
	int ret = 0;

	while (s->p < s->end && ret == 0) {
		if (*s->p == '\n') {
			s->line_start = true;
			step_char(s);
		} else if (memchr(" \t\r\f\v\\", *s->p, 6) != NULL) {
			s->p++;
		} else {
			ret = scan_token(s);
		}
	}
	return ret;
}

int
source_scan(const char *text, size_t len, source_declaration_fn *fn, void *ctx)
{
	struct source_scanner s = { .p = text,
		.end = text + len,
		.line = 1,
		.line_start = true,
		.found = fn,
		.ctx = ctx };

	return len == 0 ? 0 : run_scanner(&s);
}

int
source_scan_includes(
    const char *text, size_t len, source_include_fn *fn, void *ctx)
{
	struct source_scanner s = { .p = text,
		.end = text + len,
		.line = 1,
		.line_start = true,
		.include = fn,
		.ctx = ctx };

	return len == 0 ? 0 : run_scanner(&s);
}

int
source_scan_structs(
    const char *text, size_t len, source_struct_fn *fn, void *ctx)
{
	struct source_scanner s = { .p = text,
		.end = text + len,
		.line = 1,
		.line_start = true,
		.structure = fn,
		.ctx = ctx };

	return len == 0 ? 0 : run_scanner(&s);
}
