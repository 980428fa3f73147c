/*
 * What the command line says about programs: a parsed "-a PROG=WHERE" and the
 * values of its options, and which programs "--only" and "--optional" name.
 * attach/where.c parses the text of "-a"; the ways read the result.
 */
#ifndef SKEL_ATTACH_OPTION_H
#define SKEL_ATTACH_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attach/error.h"

struct attach_way;

enum { ATTACH_OPTIONS_MAX = 8 };

/* WHERE is "off", "load" or "WAY:TARGET[,KEY=VALUE]...", as in
 * "xdp:eth0,mode=skb". */
struct attach_where {
	char *program;                /* owned: a name, or a pattern of names */
	bool load;                    /* load it, but do not attach it */
	const char *text;             /* WHERE; borrowed */
	const struct attach_way *way; /* NULL: off or load */
	char *words;        /* owned: TARGET and options, cut into strings */
	const char *target; /* in words; "" if there is none */
	struct attach_option {
		const char *key, *value; /* in words */
	} options[ATTACH_OPTIONS_MAX];
	size_t noptions;
};

/* Names of programs, in which "*", "?" and "[...]" are wildcards. */
struct attach_patterns {
	char **v; /* owned, as the strings are */
	size_t n, cap;
};

/* Zeroed, all programs that the package lists go where they say. */
struct attach_options {
	struct attach_where *wheres; /* owned: each "-a", in order */
	size_t nwheres, wheres_cap;
	struct attach_patterns only;     /* none: all programs */
	struct attach_patterns optional; /* may fail */
	bool both; /* keep every form of a hook (attach/forms.h) */
};

/* Add the patterns of "NAME[,NAME]...", the value of this option.  Returns 0,
 * or -1 after reporting that one is empty or memory ran out. */
int attach_patterns_add(
    struct attach_patterns *p, const char *option, const char *list);

/* Whether the program has a name that one of the patterns matches. */
bool attach_patterns_match(const struct attach_patterns *p, const char *name);

/* Release what w owns. */
void attach_where_free(struct attach_where *w);

/* Release what o owns, and zero it. */
void attach_options_free(struct attach_options *o);

/* The value of an option, or NULL if it is not given or w is NULL. */
const char *attach_option(const struct attach_where *w, const char *key);

/* Set *out to the value of an option, a decimal, octal or hexadecimal number
 * from min to max.  Leaves *out alone if the option is not given. */
struct attach_error attach_option_number(const struct attach_where *w,
    const char *key, uint64_t min, uint64_t max, uint64_t *out);

/* For struct attach_way's parse: require a target, and check the option
 * "offset". */
struct attach_error attach_option_offset(const struct attach_where *w);

/* Parse a decimal, octal or hexadecimal number, as "0x1139".  Returns false if
 * the text is anything else. */
bool attach_parse_number(const char *text, uint64_t *out);

#endif
