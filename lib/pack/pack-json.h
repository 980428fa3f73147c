/*
 * Helpers that build the JSON of a package from names and types of an object.
 * The names may not be UTF-8, which jansson refuses.
 *
 * The functions of type int return 0, or -1 after reporting what is wrong.
 */
#ifndef SKEL_PACK_PACK_JSON_H
#define SKEL_PACK_PACK_JSON_H

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <jansson.h>
#include <stdbool.h>
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

/* Whether this program of a package is an iterator. */
bool pack_is_iterator(const json_t *program);

/* Whether it is one whose package gives no type for its output. */
bool pack_is_open_iterator(const json_t *program);

/* Whether the map is a ring or perf buffer. */
bool pack_is_buffer(const struct bpf_map *map);

/*
 * Adds a type, a BTF id of the object, to the key "records" of the map's JSON.
 * by is the member that tells it apart from others by its value, or NULL if its
 * size does.  Reports "where: ..." if another member is used already.
 */
int pack_add_record(json_t *map, uint32_t type, const char *by, uint64_t value,
    const char *where);

/* The id of the type without its typedefs and qualifiers. */
uint32_t pack_skip_typedefs(const struct btf *btf, uint32_t id);

/* The name of a type or variable, borrowed; "" if it has none. */
const char *pack_get_name(const struct btf *btf, uint32_t id);

#endif
