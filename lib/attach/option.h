/*
 * A parsed "-a PROG=WHERE" of the command line, and the values of its options.
 * attach/where.c parses the text; the ways read the result.
 */
#ifndef SKEL_ATTACH_OPTION_H
#define SKEL_ATTACH_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attach/error.h"

struct attach_way;

enum { ATTACH_OPTIONS_MAX = 8 };

/*
 * WHERE is "off" or "WAY:TARGET[,KEY=VALUE]...", as in "xdp:eth0,mode=skb".
 * "--optional PROG" is kept as one of these too.
 */
struct attach_where {
	char *program;    /* owned */
	bool optional;    /* "--optional": only left_out is used besides */
	bool left_out;    /* an optional program failed and is left out */
	const char *text; /* WHERE; borrowed */
	const struct attach_way *way; /* NULL: off */
	char *words;        /* owned: TARGET and options, cut into strings */
	const char *target; /* in words; "" if there is none */
	struct attach_option {
		const char *key, *value; /* in words */
	} options[ATTACH_OPTIONS_MAX];
	size_t noptions;
};

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
