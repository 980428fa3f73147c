#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/nomem.h"
#include "base/report.h"
#include "base/utf8.h"
#include "package/args.h"
#include "types/types.h"

enum {
	WIDTH = 80,        /* columns where nobody says otherwise */
	WIDTH_MIN = 40,    /* less is not honoured */
	OPTION_MAX = 34,   /* columns of an option beside its help */
	CHOICES_MAX = 400, /* bytes of an enum's names in a help text */
};

static unsigned int
terminal_width(void)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == -1 || w.ws_col == 0)
		return WIDTH;
	return w.ws_col < WIDTH_MIN ? WIDTH_MIN : w.ws_col;
}

/*
 * Append text that may reach a terminal: control bytes, C1 in UTF-8 too,
 * become spaces, but for the newlines if lines is set.
 */
static void
put_safe(struct buf *out, const char *text, bool lines)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		unsigned char next = (unsigned char)text[1];

		if (c == 0xc2 && next >= 0x80 && next <= 0x9f)
			text++;
		else if ((c >= 0x20 && c != 0x7f) || (lines && c == '\n')) {
			buf_chr(out, (char)c);
			continue;
		}
		buf_chr(out, ' ');
	}
}

/* Append the words of text, wrapped: the line is at column at already, the
 * ones after it start at indent. */
static void
put_wrapped(struct buf *out, const struct buf *text, size_t at, size_t indent,
    size_t width)
{
	const char *p = text->data, *end = p + text->len, *word;
	bool first = true;

	for (; p < end; first = false) {
		word = p;
		while (p < end && *p != ' ')
			p++;
		if (!first &&
		    at + 1 + utf8_columns(word, (size_t)(p - word)) > width) {
			buf_printf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (!first) {
			buf_chr(out, ' ');
			at++;
		}
		buf_add(out, word, (size_t)(p - word));
		at += utf8_columns(word, (size_t)(p - word));
		while (p < end && *p == ' ')
			p++;
	}
	buf_chr(out, '\n');
}

/* "A|B" of an enum, as much of it as max bytes hold; max 0: all. */
static void
put_choices(const struct args *a, const struct arg *arg, const char *between,
    size_t max, struct buf *out)
{
	const struct type *t;
	size_t start = out->len;

	if (arg->type == TYPE_NONE)
		return;
	t = types_get(&a->types, arg->type);
	if (t->kind != TYPE_ENUM)
		return;
	for (size_t i = 0; i < t->nconstants; i++) {
		if (i > 0)
			buf_str(out, between);
		if (max != 0 && out->len - start > max) {
			buf_str(out, "...");
			return;
		}
		put_safe(out, t->constants[i].name, false);
	}
}

/* What the argument is for. */
static void
put_purpose(const struct arg *arg, struct buf *out)
{
	const struct package_variable *v = arg->variable;

	if (v->help != NULL && *v->help != '\0')
		put_safe(out, v->help, false);
	else if (v->description != NULL && *v->description != '\0')
		put_safe(out, v->description, false);
	else {
		buf_str(out, arg->is_bool ? "Set the variable " : "Value of ");
		if (!arg->is_bool) {
			put_safe(out, v->type, false);
			buf_chr(out, ' ');
		}
		put_safe(out, v->name, false);
	}
	if (arg->type == TYPE_NONE)
		buf_str(out, " (cannot be set without the object)");
}

/* The purpose, then what may be given and what holds if nothing is. */
static void
describe(const struct args *a, const struct arg *arg, struct buf *out)
{
	struct buf names = { 0 };

	put_purpose(arg, out);
	put_choices(a, arg, ", ", CHOICES_MAX, &names);
	if (names.len > 0)
		buf_printf(out, " [one of: %.*s]", (int)names.len, names.data);
	buf_free(&names);
	if (arg->preset != NULL && *arg->preset != '\0') {
		buf_str(out, " [default: ");
		put_safe(out, arg->preset, false);
		buf_chr(out, ']');
	}
}

/* One option: its spelling on the left, its text beside or below. */
static void
put_option(struct buf *out, char letter, const char *name, const char *type,
    const struct buf *text, size_t left, size_t width)
{
	size_t start = out->len, cols;

	if (letter != '\0')
		buf_printf(out, "  -%c, --%s", letter, name);
	else
		buf_printf(out, "      --%s", name);
	if (type != NULL) {
		buf_str(out, " <");
		put_safe(out, type, false);
		buf_chr(out, '>');
	}
	cols = utf8_columns(out->data + start, out->len - start);
	if (cols + 2 > left) {
		buf_chr(out, '\n');
		cols = 0;
	}
	buf_printf(out, "%*s", (int)(left - cols), "");
	put_wrapped(out, text, left, left, width);
}

static const char *
type_shown(const struct arg *arg)
{
	return arg->is_bool ? NULL : arg->variable->type;
}

/* The column where the texts start: right of the widest option that leaves
 * room for a text. */
static size_t
left_width(const struct args *a)
{
	size_t left = sizeof("  -V, --version") + 1, n;

	for (size_t i = 0; i < a->n; i++) {
		const char *name = a->v[i].long_name,
			   *type = type_shown(&a->v[i]);

		n = sizeof("  -s, --") + 1 + utf8_columns(name, strlen(name));
		if (type != NULL)
			n += 3 + utf8_columns(type, strlen(type));
		if (n > left && n <= OPTION_MAX)
			left = n;
	}
	return left;
}

static void
put_builtin(struct buf *out, char letter, const char *name, const char *help,
    size_t left, size_t width)
{
	struct buf text = { 0 };

	buf_str(&text, help);
	put_option(out, letter, name, NULL, &text, left, width);
	buf_free(&text);
}

static void
put_options(const struct args *a, struct buf *out)
{
	size_t left = left_width(a), width = terminal_width();
	struct buf text = { 0 };

	buf_str(out, "Options:\n");
	for (size_t i = 0; i < a->n; i++) {
		const struct arg *arg = &a->v[i];

		text.len = 0;
		describe(a, arg, &text);
		put_option(out, arg->short_name, arg->long_name,
		    type_shown(arg), &text, left, width);
	}
	buf_free(&text);
	if (args_verbose_is_free(a))
		put_builtin(out, '\0', "verbose", "Show libbpf's debug lines",
		    left, width);
	put_builtin(out, 'h', "help", "Print this help", left, width);
	put_builtin(out, 'V', "version", "Print the version", left, width);
}

static const char *
first_of(const char *a, const char *b, const char *otherwise)
{
	if (a != NULL && *a != '\0')
		return a;
	return b != NULL && *b != '\0' ? b : otherwise;
}

void
args_help(const struct args *a, const char *command, struct buf *out)
{
	const struct package *p = a->package;
	unsigned long before = nomem_count();

	put_safe(out,
	    first_of(p->doc_brief, p->doc_description, "An eBPF program"),
	    true);
	buf_str(out, "\n\nUsage: ");
	put_safe(out, command, false);
	buf_str(out, " [OPTIONS]\n\n");
	put_options(a, out);
	out->failed |= nomem_count() != before;
	if (p->doc_details == NULL || *p->doc_details == '\0')
		return;
	buf_chr(out, '\n');
	put_safe(out, p->doc_details, true);
	if (out->len > 0 && out->data[out->len - 1] != '\n')
		buf_chr(out, '\n');
}

void
args_version(const struct args *a, struct buf *out)
{
	put_safe(out, first_of(a->package->obj_name, NULL, "program"), false);
	buf_chr(out, ' ');
	put_safe(out, first_of(a->package->doc_version, NULL, "0.1.0"), false);
	buf_chr(out, '\n');
}

void
args_list(const struct args *a, struct buf *out)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct arg *arg = &a->v[i];
		size_t start;

		buf_printf(out, "--%s\t", arg->long_name);
		if (arg->short_name != '\0')
			buf_printf(out, "-%c\t", arg->short_name);
		else
			buf_str(out, "-\t");
		put_safe(out, arg->variable->type, false);
		buf_chr(out, '\t');
		put_safe(out, first_of(arg->preset, NULL, "-"), false);
		buf_chr(out, '\t');
		start = out->len;
		put_choices(a, arg, "|", 0, out);
		if (arg->is_bool && strcmp(arg->long_name, arg->name) == 0)
			buf_str(out, "true|false");
		if (out->len == start)
			buf_chr(out, '-');
		buf_chr(out, '\t');
		put_purpose(arg, out);
		buf_chr(out, '\n');
	}
}
