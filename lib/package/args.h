/*
 * Arguments: the command line that a package's globals make (skel-args(1)).
 */
#ifndef SKEL_PACKAGE_ARGS_H
#define SKEL_PACKAGE_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "package/package.h"
#include "types/types.h"

enum { ARGS_MAX = 4096 }; /* arguments of one package */

struct arg {
	struct package_variable *variable; /* borrowed from the package */
	char *name;      /* owned: "x"; what "enable-" and "disable-" precede */
	char *long_name; /* owned: without "--"; for bools with a default
			    "enable-x" or "disable-x" */
	char short_name; /* or 0 */
	bool is_bool;
	bool flag_value; /* bool: what the bare flag sets */
	uint32_t type;   /* index into types; TYPE_NONE: cannot be set */
	char *preset;    /* owned: the default as text, or NULL */
	json_t *given;   /* owned: from the command line, or NULL */
	json_t *filled;  /* owned: from the package's default, or NULL */
};

struct args {
	struct package *package; /* borrowed */
	const char *hint; /* borrowed; added where one is unknown, or NULL */
	struct types types;
	struct arg *v; /* owned */
	size_t n;
	size_t cap;
};

/* What args_parse() found. */
enum args_result {
	ARGS_SET,     /* values are in the package */
	ARGS_HELP,    /* --help was given */
	ARGS_VERSION, /* --version was given */
	ARGS_WRONG,   /* reported: a usage error, exit 2 */
	ARGS_FAILED,  /* reported: the package is at fault, exit 1 */
};

/*
 * Derive the arguments of p: types from its object's BTF, or from the names
 * of the types when it is a bare meta.  Returns 0, or -1 after reporting what
 * is wrong with the package: a default that its variable cannot hold.
 */
int args_open(struct args *a, struct package *p);
void args_close(struct args *a);

/* What may stand before a bool's name: nothing, "enable-", "disable-". */
enum args_form { ARGS_PLAIN, ARGS_ENABLE, ARGS_DISABLE, ARGS_FORMS };
extern const char *const args_forms[ARGS_FORMS];

/* Whether --verbose is no variable's and so switches libbpf's debug lines. */
bool args_verbose_is_free(const struct args *a);

/*
 * Parse argc arguments (no program name among them) and fill in
 * variables[].value of all that are given or have a default.  No getopt(3):
 * its state is the whole process's, and this may run inside a library.
 */
enum args_result args_parse(struct args *a, int argc, char *const argv[]);

/* The program's own help text; command is "skel-load x.json" in its usage. */
void args_help(const struct args *a, const char *command, struct buf *out);

/* "NAME VERSION\n". */
void args_version(const struct args *a, struct buf *out);

/*
 * A line per argument for scripts and completion, tab separated:
 * --long, -s or "-", type, default or "-", allowed words ("A|B", enum names;
 * "-" if none), help.
 */
void args_list(const struct args *a, struct buf *out);

#endif
