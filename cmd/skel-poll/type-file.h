/*
 * Type files: the type that --type names, from an object file, or from the
 * object in a package: from its BTF, or else from its DWARF.
 *
 *	[MAP=]FILE:TYPE, as in rb=x.bpf.o:struct event
 */
#ifndef CMD_SKEL_POLL_TYPE_FILE_H
#define CMD_SKEL_POLL_TYPE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "types/types.h"

struct type_option {
	char *map;        /* owned: its name; NULL: any map */
	char *file;       /* owned */
	char *type;       /* owned: "struct event", or the name of a typedef */
	struct buf bytes; /* owned: the file, or an object with the type */
};

/* Parses the argument.  Returns 0, or -1 after reporting what is wrong. */
int type_option_parse(struct type_option *o, const char *text);
void type_option_free(struct type_option *o);

/* Whether it is for the map of this name. */
bool type_option_is_for(const struct type_option *o, const char *map);

/* Reads the file.  If the BTF of its object lacks the type, has a confined
 * child look it up in the DWARF.  To be called before the maps are opened,
 * since the child inherits all descriptors.  Returns 0, or -1 after reporting.
 */
int type_option_read(struct type_option *o);

/* Adds the type to the table, after type_option_read().  Returns its index, or
 * TYPE_NONE after reporting.
 */
uint32_t type_option_import(const struct type_option *o, struct types *types);

#endif
