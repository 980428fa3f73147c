/*
 * Documents: JSON text in and out, by jansson, with the one thing it lacks:
 * integers above INT64_MAX up to UINT64_MAX, which packages hold for u64
 * globals and enum64 constants.  Such a number lives in the tree as a string
 * that starts with \u0001; doc_u64() reads it, doc_write() writes it back as
 * the number it was (as it does with a string that came in looking exactly so).
 * Duplicate keys: the last wins.
 *
 * This is for packages, headers and control lines.  Records never pass here.
 *
 * The functions report what is wrong and return -1 or NULL.
 */
#ifndef SKEL_BASE_JSON_DOC_H
#define SKEL_BASE_JSON_DOC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* What a tree holds at most: one of them takes up to some 200 bytes, and two of
 * text. */
enum { DOC_VALUES_MAX = 1 << 20 };

/*
 * Parse one JSON value (any kind) from len bytes of text.  name says where it
 * came from, for reports: "x.json".  line is added to the parser's own line
 * numbers; 0 for a file of its own, n - 1 for line n of a stream.
 * Returns a new reference, or NULL.
 */
json_t *doc_parse(
    const char *text, size_t len, const char *name, unsigned long line);

/* Append v as JSON text: compact on one line, or indented by two. No newline
 * at the end.  Keys keep their order. */
int doc_write(const json_t *v, struct buf *out, bool indented);

/* Whether v is an integer from 0 to UINT64_MAX, and which. */
bool doc_u64(const json_t *v, uint64_t *out);

/* A new reference to the integer n. */
json_t *doc_u64_new(uint64_t n);

/* "a string", "a number" ...: what v is, for a report.  v may be NULL. */
const char *doc_kind(const json_t *v);

/*
 * The checked accessors.  Each looks for key in obj, which is the object at
 * where ("x.json: maps[2]"), and returns 1 with *out set (borrowed), 0 with
 * *out untouched when the key is absent or null, or -1 after reporting
 * "x.json: maps[2].name: expected a string, found a number".
 */
int doc_get_string(
    const json_t *obj, const char *key, const char **out, const char *where);
int doc_get_bool(
    const json_t *obj, const char *key, bool *out, const char *where);
/* An integer from 0 to max; a larger one is an error that names max. */
int doc_get_u64(const json_t *obj, const char *key, uint64_t max, uint64_t *out,
    const char *where);
int doc_get_array(
    const json_t *obj, const char *key, json_t **out, const char *where);
int doc_get_object(
    const json_t *obj, const char *key, json_t **out, const char *where);

/* Report that obj at where lacks key.  Returns -1. */
int doc_missing(const char *key, const char *where);

#endif
