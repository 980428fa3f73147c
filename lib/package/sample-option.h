/*
 * The argument of the option --sample, which has a map or variables of a
 * package read at an interval, as their key "sample" does.
 *
 *	MAP|VARIABLE[=INTERVAL][,TYPE][,unit=UNIT][,clear][,nonzero]
 */
#ifndef SKEL_PACKAGE_SAMPLE_OPTION_H
#define SKEL_PACKAGE_SAMPLE_OPTION_H

#include <jansson.h>
#include <stdbool.h>

#include "package/package.h"

enum { SAMPLE_INTERVAL_MS = 1000 }; /* where the option gives none */

struct sample_option {
	char *pattern; /* owned: of fnmatch(3); a name matches itself */
	struct package_sample sample; /* its unit points into pattern */
};

/*
 * Parses the argument.  Returns 0, with *s for sample_option_free(); or -1
 * after reporting what is wrong with it.
 */
int sample_option_parse(struct sample_option *s, const char *text);
void sample_option_free(struct sample_option *s);

/* Whether it is for the map, variable or section of this name. */
bool sample_option_matches(const struct sample_option *s, const char *name);

/* Whether it names a single map, variable or section, and is no pattern. */
bool sample_option_is_name(const struct sample_option *s);

/* Whether maps of this type, enum bpf_map_type, can be read key by key. */
bool sample_option_allows(unsigned int map_type);

/* Returns the sample as the JSON object of a package, or NULL if memory ran
 * out. */
json_t *sample_option_json(const struct package_sample *s);

#endif
