#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nomem.h"
#include "base/report.h"
#include "package/args.h"
#include "types/value.h"

/* What an option on the command line turned out to be. */
enum meaning {
	MEANS_NOTHING,
	MEANS_ARG, /* arg, in the form */
	MEANS_HELP,
	MEANS_VERSION,
	MEANS_VERBOSE,
	MEANS_MANY, /* the start of several: reported */
};

struct option {
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

/* How the len bytes of text match the form followed by name. */
static enum match
match(const char *text, size_t len, const char *form, const char *name)
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

/* The k-th of everything that may be typed, plain names first, and its text
 * in two parts.  Returns false behind the last. */
static bool
option_at(const struct args *a, size_t k, struct option *o, const char **name)
{
	*o = (struct option){ .meaning = MEANS_ARG };
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

/* Report an argument that the program does not have. */
static void
refuse_unknown(
    const struct args *a, const char *dashes, const char *text, size_t len)
{
	report_error("unknown argument %s%.*s; --help lists them all%s%s",
	    dashes, (int)len, text, a->hint != NULL ? "; " : "",
	    a->hint != NULL ? a->hint : "");
}

/* Find the long option: by its whole name, else by the start of just one. */
static struct option
find_long(const struct args *a, const char *text, size_t len)
{
	struct option o, found = { .meaning = MEANS_NOTHING };
	struct buf starts = { 0 };
	const char *name;
	size_t n = 0;

	for (size_t k = 0; option_at(a, k, &o, &name); k++) {
		const char *form = args_forms[o.form];

		if (o.meaning == MEANS_NOTHING)
			continue;
		switch (match(text, len, form, name)) {
		case MATCH_NONE:
			continue;
		case MATCH_WHOLE:
			buf_free(&starts);
			return o;
		case MATCH_START:
			break;
		}
		found = o;
		buf_list(&starts, 0, "--");
		buf_printf(&starts, "%s%s", form, name);
		n++;
	}
	if (n > 1) {
		report_error("--%.*s is the start of several: %.*s", (int)len,
		    text, (int)starts.len, starts.data);
		found.meaning = MEANS_MANY;
	}
	buf_free(&starts);
	return found;
}

static struct option
find_short(const struct args *a, char letter)
{
	struct option o = { .meaning = MEANS_NOTHING };

	if (letter == 'h')
		o.meaning = MEANS_HELP;
	else if (letter == 'V')
		o.meaning = MEANS_VERSION;
	for (size_t i = 0; i < a->n && letter != '\0'; i++)
		if (a->v[i].short_name == letter) {
			o.meaning = MEANS_ARG;
			o.arg = &a->v[i];
		}
	return o;
}

/* The command line as it is worked through. */
struct cursor {
	char *const *argv;
	int argc;
	int i; /* the argument after the current one */
};

static enum args_result
set(const struct args *a, struct arg *arg, const char *text, const char *where)
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
	json_decref(arg->given);
	arg->given = v;
	return ARGS_SET;
}

/* Set an argument that takes text, from inside its own word (value) or from
 * the next, whatever that looks like. */
static enum args_result
set_text(const struct args *a, struct arg *arg, struct cursor *c,
    const char *value, const char *where)
{
	if (value == NULL && c->i < c->argc)
		value = c->argv[c->i++];
	if (value != NULL)
		return set(a, arg, value, where);
	report_error("%s needs a value (%s)", where, arg->variable->type);
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

/* "--name" or "--name=value"; text is behind the dashes. */
static enum args_result
take_long(const struct args *a, struct cursor *c, const char *text)
{
	size_t len = strcspn(text, "=");
	const char *value = text[len] == '=' ? text + len + 1 : NULL;
	struct option o = find_long(a, text, len);
	enum args_result result;
	char *where;

	if (o.meaning == MEANS_NOTHING)
		refuse_unknown(a, "--", text, len);
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
	result = set_text(a, o.arg, c, value, where);
	free(where);
	return result;
}

/* "-p5", "-p 5", or flags in a row, "-vd"; text is behind the dash. */
static enum args_result
take_short(const struct args *a, struct cursor *c, const char *text)
{
	enum args_result result = ARGS_SET;
	const char *value;

	for (; *text != '\0' && result == ARGS_SET; text++) {
		struct option o = find_short(a, *text);
		char where[] = { '-', *text, '\0' };

		if (o.meaning == MEANS_NOTHING) {
			refuse_unknown(a, "-", text, 1);
			return ARGS_WRONG;
		}
		if (o.meaning != MEANS_ARG)
			return set_builtin(a, o.meaning);
		if (o.arg->is_bool) {
			value = o.arg->flag_value ? "true" : "false";
			result = set(a, o.arg, value, where);
			continue;
		}
		value = text[1] != '\0' ? text + 1 : NULL;
		return set_text(a, o.arg, c, value, where);
	}
	return result;
}

/* Put what was given, else the package's own default, into the package. */
static enum args_result
fill_in(struct args *a)
{
	for (size_t i = 0; i < a->n; i++) {
		struct arg *arg = &a->v[i];
		json_t *v = arg->given != NULL ? arg->given : arg->filled;

		if (v != NULL &&
		    package_set_value(arg->variable, json_incref(v)) == -1)
			return ARGS_FAILED;
	}
	return ARGS_SET;
}

static enum args_result
take_word(const struct args *a, struct cursor *c, const char *word, bool ended)
{
	if (!ended && strncmp(word, "--", 2) == 0)
		return take_long(a, c, word + 2);
	if (!ended && word[0] == '-' && word[1] != '\0')
		return take_short(a, c, word + 1);
	report_error("unexpected argument \"%s\"", word);
	return ARGS_WRONG;
}

enum args_result
args_parse(struct args *a, int argc, char *const argv[])
{
	struct cursor c = { .argv = argv, .argc = argc };
	enum args_result result = ARGS_SET;
	unsigned long before = nomem_count();
	bool ended = false;

	while (c.i < c.argc && result == ARGS_SET) {
		const char *word = c.argv[c.i++];

		if (!ended && strcmp(word, "--") == 0)
			ended = true;
		else
			result = take_word(a, &c, word, ended);
	}
	if (result == ARGS_SET)
		result = fill_in(a);
	/* What found no memory is no mistake of whoever typed it. */
	if (nomem_count() == before)
		return result;
	report_nomem();
	return ARGS_FAILED;
}
