/*
 * The argument of the option --events, which states the type of the records of
 * a ring or perf buffer, or of an iterator program.
 *
 *	MAP=TYPE[,MEMBER=VALUE]
 */
#ifndef SKEL_PACKAGE_EVENTS_OPTION_H
#define SKEL_PACKAGE_EVENTS_OPTION_H

#include <stdint.h>

/* Zeroed, it is empty. */
struct events_option {
	const char *text; /* borrowed: the whole argument */
	char *name;       /* owned: of the map or program; the others are parts
			     of it */
	const char *type; /* in C: "struct event" */
	const char *member; /* that tells the type from others, or NULL */
	uint64_t value;     /* of the member; two's complement if negative */
};

/* Parses the argument, which must outlive o.  Returns 0, or -1 after reporting
 * what is wrong with it. */
int events_option_parse(struct events_option *o, const char *text);
void events_option_free(struct events_option *o);

#endif
