/*
 * The values that a map gets before its programs run: from options, files and
 * the package.  Keys and values are checked against the types of the map, which
 * are those of the object's BTF; without BTF, numbers of the size.
 *
 * Functions that return int return 0, or -1 after reporting.
 */
#ifndef SKEL_LOAD_MAP_VALUES_H
#define SKEL_LOAD_MAP_VALUES_H

#include <stddef.h>

#include "load/object.h"
#include "types/types.h"

/* One option: a value, or a file of them. */
struct map_setting {
	char *words; /* owned: the text to which the others point */
	const char *map;
	const char *key;   /* "" for maps without keys */
	const char *value; /* NULL: file */
	const char *file;
};

/* Parses "MAP[KEY]=VALUE" or "MAP=@FILE".  On failure s is released. */
int map_setting_parse(struct map_setting *s, const char *text);
void map_setting_free(struct map_setting *s);

/* A destination of values.  A zeroed one is empty. */
struct map_values {
	const struct object *object;        /* borrowed */
	const struct map_setting *settings; /* borrowed */
	size_t nsettings;
	struct types types;         /* owned: of the keys and values */
	struct map_target *targets; /* owned: a map each */
	size_t ntargets, targets_cap;
};

/*
 * Finds the maps of the package's values and of the n settings in o, which is
 * opened and not loaded, and checks all values that are not in files.  What is
 * borrowed must outlive v, which may be closed also if this failed.
 */
int map_values_open(struct map_values *v, const struct object *o,
    const struct map_setting *settings, size_t n);

/* Writes all values to the maps of the object, which has been loaded: those of
 * the package, then the settings in their order.  A later value of a key
 * replaces an earlier one. */
int map_values_write(struct map_values *v);

void map_values_close(struct map_values *v);

#endif
