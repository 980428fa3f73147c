/*
 * What the parts of packing build the package's JSON with.  Names come from
 * an object and may be no text at all, which jansson does not take.
 *
 * The functions report what is wrong and return -1.
 */
#ifndef SKEL_PACKAGE_PACK_JSON_H
#define SKEL_PACKAGE_PACK_JSON_H

#include <bpf/btf.h>
#include <jansson.h>
#include <stdint.h>

/* Set key to value, taking over its reference; NULL: memory ran out. */
int pack_put(json_t *obj, const char *key, json_t *value);

/*
 * Append value, taking over its reference; NULL: its name is no text, and the
 * report calls it "file: what name".
 */
int pack_append(const char *file, json_t *array, json_t *value,
    const char *what, const char *name);

/* The last element.  Borrowed. */
json_t *pack_last(const json_t *array);

/* A new {"name": name, "type": the declaration of type}, or NULL. */
json_t *pack_named_type(const struct btf *btf, const char *name, uint32_t type);

/* The type behind typedefs and qualifiers. */
uint32_t pack_bare_type(const struct btf *btf, uint32_t id);

/* The name of a type or variable, "" if it has none.  Borrowed. */
const char *pack_type_name(const struct btf *btf, uint32_t id);

#endif
