#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nomem.h"
#include "base/report.h"
#include "package/args.h"
#include "types/value.h"

/* What an option on the command line stands for. */
enum meaning {
	MEANS_NOTHING,
	MEANS_ARG, /* for arg, with the form before its name */
	MEANS_HELP,
	MEANS_VERSION,
	MEANS_VERBOSE,
	MEANS_MANY, /* for several, which was reported */
};

struct arg_option {
	enum meaning meaning;
	struct arg *arg;
	enum args_form form;
};

static const struct {
	const char *name;
	enum meaning meaning;
} builtins[] = {
	{ "help", MEANS_HELP },
	{ "version", MEANS_VERSION },
	{ "verbose", MEANS_VERBOSE },
};

enum { NBUILTINS = sizeof(builtins) / sizeof(builtins[0]) };

enum match { MATCH_NONE, MATCH_START, MATCH_WHOLE };

/* Compares the len bytes of text with form followed by name. */
static enum match
match_option(const char *text, size_t len, const char *form, const char *name)
{
	size_t n = strlen(form);

	if (len == 0)
		return MATCH_NONE;
	if (len < n)
		return strncmp(text, form, len) == 0 ? MATCH_START : MATCH_NONE;
	if (strncmp(text, form, n) != 0 ||
	    strncmp(text + n, name, len - n) != 0)
		return MATCH_NONE;
	return name[len - n] == '\0' ? MATCH_WHOLE : MATCH_START;
}

/* Gets the k-th option that may be typed, plain names first, and its name
 * without the form.  Returns false if there are fewer. */
static bool
get_option(
    const struct args *a, size_t k, struct arg_option *o, const char **name)
{
	*o = (struct arg_option){ .meaning = MEANS_ARG };
	if (k < NBUILTINS) {
		o->meaning = builtins[k].meaning;
		*name = builtins[k].name;
		if (o->meaning == MEANS_VERBOSE && !args_verbose_is_free(a))
			o->meaning = MEANS_NOTHING;
		return true;
	}
	k -= NBUILTINS;
	if (k >= a->n * ARGS_FORMS)
		return false;
	o->arg = &a->v[k % a->n];
	o->form = (enum args_form)(k / a->n);
	if (o->form != ARGS_PLAIN && !o->arg->is_bool)
		o->meaning = MEANS_NOTHING;
	*name = o->arg->name;
	return true;
}

/* Reports an argument that the program does not have. */
static void
report_unknown_arg(
    const struct args *a, const char *dashes, const char *text, size_t len)
{
	report_error("unknown argument %s%.*s; --help lists them all%s%s",
	    dashes, (int)len, text, a->hint != NULL ? "; " : "",
	    a->hint != NULL ? a->hint : "");
}

/* Finds a long option by its whole name. */
static struct arg_option
find_whole_option(const struct args *a, const char *text, size_t len)
{
	struct arg_option o = { .meaning = MEANS_NOTHING };
	const char *name;
	char *whole;

	for (size_t k = 0; k < NBUILTINS; k++)
		if (get_option(a, k, &o, &name) && o.meaning != MEANS_NOTHING &&
		    match_option(text, len, "", name) == MATCH_WHOLE)
			return o;
	o = (struct arg_option){ .meaning = MEANS_NOTHING };
	if ((whole = strndup(text, len)) == NULL) {
		report_nomem();
		return o;
	}
	for (int form = 0; form < ARGS_FORMS && o.arg == NULL; form++) {
		size_t n = strlen(args_forms[form]);

		if (strncmp(whole, args_forms[form], n) != 0)
			continue;
		o.arg = args_find(a, whole + n);
		o.form = (enum args_form)form;
		if (form != ARGS_PLAIN && o.arg != NULL && !o.arg->is_bool)
			o.arg = NULL;
	}
	if (o.arg != NULL)
		o.meaning = MEANS_ARG;
	free(whole);
	return o;
}

/* Finds a long option by its whole name, or by a start that only one has. */
static struct arg_option
find_long_option(const struct args *a, const char *text, size_t len)
{
	struct arg_option o, found = { .meaning = MEANS_NOTHING };
	struct buf starts = { 0 };
	const char *name;
	size_t n = 0;

	o = find_whole_option(a, text, len);
	if (o.meaning != MEANS_NOTHING)
		return o;
	for (size_t k = 0; get_option(a, k, &o, &name); k++) {
		const char *form = args_forms[o.form];

		if (o.meaning == MEANS_NOTHING ||
		    (o.arg != NULL && o.arg->hidden) ||
		    match_option(text, len, form, name) == MATCH_NONE)
			continue;
		found = o;
		buf_list(&starts, 0, "--");
		buf_printf(&starts, "%s%s", form, name);
		n++;
	}
	if (n > 1) {
		report_error("--%.*s is ambiguous, it may stand for %.*s",
		    (int)len, text, (int)starts.len, starts.data);
		found.meaning = MEANS_MANY;
	}
	buf_free(&starts);
	return found;
}

static struct arg_option
find_short_option(const struct args *a, char letter)
{
	struct arg_option o = { .meaning = MEANS_NOTHING };

	if (letter == 'h')
		o.meaning = MEANS_HELP;
	else if (letter == 'V')
		o.meaning = MEANS_VERSION;
	else if ((o.arg = args_find_short(a, letter)) != NULL)
		o.meaning = MEANS_ARG;
	return o;
}

/* The command line that is being parsed. */
struct args_cursor {
	char *const *argv;
	int argc;
	int i; /* the argument after the current one */
};

static enum args_result
set_from_text(
    const struct args *a, struct arg *arg, const char *text, const char *where)
{
	json_t *v;

	if (arg->type == TYPE_NONE) {
		report_error("%s: the size of type %s is not in the package; "
			     "with the object (-e) it can be set",
		    where, arg->variable->type);
		return ARGS_WRONG;
	}
	if ((v = value_from_text(&a->types, arg->type, text, where)) == NULL)
		return ARGS_WRONG;
	json_decref(arg->from_user);
	arg->from_user = v;
	return ARGS_SET;
}

/* Sets an argument from value, or from the next word, even if that starts with
 * a dash, if value is NULL. */
static enum args_result
set_value_or_next(const struct args *a, struct arg *arg, struct args_cursor *c,
    const char *value, const char *where)
{
	if (value == NULL && c->i < c->argc)
		value = c->argv[c->i++];
	if (value != NULL)
		return set_from_text(a, arg, value, where);
	report_error("%s needs a value of type %s", where, arg->variable->type);
	return ARGS_WRONG;
}

static enum args_result
set_builtin(const struct args *a, enum meaning meaning)
{
	struct package *p = a->package;

	if (meaning == MEANS_HELP)
		return ARGS_HELP;
	if (meaning == MEANS_VERSION)
		return ARGS_VERSION;
	if (json_object_set_new(p->meta, "debug_verbose", json_true()) == -1) {
		report_nomem();
		return ARGS_FAILED;
	}
	p->debug_verbose = true;
	return ARGS_SET;
}

/* Has the option "name" or "name=value", which the program does not have, taken
 * by others.  Returns whether it was, with the result in *result. */
static bool
is_taken_by_others(const struct args *a, struct args_cursor *c,
    const char *text, size_t len, enum args_result *result)
{
	const char *next = c->i < c->argc ? c->argv[c->i] : NULL;
	const char *value = text[len] == '=' ? text + len + 1 : NULL;
	enum args_other other;
	char *name;

	if (a->others == NULL ||
	    find_whole_option(a, text, len).meaning != MEANS_NOTHING)
		return false;
	*result = ARGS_FAILED;
	if ((name = strndup(text, len)) == NULL)
		return report_nomem() == -1;
	other = a->others->take(a->others->ctx, name, value, next);
	free(name);
	c->i += other == ARGS_OTHER_AND_NEXT;
	*result = other == ARGS_OTHER_WRONG ? ARGS_WRONG : ARGS_SET;
	return other != ARGS_OTHER_UNKNOWN;
}

/* Parses "--name" or "--name=value"; text starts after the dashes. */
static enum args_result
parse_long(const struct args *a, struct args_cursor *c, const char *text)
{
	size_t len = strcspn(text, "=");
	const char *value = text[len] == '=' ? text + len + 1 : NULL;
	enum args_result result;
	struct arg_option o;
	char *where;

	if (is_taken_by_others(a, c, text, len, &result))
		return result;
	o = find_long_option(a, text, len);
	if (o.meaning == MEANS_NOTHING)
		report_unknown_arg(a, "--", text, len);
	if (o.meaning == MEANS_NOTHING || o.meaning == MEANS_MANY)
		return ARGS_WRONG;
	if (value != NULL && (o.meaning != MEANS_ARG || o.form != ARGS_PLAIN)) {
		report_error("--%.*s takes no value", (int)len, text);
		return ARGS_WRONG;
	}
	if (o.meaning != MEANS_ARG)
		return set_builtin(a, o.meaning);
	if (o.form == ARGS_DISABLE)
		value = "false";
	else if (o.arg->is_bool && value == NULL)
		value = "true";
	if (asprintf(&where, "--%s%s", args_forms[o.form], o.arg->name) == -1) {
		report_nomem();
		return ARGS_FAILED;
	}
	result = set_value_or_next(a, o.arg, c, value, where);
	free(where);
	return result;
}

/* Parses "-p5", "-p 5" or several flags, "-vd"; text starts after the dash. */
static enum args_result
parse_short(const struct args *a, struct args_cursor *c, const char *text)
{
	enum args_result result = ARGS_SET;
	const char *value;

	for (; *text != '\0' && result == ARGS_SET; text++) {
		struct arg_option o = find_short_option(a, *text);
		char where[] = { '-', *text, '\0' };

		if (o.meaning == MEANS_NOTHING) {
			report_unknown_arg(a, "-", text, 1);
			return ARGS_WRONG;
		}
		if (o.meaning != MEANS_ARG)
			return set_builtin(a, o.meaning);
		if (o.arg->is_bool) {
			value = o.arg->flag_value ? "true" : "false";
			result = set_from_text(a, o.arg, value, where);
			continue;
		}
		value = text[1] != '\0' ? text + 1 : NULL;
		return set_value_or_next(a, o.arg, c, value, where);
	}
	return result;
}

/* Writes the values that were given, and else the package's own defaults, to
 * the package. */
static enum args_result
write_values(struct args *a)
{
	for (size_t i = 0; i < a->n; i++) {
		struct arg *arg = &a->v[i];
		json_t *v =
		    arg->from_user != NULL ? arg->from_user : arg->from_default;

		if (v != NULL &&
		    package_set_value(arg->variable, json_incref(v)) == -1)
			return ARGS_FAILED;
	}
	return ARGS_SET;
}

static enum args_result
parse_word(
    const struct args *a, struct args_cursor *c, const char *word, bool ended)
{
	if (!ended && strncmp(word, "--", 2) == 0)
		return parse_long(a, c, word + 2);
	if (!ended && word[0] == '-' && word[1] != '\0')
		return parse_short(a, c, word + 1);
	report_error("unexpected argument \"%s\"", word);
	return ARGS_WRONG;
}

enum args_result
args_parse(struct args *a, int argc, char *const argv[])
{
	struct args_cursor c = { .argv = argv, .argc = argc };
	enum args_result result = ARGS_SET;
	unsigned long before = nomem_count();
	bool ended = false;

	while (c.i < c.argc && result == ARGS_SET) {
		const char *word = c.argv[c.i++];

		if (!ended && strcmp(word, "--") == 0)
			ended = true;
		else
			result = parse_word(a, &c, word, ended);
	}
	if (result == ARGS_SET)
		result = write_values(a);
	/* An error for lack of memory is not the user's mistake. */
	if (nomem_count() == before)
		return result;
	report_nomem();
	return ARGS_FAILED;
}
