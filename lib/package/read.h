/*
 * What the readers of a package's parts share: where they are in the document,
 * for reports, and values that have to be there.
 */
#ifndef SKEL_PACKAGE_READ_H
#define SKEL_PACKAGE_READ_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum { WHERE_MAX = 1024 }; /* bytes of a path in a report */

/* Where in the document, for reports; one too long for them is cut. */
void package_path(char where[WHERE_MAX], const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* As doc_get_string() and doc_get_u64(), but it is an error when they lack. */
int package_need_string(
    const json_t *obj, const char *key, const char **out, const char *where);
int package_need_u32(
    const json_t *obj, const char *key, uint32_t *out, const char *where);

/* The milliseconds from one look to the next, at least 1, which have to be in
 * the sample.  Returns 1, or -1 after reporting. */
int package_need_interval(
    uint64_t *ms, const json_t *sample, const char *where);

/* A word of the format and what it stands for. */
struct package_word {
	const char *name;
	int value;
};

/* The value of text among the words, or -1 after naming them all. */
int package_word_find(const struct package_word *words, size_t n,
    const char *text, const char *noun, const char *where);

#endif
