/*
 * The command-line arguments of a package's program, which are generated from
 * its global variables (skel-args(1)).
 */
#ifndef SKEL_PACKAGE_ARGS_H
#define SKEL_PACKAGE_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "package/package.h"
#include "types/name-table.h"
#include "types/types.h"

enum { ARGS_MAX = 4096 }; /* arguments of one package */

struct arg {
	struct package_variable *variable; /* borrowed from the package */
	char *name;      /* owned: "x", without "enable-" or "disable-" */
	char *long_name; /* owned: "x"; for a bool with a default, "enable-x"
			    or "disable-x" */
	char short_name; /* or 0 */
	bool hidden;     /* a result of the program: it can be set, but is not
			    offered */
	bool is_bool;
	bool flag_value; /* of a bool: what the flag without a value sets */
	uint32_t type;   /* index into types; TYPE_NONE if it cannot be set */
	char *default_value;  /* owned: as text, or NULL */
	json_t *from_user;    /* owned: from the command line, or NULL */
	json_t *from_default; /* owned: from the package's default, or NULL */
};

/* What was done with a long option that the program does not have. */
enum args_other {
	ARGS_OTHER_UNKNOWN,  /* there is no such option */
	ARGS_OTHER_TAKEN,    /* it was taken */
	ARGS_OTHER_AND_NEXT, /* and the next word, its value, too */
	ARGS_OTHER_WRONG,    /* a usage error was reported */
};

/* What takes such options. */
struct args_others {
	/* Takes the option of this name.  value is what stood behind "=" or
	 * NULL, and next the word that follows, or NULL. */
	enum args_other (*take)(
	    void *ctx, const char *name, const char *value, const char *next);
	void *ctx;
};

struct args {
	struct package *package;          /* borrowed */
	const struct args_others *others; /* borrowed, or NULL */
	const char *hint; /* borrowed: ends the report of an unknown argument;
			     or NULL */
	struct types types;
	struct name_table names; /* of the arguments */
	uint32_t shorts[128];    /* by a letter: place in v plus one, or 0 */
	struct arg *v;           /* owned */
	size_t n;
	size_t cap;
};

/* The result of args_parse(). */
enum args_result {
	ARGS_SET,     /* the values are in the package */
	ARGS_HELP,    /* --help was given */
	ARGS_VERSION, /* --version was given */
	ARGS_WRONG,   /* a usage error was reported: exit status 2 */
	ARGS_FAILED,  /* an error in the package was reported: exit status 1 */
};

/*
 * Generates the arguments of p, which must outlive a.  Their types come from
 * the BTF of the object or, for a bare meta, from the names of the types.
 * Returns 0, or -1 after reporting what is wrong with the package, such as a
 * default that its variable cannot hold.
 */
int args_open(struct args *a, struct package *p);
void args_close(struct args *a);

/* What stands before the name of a bool: nothing, "enable-" or "disable-". */
enum args_form { ARGS_PLAIN, ARGS_ENABLE, ARGS_DISABLE, ARGS_FORMS };
extern const char *const args_forms[ARGS_FORMS];

/* The argument of a whole name or of a letter, or NULL. */
struct arg *args_find(const struct args *a, const char *name);
struct arg *args_find_short(const struct args *a, char letter);

/* Whether no variable is called verbose, so that --verbose stands for libbpf's
 * debug messages. */
bool args_verbose_is_free(const struct args *a);

/*
 * Parses argc arguments, without a program name, and sets variables[].value of
 * all variables that are given or have a default.  Does not use getopt(3),
 * whose state belongs to the whole process, because this may run inside a
 * library.
 */
enum args_result args_parse(struct args *a, int argc, char *const argv[]);

/* Appends the help text of the program.  command stands in its usage line:
 * "skel-load x.json". */
void args_help(const struct args *a, const char *command, struct buf *out);

/* Appends "NAME VERSION\n". */
void args_version(const struct args *a, struct buf *out);

/*
 * Appends a line for each argument, for scripts and completion.  Its fields are
 * separated by tabs: "--long", "-s", type, default, allowed words ("A|B"),
 * help. An empty field is "-".
 */
void args_list(const struct args *a, struct buf *out);

#endif
