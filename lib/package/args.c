#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/json-doc.h"
#include "base/nomem.h"
#include "base/report.h"
#include "base/util.h"
#include "elf/globals.h"
#include "package/args.h"
#include "types/c-names.h"
#include "types/value.h"

enum { LIST_SHOWN = 16 }; /* elements of an array that are shown */

const char *const args_forms[ARGS_FORMS] = { "", "enable-", "disable-" };

/* Variables that the reference compiler adds for its own use. */
#define DUMMY_PREFIX "__eunomia_dummy"

/* The arguments that are being generated. */
struct args_builder {
	struct args *args;
	struct globals *globals; /* NULL for a bare meta */
};

/* Returns "x.json: pid", a string to free, or NULL. */
static char *
format_where(const struct args *a, const struct package_variable *v)
{
	char *where;

	return asprintf(&where, "%s: %s", a->package->name, v->name) == -1
		   ? NULL
		   : where;
}

/*
 * Finds the type of a variable by the name of the type in C alone.  The
 * constants of an enum are not known then, but to the compiler it is an int.
 */
static enum globals_found
find_type_by_name(struct types *t, const char *name, uint32_t *type)
{
	struct type number = { .kind = TYPE_INT, .size = 4, .is_signed = true };

	*type = c_names_find(t, name);
	if (*type != TYPE_NONE)
		return types_get(t, *type)->kind == TYPE_POINTER
			   ? GLOBALS_OTHER
			   : GLOBALS_VALUE;
	if (strncmp(name, "struct ", 7) == 0 || strncmp(name, "union ", 6) == 0)
		return GLOBALS_OTHER;
	if (strncmp(name, "enum ", 5) == 0 && strchr(name, '[') == NULL) {
		number.name = strdup(name);
		*type = types_add(t, &number, name);
	}
	return GLOBALS_VALUE;
}

static enum globals_found
find_variable_type(const struct args_builder *d,
    const struct package_variable *v, uint32_t *type)
{
	enum globals_found found = GLOBALS_UNKNOWN;

	if (d->globals != NULL)
		found = globals_type(d->globals, v->name, type);
	if (found == GLOBALS_UNKNOWN)
		found = find_type_by_name(&d->args->types, v->type, type);
	return found;
}

/*
 * Converts a package's default to a value of the type.  Strings are parsed like
 * arguments, so "0x10" and the names of enum constants work.  Returns a new
 * reference, or NULL after reporting.
 */
static json_t *
convert_default(
    const struct args *a, uint32_t type, json_t *v, const char *where)
{
	bool is_bool = types_get(&a->types, type)->kind == TYPE_BOOL;
	bool text = types_is_text(&a->types, type);
	size_t size = (size_t)a->types.v[type].size;
	struct buf words = { 0 };
	unsigned char *scratch;
	json_t *fit = NULL;

	if (json_doc_is_number(v)
		? text
		: json_doc_string(v) != NULL && !text && !is_bool) {
		value_to_text(v, &words);
		buf_chr(&words, '\0');
		if (!words.failed)
			fit =
			    value_from_text(&a->types, type, words.data, where);
		buf_free(&words);
		return fit;
	}
	if ((scratch = calloc(1, size + 1)) == NULL) {
		report_nomem();
		return NULL;
	}
	if (value_to_bytes(&a->types, type, v, scratch, size, where) == 0)
		fit = json_incref(v);
	free(scratch);
	return fit;
}

/* The value as the help shows it, an enum by name: a string to free, or NULL
 * after reporting. */
static char *
write_default(const struct args *a, uint32_t type, const json_t *v)
{
	const struct type *t = types_get(&a->types, type);
	const struct type_constant *c = NULL;
	struct buf out = { 0 };
	uint64_t n;

	if (t->kind == TYPE_ENUM && json_is_integer(v))
		c = types_find_constant(t, (uint64_t)json_integer_value(v));
	else if (t->kind == TYPE_ENUM && json_doc_u64(v, &n))
		c = types_find_constant(t, n);
	if (c != NULL)
		buf_str(&out, c->name);
	else
		value_to_text(v, &out);
	buf_chr(&out, '\0');
	if (!out.failed)
		return out.data;
	buf_free(&out);
	report_nomem();
	return NULL;
}

/* The initial value of the variable in the object, a new reference; NULL if
 * there is none or it is too long to show. */
static json_t *
get_initial(const struct args_builder *d, const struct arg *arg)
{
	const struct types *t = &d->args->types;
	const struct type *type = types_get(t, arg->type);

	if (d->globals == NULL ||
	    (type->kind == TYPE_ARRAY && type->count > LIST_SHOWN &&
		!types_is_text(t, arg->type)))
		return NULL;
	return globals_initial(d->globals, arg->variable->name, arg->type);
}

/* Sets the default that is shown: that of the package, or else the initial
 * value in the object.  Only the former is written to the package. */
static int
set_default_value(const struct args_builder *d, struct arg *arg)
{
	const struct args *a = d->args;
	json_t *shown;
	char *where;

	if (arg->type == TYPE_NONE)
		return 0;
	if (arg->variable->default_value == NULL) {
		shown = get_initial(d, arg);
	} else {
		if ((where = format_where(a, arg->variable)) == NULL)
			return report_nomem();
		arg->from_default = convert_default(
		    a, arg->type, arg->variable->default_value, where);
		free(where);
		if (arg->from_default == NULL)
			return -1;
		shown = json_incref(arg->from_default);
	}
	if (shown == NULL)
		return 0;
	arg->default_value = write_default(a, arg->type, shown);
	json_decref(shown);
	return arg->default_value != NULL ? 0 : -1;
}

/* Whether --name can be typed on a command line. */
static bool
can_be_typed(const char *name)
{
	if (*name == '\0' || *name == '-')
		return false;
	for (; *name != '\0'; name++)
		if (!isgraph((unsigned char)*name) || *name == '=')
			return false;
	return true;
}

struct arg *
args_find(const struct args *a, const char *name)
{
	uint32_t i = name_table_find(&a->names, 0, name);

	return i != NAME_NONE ? &a->v[i] : NULL;
}

struct arg *
args_find_short(const struct args *a, char letter)
{
	size_t c = (unsigned char)letter;

	return c < nitems(a->shorts) && a->shorts[c] != 0
		   ? &a->v[a->shorts[c] - 1]
		   : NULL;
}

static bool
is_name_free(const struct args *a, const char *name)
{
	return can_be_typed(name) && strcmp(name, "help") != 0 &&
	       strcmp(name, "version") != 0 && args_find(a, name) == NULL;
}

bool
args_verbose_is_free(const struct args *a)
{
	return args_find(a, "verbose") == NULL;
}

/*
 * Chooses the name of the variable's argument: the one that the package gives,
 * else the variable's, else that with "var-" before it.  *name stays NULL if
 * all of them are taken.
 */
static int
choose_name(const struct args *a, const struct package_variable *v, char **name)
{
	const char *wanted = v->long_name != NULL ? v->long_name : v->name;
	char *full;

	if (asprintf(&full, "var-%s", v->name) == -1)
		return report_nomem();
	if (is_name_free(a, wanted))
		*name = strdup(wanted);
	else if (is_name_free(a, v->name))
		*name = strdup(v->name);
	else if (is_name_free(a, full))
		*name = strdup(full);
	else {
		report_notice(
		    "%s: variable %s cannot be set: all names for its "
		    "argument are taken or cannot be typed",
		    a->package->name, v->name);
		free(full);
		return 0;
	}
	free(full);
	if (*name == NULL)
		return report_nomem();
	if (strcmp(*name, wanted) != 0)
		report_notice("%s: variable %s: --%s is taken or cannot be "
			      "typed; its argument is --%s",
		    a->package->name, v->name, wanted, *name);
	return 0;
}

static int
choose_short(const struct args *a, const struct package_variable *v, char *out)
{
	const char *s = v->short_name;
	const struct arg *other;

	if (s == NULL)
		return 0;
	if (!isalnum((unsigned char)s[0]) || s[1] != '\0') {
		report_error("%s: variable %s: the short name \"%s\" is not "
			     "one letter or digit",
		    a->package->name, v->name, s);
		return -1;
	}
	if ((other = args_find_short(a, s[0])) != NULL) {
		report_notice("%s: variable %s: -%c is taken by --%s; it has "
			      "no short name",
		    a->package->name, v->name, s[0], other->long_name);
		return 0;
	}
	if (s[0] == 'h' || s[0] == 'V')
		report_notice("%s: variable %s: -%c is taken by --%s; it has "
			      "no short name",
		    a->package->name, v->name, s[0],
		    s[0] == 'h' ? "help" : "version");
	else
		*out = s[0];
	return 0;
}

/*
 * Chooses the option for a bool: the one that changes its default, where --x
 * would do nothing.  An initial value of true in the object counts too.
 */
static int
choose_bool_form(struct arg *arg)
{
	bool set = arg->default_value != NULL &&
		   strcmp(arg->default_value, "true") == 0;
	enum args_form form = ARGS_PLAIN;

	if (arg->is_bool) {
		arg->flag_value = !set;
		if (set)
			form = ARGS_DISABLE;
		else if (arg->from_default != NULL)
			form = ARGS_ENABLE;
	}
	return asprintf(&arg->long_name, "%s%s", args_forms[form], arg->name) ==
		       -1
		   ? report_nomem()
		   : 0;
}

static void
free_arg(struct arg *arg)
{
	json_decref(arg->from_default);
	json_decref(arg->from_user);
	free(arg->default_value);
	free(arg->long_name);
	free(arg->name);
}

/* Whether the variable holds what the program finds out, and not what its user
 * sets. */
static bool
is_result(const struct package_variable *v)
{
	return (v->written || v->sample.set) && v->long_name == NULL &&
	       v->short_name == NULL && v->help == NULL && v->value == NULL;
}

/* Fills in arg for its variable; arg->name stays NULL if the variable has no
 * argument. */
static int
fill_arg(const struct args_builder *d, struct arg *arg)
{
	const struct package_variable *v = arg->variable;
	struct args *a = d->args;

	if (strncmp(v->name, DUMMY_PREFIX, sizeof(DUMMY_PREFIX) - 1) == 0 ||
	    find_variable_type(d, v, &arg->type) == GLOBALS_OTHER)
		return 0;
	arg->hidden = is_result(v);
	if (choose_name(a, v, &arg->name) == -1)
		return -1;
	if (arg->name == NULL)
		return 0;
	arg->is_bool = arg->type != TYPE_NONE &&
		       types_get(&a->types, arg->type)->kind == TYPE_BOOL;
	if (choose_short(a, v, &arg->short_name) == -1 ||
	    set_default_value(d, arg) == -1)
		return -1;
	return choose_bool_form(arg);
}

static int
add_arg(struct args *a, const struct arg *arg)
{
	if (a->n == ARGS_MAX) {
		report_error("%s: the package has more than %d variables",
		    a->package->name, ARGS_MAX);
		return -1;
	}
	if (!array_room(a->v, a->n, a->cap))
		return report_nomem();
	if (name_table_add(&a->names, 0, arg->name, (uint32_t)a->n) == -1)
		return -1;
	a->v[a->n++] = *arg;
	if (arg->short_name != '\0')
		a->shorts[(unsigned char)arg->short_name] = (uint32_t)a->n;
	return 0;
}

static int
add_variable_arg(const struct args_builder *d, struct package_variable *v)
{
	struct arg arg = { .variable = v, .type = TYPE_NONE };

	if (fill_arg(d, &arg) == -1 ||
	    (arg.name != NULL && add_arg(d->args, &arg) == -1)) {
		free_arg(&arg);
		return -1;
	}
	return 0;
}

static int
add_section_args(struct args_builder *d)
{
	const struct package *p = d->args->package;

	for (size_t i = 0; i < p->nsections; i++) {
		const struct package_section *s = &p->sections[i];

		/* libbpf sets these from the kernel's configuration. */
		if (strcmp(s->name, ".kconfig") == 0)
			continue;
		if (d->globals != NULL)
			globals_enter(d->globals, s->name);
		for (size_t k = 0; k < s->nvariables; k++)
			if (add_variable_arg(d, &s->variables[k]) == -1)
				return -1;
	}
	return 0;
}

int
args_open(struct args *a, struct package *p)
{
	struct args_builder d = { .args = a };
	struct globals globals = { 0 };
	unsigned long before = nomem_count();
	int ret = 0;

	*a = (struct args){ .package = p };
	if (p->object.bytes != NULL) {
		ret = globals_open(&globals, &p->object, &a->types);
		d.globals = &globals;
	}
	if (ret == 0)
		ret = add_section_args(&d);
	globals_close(&globals);
	/* Without memory a variable would seem to have no type. */
	if (ret == 0 && nomem_count() != before)
		ret = report_nomem();
	if (ret == -1)
		args_close(a);
	return ret;
}

void
args_close(struct args *a)
{
	for (size_t i = 0; i < a->n; i++)
		free_arg(&a->v[i]);
	free(a->v);
	name_table_free(&a->names);
	types_free(&a->types);
	*a = (struct args){ 0 };
}
