/*
 * Files of map elements: CSV or NDJSON, as skel-fmt(1) writes it for a sampled
 * map.
 */
#ifndef SKEL_LOAD_MAP_FILE_H
#define SKEL_LOAD_MAP_FILE_H

#include "load/map-target.h"

/*
 * Stores the elements of the file in the map, in the order of the file.  NDJSON
 * has an object on each line, with "key" and "value" (or "values", one for each
 * CPU).  CSV has a first line with the names of columns: key and value, or the
 * names of members.  Records of other maps in the file are left out.  Returns
 * 0, or -1 after reporting the first line that is wrong: "FILE:3: ...".
 */
int map_file_load(struct map_target *t, const char *file);

#endif
