/*
 * Type files: the type that --type names, from the BTF of an object file, or of
 * the object in a package.
 *
 *	[MAP=]FILE:TYPE, as in rb=x.bpf.o:struct event
 */
#ifndef CMD_SKEL_POLL_TYPE_FILE_H
#define CMD_SKEL_POLL_TYPE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "types/types.h"

struct type_option {
	char *map;  /* owned: its name; NULL: any map */
	char *file; /* owned */
	char *type; /* owned: "struct event", or the name of a typedef */
};

/* Parses the argument.  Returns 0, or -1 after reporting what is wrong. */
int type_option_parse(struct type_option *o, const char *text);
void type_option_free(struct type_option *o);

/* Whether it is for the map of this name. */
bool type_option_is_for(const struct type_option *o, const char *map);

/* Adds the type to the table.  Returns its index, or TYPE_NONE after reporting.
 */
uint32_t type_option_import(const struct type_option *o, struct types *types);

#endif
