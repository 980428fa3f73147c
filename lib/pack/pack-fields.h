/*
 * What the author says of the members of records (SKEL_AS and the like), for
 * maps[].fields of the package.  Only pack.c uses it.
 */
#ifndef SKEL_PACK_PACK_FIELDS_H
#define SKEL_PACK_PACK_FIELDS_H

#include "pack/pack-export.h"

/* Checks the notes of all records, and writes them to the JSON of the maps.
 * Returns 0, or -1 after reporting what is wrong. */
int pack_fields_write(const struct pack_exports *e);

#endif
