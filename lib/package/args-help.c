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
	WIDTH = 80,      /* columns unless standard output is a terminal */
	WIDTH_MIN = 40,  /* of a narrower terminal */
	OPTION_MAX = 34, /* columns of an option whose text stands beside it */
	CHOICES_MAX = 400, /* bytes of the names of an enum that are shown */
	LIST_CHOICES_MAX = 4096, /* and that are listed */
};

static unsigned int
find_help_width(void)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == -1 || w.ws_col == 0)
		return WIDTH;
	return w.ws_col < WIDTH_MIN ? WIDTH_MIN : w.ws_col;
}

/*
 * Appends text for a terminal: control characters, those of C1 in UTF-8 too,
 * become spaces, except newlines if lines is set.
 */
static void
write_safe(struct buf *out, const char *text, bool lines)
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

/* Appends the words of text as lines of at most width columns.  The first
 * starts at column at, the others are indented by indent. */
static void
write_wrapped(struct buf *out, const struct buf *text, size_t at, size_t indent,
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

/* Appends the names of an enum's constants, "A|B", about max bytes of them;
 * then more, unless it is NULL, says that there are others. */
static void
write_choices(const struct args *a, const struct arg *arg, const char *between,
    size_t max, const char *more, struct buf *out)
{
	const struct type *t;
	size_t start = out->len;

	if (arg->type == TYPE_NONE)
		return;
	t = types_get(&a->types, arg->type);
	if (t->kind != TYPE_ENUM)
		return;
	for (size_t i = 0; i < t->nconstants; i++) {
		if (out->len - start > max) {
			if (more != NULL)
				buf_printf(out, "%s%s", between, more);
			return;
		}
		if (i > 0)
			buf_str(out, between);
		write_safe(out, t->constants[i].name, false);
	}
}

/* Appends what the argument is for. */
static void
write_purpose(const struct arg *arg, struct buf *out)
{
	const struct package_variable *v = arg->variable;

	if (v->help != NULL && *v->help != '\0')
		write_safe(out, v->help, false);
	else if (v->description != NULL && *v->description != '\0')
		write_safe(out, v->description, false);
	else {
		buf_str(out, arg->is_bool ? "Set the variable " : "Value of ");
		if (!arg->is_bool) {
			write_safe(out, v->type, false);
			buf_chr(out, ' ');
		}
		write_safe(out, v->name, false);
	}
	if (arg->type == TYPE_NONE)
		buf_str(out, " (cannot be set without the object)");
}

/* Appends the purpose of the argument, its choices and its default. */
static void
write_description(const struct args *a, const struct arg *arg, struct buf *out)
{
	struct buf names = { 0 };

	write_purpose(arg, out);
	write_choices(a, arg, ", ", CHOICES_MAX, "...", &names);
	if (names.len > 0)
		buf_printf(out, " [one of: %.*s]", (int)names.len, names.data);
	buf_free(&names);
	if (arg->default_value != NULL && *arg->default_value != '\0') {
		buf_str(out, " [default: ");
		write_safe(out, arg->default_value, false);
		buf_chr(out, ']');
	}
}

/* Appends an option with its text, which stands beside it or, if the option is
 * too long, below. */
static void
write_option(struct buf *out, char letter, const char *name, const char *type,
    const struct buf *text, size_t left, size_t width)
{
	size_t start = out->len, cols;

	if (letter != '\0')
		buf_printf(out, "  -%c, --%s", letter, name);
	else
		buf_printf(out, "      --%s", name);
	if (type != NULL) {
		buf_str(out, " <");
		write_safe(out, type, false);
		buf_chr(out, '>');
	}
	cols = utf8_columns(out->data + start, out->len - start);
	if (cols + 2 > left) {
		buf_chr(out, '\n');
		cols = 0;
	}
	buf_printf(out, "%*s", (int)(left - cols), "");
	write_wrapped(out, text, left, left, width);
}

static const char *
get_shown_type(const struct arg *arg)
{
	return arg->is_bool ? NULL : arg->variable->type;
}

/* The column where the texts start: after the widest option of at most
 * OPTION_MAX columns. */
static size_t
find_text_column(const struct args *a)
{
	size_t left = sizeof("  -V, --version") + 1, n;

	for (size_t i = 0; i < a->n; i++) {
		const char *name = a->v[i].long_name,
			   *type = get_shown_type(&a->v[i]);

		if (a->v[i].hidden)
			continue;
		n = sizeof("  -s, --") + 1 + utf8_columns(name, strlen(name));
		if (type != NULL)
			n += 3 + utf8_columns(type, strlen(type));
		if (n > left && n <= OPTION_MAX)
			left = n;
	}
	return left;
}

static void
write_builtin(struct buf *out, char letter, const char *name, const char *help,
    size_t left, size_t width)
{
	struct buf text = { 0 };

	buf_str(&text, help);
	write_option(out, letter, name, NULL, &text, left, width);
	buf_free(&text);
}

static void
write_options(const struct args *a, struct buf *out)
{
	size_t left = find_text_column(a), width = find_help_width();
	struct buf text = { 0 };

	buf_str(out, "Options:\n");
	for (size_t i = 0; i < a->n; i++) {
		const struct arg *arg = &a->v[i];

		if (arg->hidden)
			continue;
		text.len = 0;
		write_description(a, arg, &text);
		write_option(out, arg->short_name, arg->long_name,
		    get_shown_type(arg), &text, left, width);
	}
	buf_free(&text);
	if (args_verbose_is_free(a))
		write_builtin(out, '\0', "verbose",
		    "Show libbpf's debug messages", left, width);
	write_builtin(out, 'h', "help", "Print this help", left, width);
	write_builtin(out, 'V', "version", "Print the version", left, width);
}

static const char *
first_not_empty(const char *a, const char *b, const char *otherwise)
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

	write_safe(out,
	    first_not_empty(
		p->doc_brief, p->doc_description, "An eBPF program"),
	    true);
	buf_str(out, "\n\nUsage: ");
	write_safe(out, command, false);
	buf_str(out, " [OPTIONS]\n\n");
	write_options(a, out);
	out->failed |= nomem_count() != before;
	if (p->doc_details == NULL || *p->doc_details == '\0')
		return;
	buf_chr(out, '\n');
	write_safe(out, p->doc_details, true);
	if (out->len > 0 && out->data[out->len - 1] != '\n')
		buf_chr(out, '\n');
}

void
args_version(const struct args *a, struct buf *out)
{
	write_safe(
	    out, first_not_empty(a->package->obj_name, NULL, "program"), false);
	buf_chr(out, ' ');
	write_safe(out, first_not_empty(a->package->doc_version, NULL, "0.1.0"),
	    false);
	buf_chr(out, '\n');
}

void
args_list(const struct args *a, struct buf *out)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct arg *arg = &a->v[i];
		size_t start;

		if (arg->hidden)
			continue;
		buf_printf(out, "--%s\t", arg->long_name);
		if (arg->short_name != '\0')
			buf_printf(out, "-%c\t", arg->short_name);
		else
			buf_str(out, "-\t");
		write_safe(out, arg->variable->type, false);
		buf_chr(out, '\t');
		write_safe(
		    out, first_not_empty(arg->default_value, NULL, "-"), false);
		buf_chr(out, '\t');
		start = out->len;
		write_choices(a, arg, "|", LIST_CHOICES_MAX, NULL, out);
		if (arg->is_bool && strcmp(arg->long_name, arg->name) == 0)
			buf_str(out, "true|false");
		if (out->len == start)
			buf_chr(out, '-');
		buf_chr(out, '\t');
		write_purpose(arg, out);
		buf_chr(out, '\n');
	}
}
