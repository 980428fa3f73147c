/*
 * Names of metrics and of their labels, as Prometheus has them, made of those
 * of a program: the naming rules of https://prometheus.io/docs/practices/naming
 * and what "promtool check metrics" complains of.
 *
 * A name has only a-z, 0-9 and "_" between words, whatever it is made of; what
 * is something else becomes "_", and "fooBar" foo_bar.  A word that would be
 * taken for something that it is not, as "b" for bytes or "gauge" for a type,
 * has "val" behind it.
 */
#ifndef SKEL_METRICS_METRIC_NAME_H
#define SKEL_METRICS_METRIC_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "types/kind.h"

enum {
	METRIC_NAME_MAX = 256, /* bytes of a name, with its NUL */
	METRIC_NAME_ROOM = 32, /* of these, for suffixes */
};

/* The base unit of a value, and how to get there: by times * 10^-decimals. */
struct metric_unit {
	const char *name; /* "seconds", "bytes"; NULL: none */
	uint32_t times;
	uint8_t decimals;
};

struct metric_name {
	char text[METRIC_NAME_MAX];
	unsigned int len;
	unsigned int last; /* where its last word begins */
};

/*
 * Append the words of text to a name, which is zeroed at first.  What has no
 * room is left out.  If they are the last ones, a unit at the end stays as it
 * is for metric_name_set_unit().
 */
void metric_name_add(struct metric_name *n, const char *text, bool last);

/* The same of last ones, unless the name ends with these words already. */
void metric_name_add_once(struct metric_name *n, const char *text);

/* The unit of a kind, or of the text for a map's unit: "usecs", "KiB". */
struct metric_unit metric_unit_of_kind(enum kind kind);
struct metric_unit metric_unit_of_text(const char *text);

/*
 * Take away the last word if it is a unit of time or of sizes, as the ns of
 * delta_ns, and put the name of the base unit there; if u has none, a last word
 * that can only be a unit of time says what it is.
 */
void metric_name_set_unit(struct metric_name *n, struct metric_unit *u);

/* A name of a label: not empty, and none that Prometheus uses itself. */
void metric_name_label(struct metric_name *n, const char *text);

/* Make what is complete but for its suffix a name that does not end like those
 * of a counter or of the parts of a histogram. */
void metric_name_end_gauge(struct metric_name *n);
void metric_name_end_histogram(struct metric_name *n);

/* Take away "total" at the end, which is added behind. */
void metric_name_end_counter(struct metric_name *n);

#endif
