/*
 * Helpers for the functions that read the parts of a package: the path of a
 * value in the document, and values that are required or belong to a list of
 * words.
 */
#ifndef SKEL_PACKAGE_READ_H
#define SKEL_PACKAGE_READ_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PACKAGE_PATH_MAX = 1024, /* bytes of a path in a report */
	PACKAGE_STACK_FIELDS = 7,
};

/* The keys of "field_map" in "stack_trace". */
extern const char *const package_stack_fields[PACKAGE_STACK_FIELDS];

/* Formats the path of a value in the document, for reports; a longer one is
 * truncated. */
void package_path(char path[PACKAGE_PATH_MAX], const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Like json_doc_get_string() and json_doc_get_u64(), but a missing key is an
 * error: return 1, or -1 after reporting. */
int package_need_string(
    const json_t *obj, const char *key, const char **out, const char *where);
int package_need_u32(
    const json_t *obj, const char *key, uint32_t *out, const char *where);

/* Reads the required "interval" of a sample, at least 1 ms.  Returns 1, or -1
 * after reporting. */
int package_need_interval(
    uint64_t *ms, const json_t *sample, const char *where);

/* The index of text in the n words, or -1 after reporting them all; noun says
 * what the words are. */
int package_find_word(const char *const *words, size_t n, const char *text,
    const char *noun, const char *where);

#endif
