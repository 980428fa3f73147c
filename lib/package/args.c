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

enum {
	LIST_SHOWN = 16, /* elements of an array's initial value */
};

const char *const args_forms[ARGS_FORMS] = { "", "enable-", "disable-" };

/* The markers that the reference compiler puts in for its own use. */
#define DUMMY "__eunomia_dummy"

/* Deriving the arguments: what is needed besides the result. */
struct deriving {
	struct args *args;
	struct globals *globals; /* NULL: a bare meta */
	const char *section;
};

/* "x.json: pid", to free. */
static char *
variable_where(const struct args *a, const struct package_variable *v)
{
	char *where;

	return asprintf(&where, "%s: %s", a->package->name, v->name) == -1
		   ? NULL
		   : where;
}

/*
 * The type of a variable by its name in C alone: an enum's constants are not
 * known then, but it is an int to the compiler.
 */
static enum globals_found
named_type(struct types *t, const char *name, uint32_t *type)
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
find_type(
    const struct deriving *d, const struct package_variable *v, uint32_t *type)
{
	enum globals_found found = GLOBALS_UNKNOWN;

	if (d->globals != NULL)
		found = globals_type(d->globals, v->name, type);
	if (found == GLOBALS_UNKNOWN)
		found = named_type(&d->args->types, v->type, type);
	return found;
}

/*
 * A package's default as a value of the type: strings are read as arguments
 * are, so that "0x10" and the names of enums work.
 */
static json_t *
fit_preset(const struct args *a, uint32_t type, json_t *v, const char *where)
{
	bool is_bool = types_get(&a->types, type)->kind == TYPE_BOOL;
	bool text = types_is_text(&a->types, type);
	size_t size = (size_t)a->types.v[type].size;
	struct buf words = { 0 };
	unsigned char *scratch;
	json_t *fit = NULL;

	if (doc_is_number(v) ? text
			     : doc_string(v) != NULL && !text && !is_bool) {
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

/* A value as the help shows it: enums by name. */
static char *
preset_text(const struct args *a, uint32_t type, const json_t *v)
{
	const struct type *t = types_get(&a->types, type);
	const struct type_constant *c = NULL;
	struct buf out = { 0 };
	uint64_t n;

	if (t->kind == TYPE_ENUM && json_is_integer(v))
		c = type_constant_of(t, (uint64_t)json_integer_value(v));
	else if (t->kind == TYPE_ENUM && doc_u64(v, &n))
		c = type_constant_of(t, n);
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

/* What the object sets the variable to, if it is not too long to show. */
static json_t *
initial(const struct deriving *d, const struct arg *arg)
{
	const struct types *t = &d->args->types;
	const struct type *type = types_get(t, arg->type);

	if (d->globals == NULL ||
	    (type->kind == TYPE_ARRAY && type->count > LIST_SHOWN &&
		!types_is_text(t, arg->type)))
		return NULL;
	return globals_initial(d->globals, arg->variable->name, arg->type);
}

/* Find the default, in the package or else in the object: only the package's
 * is filled in. */
static int
set_preset(const struct deriving *d, struct arg *arg)
{
	const struct args *a = d->args;
	json_t *shown;
	char *where;

	if (arg->type == TYPE_NONE)
		return 0;
	if (arg->variable->preset == NULL) {
		shown = initial(d, arg);
	} else {
		if ((where = variable_where(a, arg->variable)) == NULL)
			return report_nomem();
		arg->filled =
		    fit_preset(a, arg->type, arg->variable->preset, where);
		free(where);
		if (arg->filled == NULL)
			return -1;
		shown = json_incref(arg->filled);
	}
	if (shown == NULL)
		return 0;
	arg->preset = preset_text(a, arg->type, shown);
	json_decref(shown);
	return arg->preset != NULL ? 0 : -1;
}

/* Whether a person can type --name. */
static bool
is_typable(const char *name)
{
	if (*name == '\0' || *name == '-')
		return false;
	for (; *name != '\0'; name++)
		if (!isgraph((unsigned char)*name) || *name == '=')
			return false;
	return true;
}

static struct arg *
find_name(const struct args *a, const char *name)
{
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i].name, name) == 0)
			return &a->v[i];
	return NULL;
}

static bool
is_free(const struct args *a, const char *name)
{
	return is_typable(name) && strcmp(name, "help") != 0 &&
	       strcmp(name, "version") != 0 && find_name(a, name) == NULL;
}

bool
args_verbose_is_free(const struct args *a)
{
	return find_name(a, "verbose") == NULL;
}

/*
 * The name of the variable's argument: the package's own for it, else the
 * variable's, else that with "var-" before it.  *name stays NULL when there is
 * none left.
 */
static int
choose_name(const struct args *a, const struct package_variable *v, char **name)
{
	const char *wanted = v->long_name != NULL ? v->long_name : v->name;
	char *full;

	if (asprintf(&full, "var-%s", v->name) == -1)
		return report_nomem();
	if (is_free(a, wanted))
		*name = strdup(wanted);
	else if (is_free(a, v->name))
		*name = strdup(v->name);
	else if (is_free(a, full))
		*name = strdup(full);
	else {
		report_notice("%s: variable %s: no name is left for its "
			      "argument, so it has none",
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

	if (s == NULL)
		return 0;
	if (!isalnum((unsigned char)s[0]) || s[1] != '\0') {
		report_error("%s: variable %s: the short name \"%s\" is not "
			     "one letter or digit",
		    a->package->name, v->name, s);
		return -1;
	}
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i].short_name == s[0]) {
			report_notice("%s: variable %s: -%c is taken by "
				      "--%s; it has no short name",
			    a->package->name, v->name, s[0], a->v[i].long_name);
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
 * A bool that has a default is given by what changes it.  One that only the
 * object initialises to true counts: --x would do nothing.
 */
static int
choose_form(struct arg *arg)
{
	bool set = arg->preset != NULL && strcmp(arg->preset, "true") == 0;
	enum args_form form = ARGS_PLAIN;

	if (arg->is_bool) {
		arg->flag_value = !set;
		if (set)
			form = ARGS_DISABLE;
		else if (arg->filled != NULL)
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
	json_decref(arg->filled);
	json_decref(arg->given);
	free(arg->preset);
	free(arg->long_name);
	free(arg->name);
}

/* Fill in arg; no name in it means that there is no such argument. */
static int
derive(const struct deriving *d, struct arg *arg)
{
	const struct package_variable *v = arg->variable;
	struct args *a = d->args;

	if (strncmp(v->name, DUMMY, sizeof(DUMMY) - 1) == 0 ||
	    find_type(d, v, &arg->type) == GLOBALS_OTHER)
		return 0;
	if (choose_name(a, v, &arg->name) == -1)
		return -1;
	if (arg->name == NULL)
		return 0;
	arg->is_bool = arg->type != TYPE_NONE &&
		       types_get(&a->types, arg->type)->kind == TYPE_BOOL;
	if (choose_short(a, v, &arg->short_name) == -1 ||
	    set_preset(d, arg) == -1)
		return -1;
	return choose_form(arg);
}

static int
append(struct args *a, const struct arg *arg)
{
	if (a->n == ARGS_MAX) {
		report_error(
		    "%s: more than %d variables", a->package->name, ARGS_MAX);
		return -1;
	}
	if (!array_room(a->v, a->n, a->cap))
		return report_nomem();
	a->v[a->n++] = *arg;
	return 0;
}

static int
derive_variable(const struct deriving *d, struct package_variable *v)
{
	struct arg arg = { .variable = v, .type = TYPE_NONE };

	if (derive(d, &arg) == -1 ||
	    (arg.name != NULL && append(d->args, &arg) == -1)) {
		free_arg(&arg);
		return -1;
	}
	return 0;
}

static int
derive_all(struct deriving *d)
{
	const struct package *p = d->args->package;

	for (size_t i = 0; i < p->nsections; i++) {
		const struct package_section *s = &p->sections[i];

		/* libbpf fills it in from the kernel's configuration. */
		if (strcmp(s->name, ".kconfig") == 0)
			continue;
		if (d->globals != NULL)
			globals_enter(d->globals, s->name);
		for (size_t k = 0; k < s->nvariables; k++)
			if (derive_variable(d, &s->variables[k]) == -1)
				return -1;
	}
	return 0;
}

int
args_open(struct args *a, struct package *p)
{
	struct deriving d = { .args = a };
	struct globals globals = { 0 };
	unsigned long before = nomem_count();
	int ret = 0;

	*a = (struct args){ .package = p };
	if (p->object.bytes != NULL) {
		ret = globals_open(&globals, &p->object, &a->types);
		d.globals = &globals;
	}
	if (ret == 0)
		ret = derive_all(&d);
	globals_close(&globals);
	/* A variable that found no memory would be one that has no type. */
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
	types_free(&a->types);
	*a = (struct args){ 0 };
}
