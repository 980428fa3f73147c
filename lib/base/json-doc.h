/*
 * JSON documents: packages, the headers of streams and sessions, control lines.
 * Records do not pass here.
 *
 * jansson parses and prints; a document is a tree of jansson's and belongs to
 * the holder of a reference.  What this module adds:
 *
 * - Integers above INT64_MAX.  jansson has none, but packages hold them, up to
 *   UINT64_MAX, for u64 globals and enum constants.  In a tree such an integer
 *   is a string with a mark in front, which only this module knows.  Wherever a
 *   number may stand, use json_doc_u64(), json_doc_is_number(),
 *   json_doc_string() and their makers in place of jansson's functions for
 *   strings, and json_doc_write() to print.  A string in a text that happens to
 *   begin with the mark stays a string.  (Wider integers are strings of digits
 *   for everybody; see base/int128.h.)
 * - A bound on the number of values, so that no text can make us allocate more
 *   than a small multiple of its own size.
 * - Safety when memory runs out inside jansson, which has to be an error of the
 *   parser and not a crash; see json-doc.c.  jansson's allocator is left alone,
 *   because it belongs to the program that the library is part of.
 *
 * If a key occurs twice in an object, the last one wins.
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

/* The most values in one document.  Each takes up to about 200 bytes. */
enum { JSON_DOC_VALUES_MAX = 1 << 20 };

/*
 * Parse one JSON value of any kind from len bytes of text.  name says in
 * reports where the text is from, such as "x.json"; line is the number of lines
 * before the text, which is 0 for a whole file and n - 1 for line n of a
 * stream.  Returns a new reference, or NULL.
 */
json_t *json_doc_parse(
    const char *text, size_t len, const char *name, unsigned long line);

/* Append v as JSON on one line, without blanks or a newline at the end.  Keys
 * keep their order.  Returns 0 or -1. */
int json_doc_write(const json_t *v, struct buf *out);

/* Returns true with *out set if v is an integer from 0 to UINT64_MAX. */
bool json_doc_u64(const json_t *v, uint64_t *out);

/* Whether v is a number of any kind.  v may be NULL. */
bool json_doc_is_number(const json_t *v);

/* The text of v, borrowed, or NULL if v is no string. */
const char *json_doc_string(const json_t *v);

/* The object in record that holds the value at a path, "a.b.c", borrowed; *key
 * becomes the value's key in it, within path.  NULL if there is no such object.
 */
json_t *json_doc_find_parent(
    const json_t *record, const char *path, const char **key);

/* Return a new reference to an integer or to a string of len bytes; NULL if
 * memory runs out or the string is not UTF-8. */
json_t *json_doc_u64_new(uint64_t n);
json_t *json_doc_string_new(const char *text, size_t len);

/* The kind of v for a report: "a string", "a number" ...  v may be NULL. */
const char *json_doc_kind(const json_t *v);

/*
 * Get the value of key in obj, which reports call where ("x.json: maps[2]").
 * Each returns 1 with *out set (borrowed), 0 with *out unchanged if the key is
 * absent or null, or -1 after reporting a value of another kind:
 * "x.json: maps[2].name: expected a string, found a number".
 */
int json_doc_get_string(
    const json_t *obj, const char *key, const char **out, const char *where);
int json_doc_get_bool(
    const json_t *obj, const char *key, bool *out, const char *where);
/* An integer from 0 to max. */
int json_doc_get_u64(const json_t *obj, const char *key, uint64_t max,
    uint64_t *out, const char *where);
int json_doc_get_array(
    const json_t *obj, const char *key, json_t **out, const char *where);
int json_doc_get_object(
    const json_t *obj, const char *key, json_t **out, const char *where);

/* Report that the object at where lacks a required key.  Returns -1. */
int json_doc_missing(const char *key, const char *where);

/* Get a required key: returns what one of the functions above returned, but -1
 * after reporting if the key is absent or null. */
static inline int
json_doc_require(int got, const char *key, const char *where)
{
	return got == 0 ? json_doc_missing(key, where) : got;
}

#endif
