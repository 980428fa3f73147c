#include <ctype.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vis.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/output.h"
#include "base/report.h"
#include "command.h"

enum {
	LATENCY_MAX = 1000, /* ms */
	OPTIONS_MAX = 64,   /* of one command */
	/* Where the texts of --help begin and end. */
	HELP_COLUMN = 23,
	TEXT_END = 79,
};

#define SECONDS_MAX (UINT64_C(100) * 366 * 86400)

_Noreturn void
command_usage(const struct command *c)
{
	fputs(c->usage, stderr);
	exit(EXIT_USAGE);
}

int
command_status(int status)
{
	if (report_pending_nomem() && status != EXIT_USAGE)
		return EXIT_FAILURE;
	return status;
}

/* The first option after o whose name begins with the n bytes of text. */
static const struct option *
find_option(const struct option *o, const char *text, size_t n)
{
	for (; o->name != NULL; o++)
		if (strncmp(o->name, text, n) == 0)
			return o;
	return NULL;
}

/* The option that text stands for, which getopt_long() has found. */
static const struct option *
find_named(const struct option *names, const char *text, size_t n)
{
	const struct option *o = find_option(names, text, n);

	for (const struct option *e = o; e != NULL;
	     e = find_option(e + 1, text, n))
		if (e->name[n] == '\0')
			return e;
	return o;
}

/* Reports that text, of whose bytes n are the name, is the beginning of no
 * option or of several. */
static void
report_unknown(const struct option *names, const char *text, size_t n)
{
	const struct option *first = find_option(names, text, n);
	struct buf list = { 0 };

	if (first == NULL) {
		report_error("unrecognized option '--%s'", text);
		return;
	}
	for (const struct option *o = first; o != NULL;
	     o = find_option(o + 1, text, n))
		if (o == first || o->val != first->val)
			buf_printf(&list, " '--%s'", o->name);
	buf_chr(&list, '\0');
	report_error("option '--%s' is ambiguous; possibilities:%s", text,
	    list.failed ? "" : list.data);
	buf_free(&list);
}

/* Reports what getopt_long() found wrong, with word, a word of the command
 * line, which is that of the last option. */
static void
report_option(const struct option *names, const char *word, bool missing)
{
	char letter[8];
	size_t n;

	if (strncmp(word, "--", 2) != 0) {
		/* Above ASCII it is one byte of a character. */
		vis(letter, optopt, VIS_CSTYLE | VIS_NL | VIS_TAB, 0);
		report_error(missing ? "option requires an argument -- '%s'"
				     : "invalid option -- '%s'",
		    letter);
		return;
	}
	word += 2;
	n = strcspn(word, "=");
	if (optopt == 0)
		report_unknown(names, word, n);
	else
		report_error(missing ? "option '--%s' requires an argument"
				     : "option '--%s' doesn't allow an "
				       "argument",
		    find_named(names, word, n)->name);
}

/* The tables that getopt_long(3) wants. */
static struct {
	struct option names[OPTIONS_MAX + 1];
	/* "+:", and for each letter that and up to two colons. */
	char letters[3 + 3 * OPTIONS_MAX];
} tables;

static void
fill_tables(const struct command_option *o)
{
	struct option *to = tables.names;
	char *letter = stpcpy(tables.letters, "+:");

	for (; o->name != NULL && to < tables.names + OPTIONS_MAX; o++, to++) {
		to->name = o->name;
		to->val = o->value;
		to->has_arg = o->arg == NULL              ? no_argument
			      : command_option_may_end(o) ? optional_argument
							  : required_argument;
		if (o->value > UCHAR_MAX || o->help == NULL)
			continue;
		*letter++ = (char)o->value;
		if (o->arg != NULL)
			*letter++ = ':';
		if (to->has_arg == optional_argument)
			*letter++ = ':';
	}
}

int
command_next(const struct command *c, int argc, char *argv[], const char **name)
{
	/* While letters of a word are left, optind stays at that word. */
	int at = optind, index = 0, option;

	if (tables.names[0].name == NULL)
		fill_tables(c->options);
	option = getopt_long(argc, argv, tables.letters, tables.names, &index);
	if (name != NULL)
		*name = tables.names[index].name;
	if (option != '?' && option != ':')
		return option;
	report_option(tables.names, argv[at], option == ':');
	return '?';
}

/* Print the words of text in lines up to the column TEXT_END, which begin at
 * the column indent.  The first line has been begun. */
static void
print_wrapped(const char *text, size_t indent)
{
	size_t at = indent;

	while (*text != '\0') {
		size_t n = strcspn(text, " ");

		if (at > indent && at + 1 + n > TEXT_END) {
			printf("\n%*s", (int)indent, "");
			at = indent;
		}
		at += (size_t)printf(
		    "%s%.*s", at > indent ? " " : "", (int)n, text);
		text += n + strspn(text + n, " ");
	}
	putchar('\n');
}

/* Append how an option is written: "  -c, --columns A,B.C". */
static void
write_label(const struct command_option *o, struct buf *out)
{
	const char *arg = o->arg != NULL ? o->arg : "";

	if (o->value <= UCHAR_MAX)
		buf_printf(out, "  -%c, --%s", o->value, o->name);
	else
		buf_printf(out, "      --%s", o->name);
	if (arg[0] == '\0' || command_option_may_end(o))
		buf_str(out, arg);
	else
		buf_printf(out, " %s", arg);
	for (; o[1].name != NULL && o[1].help == NULL; o++)
		buf_printf(out, ", --%s", o[1].name);
}

static void
print_help(const struct command *c)
{
	struct buf label = { 0 };

	printf("%s\n", c->usage);
	print_wrapped(c->about, 0);
	putchar('\n');
	for (const struct command_option *o = c->options; o->name != NULL;
	     o++) {
		if (o->help == NULL)
			continue;
		label.len = 0;
		write_label(o, &label);
		if (label.failed)
			break;
		printf("%.*s", (int)label.len, label.data);
		if (label.len + 2 <= HELP_COLUMN)
			printf("%*s", (int)(HELP_COLUMN - label.len), "");
		else
			printf("\n%*s", HELP_COLUMN, "");
		print_wrapped(o->help, HELP_COLUMN);
	}
	if (label.failed)
		report_nomem();
	buf_free(&label);
}

/* Exits after --help or --version was printed. */
_Noreturn static void
exit_after_output(void)
{
	exit(output_flush_stdio() == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

void
command_option(const struct command *c, int option)
{
	switch (option) {
	case 'h':
		print_help(c);
		exit_after_output();
	case 'q':
		report_set_level(REPORT_ERROR);
		return;
	case 'v':
		report_raise_level();
		return;
	case 'V':
		printf("%s " VERSION "\n", getprogname());
		exit_after_output();
	default:
		command_usage(c);
	}
}

int
command_parse_records(const char *text, uint64_t *records)
{
	const char *problem;
	long long n = strtonum(text, 1, INT64_MAX, &problem);

	if (problem != NULL) {
		report_error("-n: %s: not a number of records", text);
		return -1;
	}
	*records = (uint64_t)n;
	return 0;
}

/*
 * Parse a decimal number of units, each of unit ns; digits finer than a ns are
 * cut off.  Returns 0, or -1 if text is no number or is more than max units.
 */
static int
command_parse_units(const char *text, uint64_t unit, uint64_t max, uint64_t *ns)
{
	const uint64_t limit = unit * max;
	const char *s = text;
	uint64_t n = 0;

	for (; isdigit((unsigned char)*s); s++)
		if (n <= max)
			n = n * 10 + (uint64_t)(*s - '0');
	*ns = n * unit;
	if (*s == '.')
		for (s++; isdigit((unsigned char)*s); s++) {
			unit /= 10;
			*ns += unit * (uint64_t)(*s - '0');
		}
	return *s == '\0' && n <= max && *ns <= limit &&
		       strpbrk(text, "0123456789") != NULL
		   ? 0
		   : -1;
}

int
command_parse_seconds(const char *text, uint64_t *ns)
{
	if (command_parse_units(text, CLOCK_SECOND, SECONDS_MAX, ns) == 0 &&
	    *ns > 0)
		return 0;
	report_error("-t: %s: not a number of seconds", text);
	return -1;
}

int
command_parse_latency(const char *text, uint64_t *ns)
{
	if (command_parse_units(text, CLOCK_SECOND / 1000, LATENCY_MAX, ns) ==
	    0)
		return 0;
	report_error("--latency: %s: not a number of milliseconds up to %d",
	    text, LATENCY_MAX);
	return -1;
}
