/*
 * Helpers that build the JSON of a package from names and types of an object.
 * The names may not be UTF-8, which jansson refuses.
 *
 * The functions of type int return 0, or -1 after reporting what is wrong.
 */
#ifndef SKEL_PACKAGE_PACK_JSON_H
#define SKEL_PACKAGE_PACK_JSON_H

#include <bpf/btf.h>
#include <jansson.h>
#include <stdint.h>

/* Sets key in obj to value and takes over its reference.  A value of NULL means
 * that memory ran out. */
int pack_set(json_t *obj, const char *key, json_t *value);

/*
 * Appends value to array and takes over its reference.  A value of NULL means
 * that name was not UTF-8 and is reported as "file: what name".
 */
int pack_append(const char *file, json_t *array, json_t *value,
    const char *what, const char *name);

/* The last element of array, borrowed. */
json_t *pack_get_last(const json_t *array);

/* Returns a new {"name": name, "type": declaration of type}, or NULL if memory
 * ran out or name is not UTF-8. */
json_t *pack_named_type_new(
    const struct btf *btf, const char *name, uint32_t type);

/* The id of the type without its typedefs and qualifiers. */
uint32_t pack_skip_typedefs(const struct btf *btf, uint32_t id);

/* The name of a type or variable, borrowed; "" if it has none. */
const char *pack_get_name(const struct btf *btf, uint32_t id);

#endif
